"""The profiles of encoding that a protocol can choose, with every parameter that shapes a bit."""

from __future__ import annotations

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


class HardenedField(Model):
    """How one field enters the votes."""

    field: Slug
    q: Annotated[int, Field(ge=1, le=4)]
    """Length of the q-grams of names and text."""
    weight: Annotated[int, Field(ge=1, le=5)]
    """Votes of a token of strength 1; two and three times as many for strengths 2 and 3. The field's weight."""


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


Encoding = Annotated[Clk | Hardened, Field(discriminator="profile")]
