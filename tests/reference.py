"""The slow, obvious twin of the fast code: plain Python, nothing imported from the library.

Reads as the specification (docs/spec/encoding.md, docs/spec/disclosure.md). A filter is the set of its positions, a
score is a fraction, a missing value is None, and rows are compared one by one. Values are normalised.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

Filter = frozenset[int]
Pair = tuple[int, int, Fraction]
Place = tuple[int, int]
Row = Mapping[str, Sequence[tuple[str, int]] | None]
"""Field to the tokens of its value, each with its strength; None for no value."""


FOLDS = """
sch sg, tsj c, ch g, gh g, ph f, ck k, qu kw, q k, x ks, th t, dt t, sz s, ei y, ey y, uy ui, ou u, oe u, au u, ie i,
ee e, aa a, oo o, uu u, y i, z s, v f, j i, w f, c k
"""
"""What is written, and what it is folded to."""


def sound(word: str) -> str:
    """A word as it sounds."""
    for fold in FOLDS.split(","):
        word = fold.split()[1].join(word.split(fold.split()[0]))
    word = "".join(sign for sign, _ in groupby(word))
    if word[-1] == "d":
        word = word[:-1] + "t"
    if len(word) > 2:
        word = word[0] + "".join(sign for sign in word[1:] if sign != "h")
    return word


def skeleton(word: str) -> str:
    """The first sound, and the consonants of the others."""
    first, *others = sound(word)
    return first + "".join(sign for sign in others if sign not in "aeiou")


def grams(text: str, q: int) -> list[str]:
    """Each word between underscores, in pieces of q."""
    words = ["_" * (q - 1) + word + "_" * (q - 1) for word in text.split(" ")]
    return [word[at : at + q] for word in words for at in range(len(word) - q + 1)]


def tokens(kind: str, value: str, q: int) -> dict[str, int]:
    """The tokens of a value, and how strong each is."""
    words = value.split(" ")
    if kind in ("prefix", "text"):
        return dict.fromkeys(grams(value, q), 1)
    if kind == "given-name":
        heard = grams(sound(words[0]), q) if len(words[0]) > 1 else []
        return {"^" + value[0]: 2} | {"." + word[0]: 2 for word in words} | dict.fromkeys(heard, 1)
    if kind == "initials":
        return {"." + letter: 2 for letter in words}
    if kind == "surname":
        begins = {"<" + sound(word)[:3]: 1 for word in words}
        return dict.fromkeys(grams(value, q), 1) | {"=" + skeleton(word): 2 for word in words} | begins
    if kind in ("birth-date", "date"):
        year, month, day = int(value[0:4]), value[4:6], value[6:8]
        found = {f"y{year}": 2, f"~{year - 1}": 1, f"~{year}": 1, f"~{year + 1}": 1}
        if month != "00" and value[4:8] != "0101":
            found[f"m{month}"] = 2
        if day != "00" and value[4:8] != "0101":
            found["x{}-{}".format(*sorted([month, day]))] = 3
        return found
    if kind == "postcode":
        return {value: 1} | {value[:4]: 2}
    if kind == "number":
        whole = int(value.partition(".")[0])
        return {"=" + value: 2} | {f"~{whole + step}": 1 for step in (-2, -1, 0, 1, 2)}
    return {value: 2 if kind == "sex" else 1}


def subkey(secret: bytes, digest: str, purpose: str, field: str) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3), first block: T(1) = HMAC(PRK, info || 0x01)."""
    info = b"\0".join([b"linkage/v1", purpose.encode(), field.encode(), digest.encode()])
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()


def token(secret: bytes, digest: str, field: str, value: str | None) -> bytes:
    """What stands for an exact value: half an HMAC, or zeros for nothing."""
    if value is None:
        return bytes(16)
    return hmac.new(subkey(secret, digest, "token", field), value.encode(), hashlib.sha256).digest()[:16]


def codes(secret: bytes, digest: str, field: str, count: int) -> list[int]:
    """The code of each value of a blinded category: how many values come before it."""
    key = subkey(secret, digest, "category", field)
    drawn = [hmac.new(key, bytes([n // 256, n % 256]), "sha256").digest() for n in range(count)]
    return [sum(other < mine for other in drawn) for mine in drawn]


def positions(key: bytes, text: str, count: int, bits: int) -> list[int]:
    """The bits of one token, sixteen per HMAC."""
    found: list[int] = []
    block = 0
    while len(found) < count:
        output = hmac.new(key, text.encode() + bytes([block]), hashlib.sha512).digest()
        found += [int.from_bytes(output[at : at + 4], "little") * bits >> 32 for at in range(0, 64, 4)]
        block += 1
    return found[:count]


def clk(row: Row, weights: Mapping[str, int], keys: Mapping[str, bytes], bits: int, fields_needed: int) -> Filter:
    """The filter of one row; empty when too few fields are filled."""
    filled = {name: tokens for name, tokens in row.items() if tokens is not None}
    if len(filled) < fields_needed:
        return frozenset()
    return frozenset(
        position
        for name, tokens in filled.items()
        for text, strength in tokens
        for position in positions(keys[name], text, weights[name] * strength**2, bits)
    )


def draw(key: bytes, text: str, size: int) -> list[int]:
    """The pseudo-random bits of one token of the hardened profile, `size` bytes of them."""
    label = b"linkage/v1/hardened\0"
    stream = hashlib.shake_256(label + hmac.new(key, label + text.encode(), hashlib.sha512).digest()).digest(size)
    return [byte >> place & 1 for byte in stream for place in range(8)]


def hardened(
    row: Row, weights: Mapping[str, int], keys: Mapping[str, bytes], bits: int, votes: int, fields_needed: int
) -> Filter:  # the parameters of the protocol
    """Each bit is the exclusive or of majority votes; counted one by one."""
    filled = {name: tokens for name, tokens in row.items() if tokens is not None}
    if len(filled) < fields_needed:
        return frozenset()
    drawn = [
        (weights[f] * strength, draw(keys[f], text, votes * bits // 8))
        for f, tokens in filled.items()
        for text, strength in tokens
    ]
    total = sum(weight for weight, _ in drawn)
    found = set()
    for j in range(bits):
        ballots = [2 * sum(weight for weight, r in drawn if r[i * bits + j]) >= total for i in range(votes)]
        if total and sum(ballots) % 2:
            found.add(j)
    return frozenset(found)


def agreement(a: Filter, b: Filter, bits: int) -> Fraction:
    """Share of equal bits; nothing is like an empty filter."""
    return Fraction(bits - len(a ^ b), bits) if a and b else Fraction(0)


def to_bytes(filter_: Filter, bits: int) -> bytes:
    """Bit p is bit p % 8 of byte p // 8."""
    return sum(1 << position for position in filter_).to_bytes(bits // 8, "little")


def dice(a: Filter, b: Filter) -> Fraction:
    """Twice what they share by what they hold; nothing is like an empty filter."""
    return Fraction(2 * len(a & b), len(a) + len(b)) if a and b else Fraction(0)


def tversky(a: Filter, b: Filter, larger_weight: Fraction) -> Fraction:
    """What they share by what they hold, what the fuller one holds weighed apart; nothing is like an empty filter."""
    larger, smaller = max(len(a), len(b)), min(len(a), len(b))
    return len(a & b) / (larger_weight * larger + (1 - larger_weight) * smaller) if a and b else Fraction(0)


def tversky_pairs(
    left: Sequence[Filter], right: Sequence[Filter], threshold: Fraction, larger_weight: Fraction
) -> list[Pair]:
    """All pairs that reach the threshold, best first."""
    scored = [(i, j, tversky(a, b, larger_weight)) for i, a in enumerate(left) for j, b in enumerate(right) if a and b]
    return sorted((p for p in scored if p[2] >= threshold), key=lambda p: (-p[2], p[0], p[1]))


def pairs(left: Sequence[Filter], right: Sequence[Filter], threshold: Fraction, bits: int | None = None) -> list[Pair]:
    """All pairs that reach the threshold, best first; by Dice, or by agreement of filters of that many bits."""

    def like(a: Filter, b: Filter) -> Fraction:
        return dice(a, b) if bits is None else agreement(a, b, bits)

    scored = [(i, j, like(a, b)) for i, a in enumerate(left) for j, b in enumerate(right) if a and b]
    return sorted((p for p in scored if p[2] >= threshold), key=lambda p: (-p[2], p[0], p[1]))


def one_to_one(candidates: Sequence[Pair], left_look: Sequence[int], right_look: Sequence[int]) -> list[Pair]:
    """Greedy, best first; ties by what the two rows look like, then by position."""

    def rank(pair: Pair) -> tuple[Fraction, int, int, int, int]:
        looks = left_look[pair[0]], right_look[pair[1]]
        return -pair[2], min(looks), max(looks), pair[0], pair[1]

    chosen: list[Pair] = []
    for i, j, score in sorted(candidates, key=rank):
        if all(i != a and j != b for a, b, _ in chosen):
            chosen.append((i, j, score))
    return chosen


def exact(
    left: Sequence[bytes], right: Sequence[bytes], left_look: Sequence[int], right_look: Sequence[int]
) -> list[Pair]:
    """Rows with the same token; of several rows with one token, the one with the smallest look."""

    def first(tokens: Sequence[bytes], looks: Sequence[int]) -> dict[bytes, int]:
        rows = sorted((i for i, text in enumerate(tokens) if any(text)), key=lambda i: (looks[i], i), reverse=True)
        return {tokens[i]: i for i in rows}

    ours, theirs = first(left, left_look), first(right, right_look)
    return sorted((i, theirs[text], Fraction(1)) for text, i in ours.items() if text in theirs)


def match(
    stages: Sequence[Callable[[list[int], list[int]], list[Pair]]], left: int, right: int
) -> list[tuple[int, int, Fraction, int]]:
    """Stages in order; a row linked in one does not enter the next."""
    links: list[tuple[int, int, Fraction, int]] = []
    for number, stage in enumerate(stages):
        a = [i for i in range(left) if all(i != link[0] for link in links)]
        b = [j for j in range(right) if all(j != link[1] for link in links)]
        links += [(a[i], b[j], score, number) for i, j, score in stage(a, b)]
    return links


Stage = Callable[[list[list[list[int]]]], list[tuple[int, int, int, int, Fraction]]]


def groups(
    parties: Sequence[Sequence[int]], stages: Sequence[tuple[Stage, Callable[[set[Place]], bool]]], once: Sequence[bool]
) -> list[set[Place]]:
    """Rows of many parties, taken together stage by stage; a row is (party, position).

    Args:
        parties: the look of every row of every party.
        stages: what gives the pairs (party, row, party, row, score) of the rows that each party may yet have linked
            with each other party; and whether a group can be one person.
        once: whether a person has one row at a party.
    """
    found = [{(party, row)} for party, looks in enumerate(parties) for row in range(len(looks))]

    def of(place: Place) -> set[Place]:
        return next(group for group in found if place in group)

    def fits(group: set[Place]) -> bool:
        at = [party for party, _ in group if once[party]]
        return len(at) == len(set(at))

    def opened(party: int, other: int) -> list[int]:
        rows = range(len(parties[party]))
        return [r for r in rows if not once[other] or all(p != other for p, _ in of((party, r)))]

    def rank(pair: tuple[int, int, int, int, Fraction]) -> tuple[Fraction, int, int, int, int, int, int]:
        p, i, q, j, score = pair
        looks = parties[p][i], parties[q][j]
        return -score, min(looks), max(looks), p, i, q, j

    every = range(len(parties))
    for stage, one_person in stages:
        pairs = stage([[opened(p, q) for q in every] for p in every])
        for p, i, q, j, _ in sorted(pairs, key=rank):
            one, other = of((p, i)), of((q, j))
            if one is not other and fits(one | other) and one_person(one | other):
                found.remove(other)
                one |= other
    return found


def contradict(one: Mapping[str, bytes], other: Mapping[str, bytes], names: Sequence[str]) -> bool:
    """Two rows that both have a value, and not the same one."""
    return any(any(one[n]) and any(other[n]) and one[n] != other[n] for n in names if n in one and n in other)


def release(counts: Sequence[int], of: Sequence[int] | None, minimum: int, base: int) -> list[int | None]:
    """Rounded figures of cells and, last, of their total; None where hidden."""
    rest = [n - c for n, c in zip(of, counts, strict=True)] if of else list(counts)
    whole = release(of, None, minimum, base) if of else [0] * (len(counts) + 1)
    small = [min(c, r) < minimum or w is None for c, r, w in zip(counts, rest, whole, strict=False)]
    hidden = [i for i, s in enumerate(small) if s]
    first = hidden[0] if hidden else 0
    waiting = [i for i in (*range(first, len(counts)), *range(first)) if not small[i]]
    further: list[int] = []

    def open_enough() -> bool:
        c, r = (sum(side[i] for i in hidden + further) for side in (counts, rest))
        if further:
            need, room = len(further) * minimum, sum(counts[i] + rest[i] for i in further)
            return any(s >= need + minimum - 1 and (not of or room - s >= need) for s in (c, r))
        known = [counts[i] + rest[i] for i in hidden if of and whole[i] is not None]
        most = min([(len(hidden) - 1) * (minimum - 1), *(c + r - n for n in known)])
        return minimum <= min(c, r) <= most

    total = min(sum(counts), sum(rest)) >= minimum and whole[-1] is not None
    while hidden and total and not open_enough():
        total = bool(waiting)
        further += waiting[:1]
        del waiting[:1]

    def rounded(count: int) -> int:
        return max((count + base // 2) // base * base, -(-minimum // base) * base if base > 1 else count)

    cells = [None if i in hidden + further else rounded(c) for i, c in enumerate(counts)]
    return [*cells, rounded(sum(counts)) if total else None]


def merkle_root(leaves: list[bytes]) -> bytes:
    """Root of a tree of leaf hashes, as RFC 6962 section 2.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:half]) + merkle_root(leaves[half:])).digest()


def holds_number(data: bytes) -> bool:
    """Whether nine digits that pass the 11-proof stand somewhere, side by side or with zero bytes between them."""
    from stdnum.nl import bsn

    for pattern in (rb"\d{9,}", rb"\d(?:\x00\d){8,}"):
        for start in range(len(data)):
            match = re.compile(pattern).match(data, start)
            digits = match.group().replace(b"\0", b"").decode() if match else ""
            if any(bsn.is_valid(digits[i : i + 9]) for i in range(len(digits) - 8)):
                return True
    return False


def texts_in(data: bytes, values: Iterable[str]) -> set[tuple[int, bytes]]:
    """Where values stand, in UTF-8 or Latin-1, as they are or with a zero byte between their bytes."""
    found = set()
    for value in values:
        for text in {value.encode(), value.encode("latin-1", "ignore")}:
            for spelling in (text, b"\0".join(text[i : i + 1] for i in range(len(text)))):
                found |= {(at, text) for at in range(len(data)) if data.startswith(spelling, at)}
    return found


def hpke_base(shared: bytes, encapsulated: bytes, public: bytes, info: bytes, message: bytes) -> bytes:
    """RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305: the ciphertext of one message,
    from the Diffie-Hellman value."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    def extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")

    def expand(suite: bytes, key: bytes, label: bytes, context: bytes, size: int) -> bytes:
        labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
        return hmac.digest(key, labelled + b"\1", "sha256")[:size]

    kem, suite = b"KEM" + b"\0\x20", b"HPKE" + b"\0\x20" + b"\0\x01" + b"\0\x03"
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", encapsulated + public, 32)
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    schedule = extract(suite, secret, b"secret", b"")
    key, nonce = expand(suite, schedule, b"key", context, 32), expand(suite, schedule, b"base_nonce", context, 12)
    return ChaCha20Poly1305(key).encrypt(nonce, message, b"")
