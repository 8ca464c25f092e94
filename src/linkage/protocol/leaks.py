"""Lint rules on encoding and matching: what tokens and filters give away, and what cannot be found with them.

Rules kept here:

- A message names who can do it, or the figure and its bound; bounds are constants with their source.
"""

from __future__ import annotations

import math

from linkage.findings import Severity
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import MARGIN, Clk, Hardened
from linkage.protocol.rule import Seen, rule
from linkage.protocol.stages import Aim

TYPICAL_WEIGHT = {
    "given-name": 16, "surname": 14, "birth-date": 20, "date": 20, "postcode": 5, "sex": 4, "initials": 8, "number": 9,
    "house-number": 1, "text": 12,
}  # fmt: skip
"""Sum of squared strengths of the tokens of a typical value of a kind at q = 2, for the estimate of filter fill."""
LOWEST_OVERLAP = 0.70
"""Dice or Tversky below which strangers meet (hard synthetic registers: the best threshold is 0.74 to 0.79)."""
MANY_ROUNDS = 3
"""Requests per custodian: one, and room for a mishap or two."""
WEAKEST_MATCH = 0.75
"""Cosine of the weakest pair of one person's records that is worth finding (hard synthetic registers)."""
FILL = (0.2, 0.55)
"""Share of bits set that neither exposes single tokens nor saturates (Schnell; Franke et al., EDBT 2021)."""


@rule("P201", Severity.WARNING)
def keyed_hash_of_number(p: Protocol) -> Seen:
    """There are 90,909,091 valid BSNs. With the linkage secret a dictionary of all their keyed hashes takes
    seconds: the unit together with one custodian, or with a leaked secret, reads every BSN."""
    for field in p.fields:
        stage = p.exact_stage(field.name)
        if field.kind == "bsn" and field.send == "exact" and not (stage and stage.oprf_suite):
            yield (
                "matching.stages",
                f"'{field.name}' is a keyed hash, the weak mode: linkage unit + one custodian = every BSN",
            )


@rule("P202", Severity.WARNING)
def plain_clk(p: Protocol) -> Seen:
    """A plain CLK keeps similarities. Who knows about 100 pairs of person and filter, or holds a population
    register that overlaps, re-identifies nearly all of it without the key (Schaefer et al., ACSAC 2024)."""
    if p.encoding.profile == "clk":
        yield (
            "encoding.profile",
            "plain CLK: about 100 known pairs suffice to re-identify the rest; keep packages short",
        )


@rule("P203", Severity.WARNING)
def few_fields(p: Protocol) -> Seen:
    """With fewer than three fields in a filter, frequencies of names show through (Christen et al. 2018)."""
    if len(p.encoding.fields) < 3:
        yield "encoding.fields", f"{len(p.encoding.fields)} fields in the filter; three or more hide frequencies"


@rule("P204", Severity.WARNING)
def fill_out_of_range(p: Protocol) -> Seen:
    """A filter filled less than a fifth shows single tokens; filled more than about half it stops telling
    people apart."""
    if not isinstance(p.encoding, Clk):
        return
    drawn = 0
    for spec in p.encoding.fields:
        kind = p.field(spec.field).kind
        drawn += spec.positions * TYPICAL_WEIGHT.get(kind, 2)
    fill = 1 - math.exp(-drawn / p.encoding.bits)
    if not FILL[0] <= fill <= FILL[1]:
        yield "encoding", f"about {fill:.0%} of the bits will be set; expected {FILL[0]:.0%} to {FILL[1]:.0%}"


@rule("P205", Severity.WARNING)
def short_filter(p: Protocol) -> Seen:
    """Filters below 1,000 bits collide often: worse links and no gain in privacy."""
    if isinstance(p.encoding, Clk) and p.encoding.bits < 1000:
        yield "encoding.bits", f"{p.encoding.bits} bits; 1,024 is usual"


@rule("P206", Severity.WARNING)
def low_threshold(p: Protocol) -> Seen:
    """A low threshold links different persons, and a wrong link is a wrong statement about somebody."""
    for stage in p.matching.stages:
        if stage.stage != "fuzzy" or isinstance(stage.threshold, Aim) or stage.similarity == "agreement":
            continue
        if stage.threshold < LOWEST_OVERLAP:
            said = f"{stage.similarity.capitalize()} {stage.threshold}"
            yield "matching.stages", f"{said}: many pairs of different persons reach it"


@rule("P207", Severity.ERROR)
def revealing_alone(p: Protocol) -> Seen:
    """A keyed token of a low-entropy field alone (sex, birth date, postcode) is read off its frequencies."""
    for field in p.fields:
        if field.send == "exact" and field.kind not in ("bsn", "education-number"):
            yield f"fields.{field.name}", f"a {field.kind} sent as a token of its own can be read off its frequencies"


@rule("P208", Severity.WARNING)
def margin_too_small(p: Protocol) -> Seen:
    """Filters of different persons agree in half of their bits, give or take 1 / (2 sqrt(bits)). A threshold, or the
    weakest match that is wanted, less than five times that above one half lets strangers through or is lost among
    them: take a longer filter, fewer votes or a higher threshold."""
    if not isinstance(p.encoding, Hardened):
        return
    for stage in p.matching.stages:
        if stage.stage != "fuzzy" or stage.similarity != "agreement":
            continue
        if isinstance(stage.threshold, Aim):
            said, limit = f"a match of cosine {WEAKEST_MATCH}", p.encoding.agreement(WEAKEST_MATCH)
        else:
            said, limit = f"agreement {stage.threshold}", stage.threshold
        sigmas = (limit - 0.5) * 2 * math.sqrt(p.encoding.bits)
        if sigmas < MARGIN:
            yield "matching.stages", f"{said} is {sigmas:.1f} sigma above chance; {MARGIN} wanted"


@rule("P209", Severity.INFO)
def young_profile(p: Protocol) -> Seen:
    """Majority-XOR is the best known encoding, from one publication of 2026 without independent cryptanalysis."""
    if isinstance(p.encoding, Hardened):
        yield (
            "encoding.profile",
            "hardened is best known, not proved secure; whoever has the secret reads names by dictionary",
        )


@rule("P210", Severity.WARNING)
def few_votes(p: Protocol) -> Seen:
    """With one or two votes per bit, known pairs and graph matching re-identify most filters."""
    if isinstance(p.encoding, Hardened) and p.encoding.votes < 3:
        yield "encoding.votes", f"{p.encoding.votes} votes per bit; 3 withstands, 4 is usual"


@rule("P211", Severity.INFO)
def threshold_of_the_run(p: Protocol) -> Seen:
    """A threshold that the unit chooses differs from run to run: expected precision and recall are in the release,
    but a monitor that compares years is steadier with the threshold of its first year, fixed."""
    for stage in p.matching.stages:
        if stage.stage == "fuzzy" and isinstance(stage.threshold, Aim):
            yield "matching.stages", f"the unit chooses the threshold of every run, aiming at {stage.threshold.aim}"


@rule("P212", Severity.WARNING)
def hardening_that_hides_little(p: Protocol) -> Seen:
    """Folding, balancing and Rule 90 hide how often bits are set, and keep every likeness: known pairs and graph
    matching re-identify such filters as they do plain ones. Randomised response helps only at a strength that costs
    the linkage. Where all parties can, take the profile hardened."""
    if isinstance(p.encoding, Clk):
        for step in p.encoding.hardening:
            yield "encoding.hardening", f"{step.step} does not withstand known pairs or graph matching"


@rule("P230", Severity.INFO)
def code_shows_frequency(p: Protocol) -> Seen:
    """The code of a category hides its name and not how often it occurs. Who knows about how many persons each category
    has, from a yearly report for instance, reads most codes off their counts; the linkage unit together with any
    custodian, or with a recipient, reads them all."""
    for field in p.fields:
        if field.send == "blinded":
            yield f"fields.{field.name}", f"{len(field.values or ())} codes, and {p.unit.id} sees how often each occurs"


@rule("P231", Severity.WARNING)
def made_of_what_leaves_in_clear(p: Protocol) -> Seen:
    """A category made of a field lets the field itself stay where it is. Where the field leaves all the same, in clear,
    the category could be made of it afterwards, and nothing is gained."""
    for field in p.fields:
        for name in field.made.fields if field.made else ():
            if p.field(name).send == "category":
                yield f"fields.{name}.send", f"'{field.name}' is made of '{name}', which leaves in clear: it need not"


@rule("P232", Severity.ERROR)
def blinded_for_a_reader(p: Protocol) -> Seen:
    """A category is sent blinded so that the linkage unit cannot read it. As the recipient of a table of it, the unit
    would have to."""
    for output in p.tables:
        names = p.blinded(output)
        if names and p.unit.id in output.to:
            yield f"outputs.{output.name}.to", f"{p.unit.id} cannot read {', '.join(names)}: sent blinded"


@rule("P220", Severity.INFO)
def guarantee_of_oprf(p: Protocol) -> Seen:
    """A number that is a token by oblivious PRF can be tried out only with the help of every key-holder, who count and
    log each question, or with all of their keys. All of them together with the linkage unit and the linkage secret read
    every number, and no software can prevent that: choose key-holders who would not all agree to it."""
    for stage in p.oprf_stages:
        holders = ", ".join(party.id for party in p.key_holders)
        asked = ", ".join(
            f"{c.id} {(stage.rounds or 1) * (c.quota or 0) * len(p.reference_dates):,}" for c in p.custodians
        )
        yield (
            "matching.stages",
            f"'{stage.field}': linkage unit + a custodian can try at most as many numbers as may be asked ({asked}), "
            f"each on record; linkage unit + all key-holders ({holders}) and the linkage secret = every number",
        )


@rule("P221", Severity.WARNING)
def one_key_holder(p: Protocol) -> Seen:
    """With one key-holder, whoever has its key and the linkage secret tries numbers offline. When it is a custodian it
    has both, and with the linkage unit it reads every number: the keyed hash over again, from one of the two sides."""
    if p.oprf_stages and len(p.key_holders) == 1:
        holder = p.key_holders[0]
        also = "custodian" in holder.roles
        yield (
            f"parties.{holder.id}.roles",
            "the only key-holder" + (" is a custodian: linkage unit + this one party = every number" if also else ""),
        )


@rule("P222", Severity.INFO)
def canaries_only(p: Protocol) -> Seen:
    """Rows of known answer find every key-holder that answers with another key and 96 % of those who spoil one row in
    twenty, but not one who spoils a few rows: these find no partner, or only each other. A proof over every row (dleq)
    finds all, at about twice the work."""
    for stage in p.oprf_stages:
        if stage.check == "canary":
            yield "matching.stages", f"'{stage.field}': a key-holder that answers a few rows wrongly may go unseen"


@rule("P223", Severity.WARNING)
def many_rounds(p: Protocol) -> Seen:
    """Every round is as many numbers as the quota that a custodian can try on people who are none of its own."""
    for stage in p.oprf_stages:
        if (stage.rounds or 0) > MANY_ROUNDS:
            yield (
                "matching.stages",
                f"'{stage.field}': {stage.rounds} rounds; {MANY_ROUNDS} leave room for a mishap or two",
            )


@rule("P224", Severity.WARNING)
def key_holder_without_oprf(p: Protocol) -> Seen:
    """A key-holder is asked only where a stage makes its tokens by oblivious PRF."""
    if not p.oprf_stages:
        for party in p.key_holders:
            if party.id == p.unit.id:  # P106 says more
                continue
            yield f"parties.{party.id}.roles", "key-holder, but no stage has tokens by oblivious PRF"
