"""The profiles of encoding that a protocol can choose, with every parameter that shapes a bit."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from linkage.protocol.base import Model, Slug, Two


class ClkField(Model):
    """How one field enters the filter."""

    field: Slug
    q: Annotated[int, Field(ge=1, le=4)]
    """Length of the q-grams of names and text; other kinds have their own tokens (docs/spec/encoding.md)."""
    positions: Annotated[int, Field(ge=1, le=64)]
    """Bits drawn for a token of strength 1; four and nine times as many for strengths 2 and 3. The field's weight."""


class Fold(Model):
    """The filter becomes the exclusive or of its halves."""

    step: Literal["xor-fold"]


class RuleNinety(Model):
    """Each bit becomes the exclusive or of its neighbours."""

    step: Literal["rule-90"]


class Balance(Model):
    """The filter becomes itself and its complement, in a keyed order."""

    step: Literal["balance"]


class Respond(Model):
    """Each bit is replaced by a fair coin with some probability, anew for every record."""

    step: Literal["randomised-response"]
    flip: Annotated[float, Field(gt=0, lt=1)]
    """Probability. Per bit that is a differential privacy of ln((2 - flip) / flip), and next to none per record."""


Hardening = Annotated[Fold | RuleNinety | Balance | Respond, Field(discriminator="step")]


class Clk(Model):
    """Cryptographic long-term key: one keyed Bloom filter over all fields.

    Source: Schnell, Bachteler, Reiher, "A novel error-tolerant anonymous linking code", WP-GRLC-2011-02;
    positions are drawn at random per token, never by double hashing (Niedermeyer et al. 2014).
    """

    profile: Literal["clk"]
    rules: Two
    """Version of the rules that normalise values and cut them into tokens (docs/spec/encoding.md)."""
    bits: Annotated[int, Field(ge=64, le=16384, multiple_of=64)]
    prf: Literal["hmac-sha512"]
    fields_needed: Annotated[int, Field(ge=1)]
    """A row with fewer of these fields filled gets no filter: too little evidence to be told apart."""
    fields: tuple[ClkField, ...] = Field(min_length=1)
    hardening: tuple[Hardening, ...] = ()
    """Done to the finished filter, in order; without the key nothing is."""

    @property
    def filter_bits(self) -> int:
        """Length of what is sent: folding halves it, balancing doubles it."""
        bits = self.bits
        for step in self.hardening:
            bits = bits // 2 if step.step == "xor-fold" else bits * 2 if step.step == "balance" else bits
        return bits


class HardenedField(Model):
    """How one field enters the votes."""

    field: Slug
    q: Annotated[int, Field(ge=1, le=4)]
    """Length of the q-grams of names and text."""
    weight: Annotated[int, Field(ge=1, le=5)]
    """Votes of a token of strength 1; two and three times as many for strengths 2 and 3. The field's weight."""


MARGIN = 5
"""Standard deviations between a threshold and what filters of unlike records agree in by chance."""


class Hardened(Model):
    """Majority-XOR: each bit is the exclusive or of keyed majority votes over the tokens of a record.

    Source: Armknecht, Schaefer, "Breaking BAD? Better Call SAUL!", PoPETs 2026.2. Best known, not proved secure: one
    paper, no independent cryptanalysis yet.
    """

    profile: Literal["hardened"]
    rules: Two
    """Version of the rules that normalise values and cut them into tokens (docs/spec/encoding.md)."""
    bits: Annotated[int, Field(ge=64, le=16384, multiple_of=64)]
    """Length of the filter, L in the paper. Longer links better, and tells an attacker more."""
    prf: Literal["hmac-sha512-shake256"]
    votes: Annotated[int, Field(ge=1, le=8)]
    """Majority votes per bit, h in the paper. More hides more, and needs a longer filter."""
    fields_needed: Annotated[int, Field(ge=1)]
    """A row with fewer of these fields filled gets no filter: too little evidence to be told apart."""
    fields: tuple[HardenedField, ...] = Field(min_length=1)

    @property
    def filter_bits(self) -> int:
        """Length of what is sent."""
        return self.bits

    @property
    def chance(self) -> float:
        """Share of equal bits that filters of unlike records do not reach by chance: one half and `MARGIN` standard
        deviations, 1 / (2 sqrt(bits)) each."""
        return 0.5 + MARGIN / (2 * math.sqrt(self.bits))

    def agreement(self, cosine: float) -> float:
        """Share of equal bits to be expected of two records.

        Args:
            cosine: squared votes of their common tokens, over the geometric mean of those of either; 0 to 1.
        """
        return (1 + (1 - 2 * math.acos(cosine) / math.pi) ** self.votes) / 2


Encoding = Annotated[Clk | Hardened, Field(discriminator="profile")]
