"""Key cards: whole or refused, and compared by ear."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import canonical
from linkage.crypto import card as cards
from linkage.crypto import identity as identities
from linkage.crypto import signature
from linkage.errors import InputError, LinkageError, Untrusted

TODAY = dt.date(2026, 9, 1)
OWNER = identities.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=TODAY)
CARD = OWNER.card
FILE = CARD.to_bytes()
FINGERPRINT = "sha256:" + "0123456789abcdef" * 4


def read(data: bytes) -> cards.Card:
    return cards.from_bytes(data, where="mbo.card.json")


def signed_again(**changes: Any) -> bytes:
    """A card file with other content, signed well by its own key."""
    body = {**CARD.body, **changes}
    text = signature.to_text(OWNER.sign(cards.CARD_TYPE, canonical.to_bytes(body)))
    return canonical.to_bytes({**body, "signature": text})


def test_a_card_is_read_as_it_was_written() -> None:
    assert read(FILE) == CARD
    assert len(FILE) < cards.MAX_BYTES
    assert (CARD.party, CARD.name, CARD.number) == ("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ")
    assert (CARD.valid_from, CARD.valid_until) == ("2026-09-01", "2029-09-01")


def test_a_card_made_on_a_leap_day_ends_on_a_day_of_the_calendar() -> None:
    made = identities.create("mbo", "ROC", "BRIN:99ZZ", today=dt.date(2028, 2, 29))
    assert (made.card.valid_from, made.card.valid_until) == ("2028-02-29", "2031-02-28")


def test_two_organisations_never_share_a_key() -> None:
    other = identities.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=TODAY).card
    assert len({CARD.signing, CARD.sealing, other.signing, other.sealing}) == 4
    assert other.fingerprint != CARD.fingerprint


def test_a_flipped_bit_anywhere_in_the_file_is_refused() -> None:
    for i in range(len(FILE)):
        for bit in range(8):
            with pytest.raises(LinkageError):
                read(FILE[:i] + bytes([FILE[i] ^ 1 << bit]) + FILE[i + 1 :])


def test_a_truncated_or_lengthened_file_is_refused() -> None:
    for i in range(len(FILE)):
        with pytest.raises(LinkageError):
            read(FILE[:i])
    with pytest.raises(LinkageError):
        read(FILE + b"\n")


@pytest.mark.parametrize("key", ["party", "name", "number", "valid", "signing", "sealing"])
def test_content_of_another_under_this_signature_is_refused(key: str) -> None:
    other = identities.create("gemeente", "Gemeente", "OIN:1", today=dt.date(2027, 1, 1)).card
    value = {**CARD.body, key: other.body[key], "signature": signature.to_text(CARD.signed)}
    with pytest.raises(Untrusted, match="the signature does not hold"):
        read(canonical.to_bytes(value))


def test_a_signature_of_another_is_refused() -> None:
    other = identities.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=TODAY)
    signed = other.sign(cards.CARD_TYPE, canonical.to_bytes(CARD.body))
    with pytest.raises(Untrusted, match="the signature does not hold"):
        read(replace(CARD, signed=signed).to_bytes())


def test_a_signature_for_another_kind_of_thing_is_refused() -> None:
    signed = OWNER.sign("application/vnd.linkage.package.v1", canonical.to_bytes(CARD.body))
    with pytest.raises(Untrusted, match="the signature does not hold"):
        read(replace(CARD, signed=signed).to_bytes())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"linkage-card": 2}, id="another version"),
        pytest.param({"linkage-card": True}, id="a version that is true"),
        pytest.param({"extra": 1}, id="an unknown key"),
        pytest.param({"party": 7}, id="a number for a party"),
        pytest.param({"party": ""}, id="no party"),
        pytest.param({"party": "../../inbox/x"}, id="a party that is a path"),
        pytest.param({"party": "MBO"}, id="a party in capitals"),
        pytest.param({"party": "mbo\n"}, id="a party with a line end"),
        pytest.param({"name": "R" * 501}, id="a name of 501 signs"),
        pytest.param({"name": "ROC\x1b[2J"}, id="a name that clears a terminal"),
        pytest.param({"name": "ROC\nfingerprint: sha256:00"}, id="a name of two lines"),
        pytest.param({"name": "ROC \u202eabc"}, id="a name that turns the direction of writing"),
        pytest.param({"number": None}, id="no number"),
        pytest.param({"valid": {"from": "2026-09-01"}}, id="no last day"),
        pytest.param({"valid": {"from": "2026-09-01", "until": 2029}}, id="a number for a day"),
        pytest.param({"valid": {"from": "1", "until": "zzz"}}, id="days that are none"),
        pytest.param({"valid": ["2026-09-01", "2029-09-01"]}, id="a list of days"),
        pytest.param({"signing": None}, id="no key"),
        pytest.param({"sealing": signature.to_text(bytes(31))}, id="a short key"),
    ],
)
def test_a_well_signed_card_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    assert read(signed_again()) == CARD  # Ed25519 gives the same signature again
    with pytest.raises(LinkageError):
        read(signed_again(**changes))


@pytest.mark.parametrize(
    ("party", "name", "number"),
    [
        ("MBO", "ROC", "BRIN:1"),
        ("../mbo", "ROC", "BRIN:1"),
        ("mbo", "ROC\n", "BRIN:1"),
        ("mbo", "", "BRIN:1"),
        ("mbo", "ROC", ""),
    ],
)
def test_a_card_that_nobody_could_read_is_not_made(party: str, name: str, number: str) -> None:
    with pytest.raises(InputError):
        identities.create(party, name, number, today=TODAY)


def test_a_second_spelling_of_the_same_card_is_refused() -> None:
    with pytest.raises(InputError, match="not a linkage card"):
        read(FILE.replace(b'"linkage-card":1', b'"linkage-card":true'))


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"1", b'"card"', b"{}", b'{"linkage-card":1}', b"PK\x03\x04"])
def test_what_is_no_card_is_bad_input(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.where == "mbo.card.json"


def test_words_and_letters_of_a_fingerprint_never_change() -> None:
    assert cards.words(FINGERPRINT) == "opera mutual inside hollow source climb planet online"
    assert cards.letters(FINGERPRINT) == "TNJE-LVFW-PUAF-MKL4-27JL-ZJ73"


def test_words_are_as_many_as_say_88_bits_and_letters_120() -> None:
    assert len(cards.words(CARD.fingerprint).split()) == 8
    assert [len(group) for group in cards.letters(CARD.fingerprint).split("-")] == [4] * 6


WORDS, LETTERS = cards.words(FINGERPRINT), cards.letters(FINGERPRINT)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(WORDS, id="words"),
        pytest.param(f"  {WORDS.upper()} \n", id="words in capitals, with space around"),
        pytest.param(WORDS.replace(" ", "\n"), id="a word a line"),
        pytest.param(LETTERS, id="letters"),
        pytest.param(LETTERS.lower().replace("-", " "), id="letters with spaces"),
        pytest.param(LETTERS.replace("-", ""), id="letters without groups"),
        pytest.param(FINGERPRINT, id="the whole digest"),
        pytest.param(f" {FINGERPRINT.upper()} ", id="the whole digest in capitals"),
    ],
)
def test_what_was_heard_is_the_fingerprint(said: str) -> None:
    assert cards.heard(FINGERPRINT, said)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("", id="nothing"),
        pytest.param("-", id="a hyphen"),
        pytest.param(" ".join(WORDS.split()[:7]), id="seven words"),
        pytest.param(" ".join([*WORDS.split()[1:], WORDS.split()[0]]), id="the words in another order"),
        pytest.param(WORDS + " zoo", id="a word more"),
        pytest.param(LETTERS[:-1], id="a letter too few"),
        pytest.param(FINGERPRINT[:-1], id="a digit too few"),
        pytest.param(FINGERPRINT[7:], id="the digits alone"),
    ],
)
def test_what_was_heard_is_not_the_fingerprint(said: str) -> None:
    assert not cards.heard(FINGERPRINT, said)


@given(st.integers(0, 7), st.sampled_from(cards._word_list()))
def test_one_wrong_word_is_heard(place: int, word: str) -> None:
    words = WORDS.split()
    same = words[place] == word
    words[place] = word
    assert cards.heard(FINGERPRINT, " ".join(words)) == same


@given(st.binary(min_size=32, max_size=32), st.integers(0, 255))
def test_another_fingerprint_has_other_words_and_letters(raw: bytes, bit: int) -> None:
    other = bytes(b ^ ((1 << bit % 8) if i == bit // 8 else 0) for i, b in enumerate(raw))
    one, two = f"sha256:{raw.hex()}", f"sha256:{other.hex()}"
    assert cards.words(one) != cards.words(two)
    assert cards.letters(one) != cards.letters(two)
    assert not cards.heard(one, cards.words(two))


@pytest.mark.parametrize(
    "text", ["", "sha256:", FINGERPRINT[:-1], FINGERPRINT[7:], "sha256:" + "zz" * 32, "sha256:" + "a " * 32]
)
def test_what_is_no_fingerprint_has_no_words(text: str) -> None:
    with pytest.raises(Untrusted, match="expected a fingerprint"):
        cards.words(text)
