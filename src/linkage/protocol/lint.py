"""Lint rules: what is wrong or weak about a protocol that is well-formed.

Rules kept here:

- Codes: P1xx law and roles (`law` and `duties` hold those from P120 on), P2xx encoding and matching, P3xx output.
- An error means that no party should sign; a warning wants the eye of the privacy officer; info states a limit.
- No rule says that a linkage is lawful. It says that the form holds.
"""

from __future__ import annotations

import math

from linkage.findings import Finding, Severity
from linkage.protocol import duties, law  # noqa: F401  # their rules are among RULES
from linkage.protocol.model import Aim, DifferentialPrivacy, Protocol, Suppression
from linkage.protocol.profiles import Clk, Hardened
from linkage.protocol.rule import RULES, Rule, Seen
from linkage.protocol.rule import rule as _rule

__all__ = ["RULES", "Rule", "check"]

USUAL_COHORT = 30
"""Persons: three cells of the usual minimum. Below it a release is nearly always all hidden."""
MOST_EPSILON = 3.0
"""All releases together; above it a reader may become twenty times surer of something about one person."""
TYPICAL_WEIGHT = {
    "given-name": 16, "surname": 14, "birth-date": 20, "date": 20, "postcode": 5, "sex": 4, "initials": 8, "number": 9,
    "house-number": 1, "text": 12,
}  # fmt: skip
"""Sum of squared strengths of the tokens of a typical value of a kind at q = 2, for the estimate of filter fill."""
LOWEST_OVERLAP = 0.70
"""Dice or Tversky below which strangers meet (hard synthetic registers: the best threshold is 0.74 to 0.79)."""
BROAD_QUOTA = 1_000_000
"""Rows; no gemeente has as many inhabitants, no school as many students."""
MANY_ROUNDS = 3
"""Requests per custodian: one, and room for a mishap or two."""
WEAKEST_MATCH = 0.75
"""Cosine of the weakest pair of one person's records that is worth finding (hard synthetic registers)."""
MARGIN = 5
"""Standard deviations between the threshold and what unrelated filters agree in by chance."""
FILL = (0.2, 0.55)
"""Share of bits set that neither exposes single tokens nor saturates (Schnell; Franke et al., EDBT 2021)."""


def check(protocol: Protocol) -> list[Finding]:
    """Run every rule. Findings come in order of code, then of the file."""
    return [finding for rule in sorted(RULES, key=lambda rule: rule.code) for finding in rule.findings(protocol)]


@_rule("P101", Severity.ERROR, "UAVG art. 46(1)")
def bsn_without_law(p: Protocol) -> Seen:
    """A BSN may be processed only where a law says so (UAVG art. 46); hashing one is processing it."""
    for party in p.custodians:
        used = [f.name for f in p.fields_of(party.id, "exact", "bloom") if f.kind == "bsn"]
        if used and party.bsn_basis is None:
            yield (
                f"parties.{party.id}",
                f"field '{used[0]}' is a BSN, but bsn_basis names no law; drop the field or name it",
            )


@_rule("P102", Severity.ERROR, "GDPR art. 6(3)")
def task_without_law(p: Protocol) -> Seen:
    """GDPR art. 6(3): the bases of art. 6(1)(c) and (e) must be laid down by law, so the law must be named."""
    for party in p.parties:
        for d in party.discloses:
            if d.basis.article in ("6(1)(c)", "6(1)(e)") and d.basis.law is None:
                yield f"parties.{party.id}.discloses", f"{d.basis.article} towards {d.to} names no law"


@_rule("P103", Severity.ERROR, "GDPR art. 6(1), last sentence")
def authority_with_legitimate_interest(p: Protocol) -> Seen:
    """GDPR art. 6(1), last sentence: a public authority cannot rest its task on legitimate interest, (f)."""
    for party in p.parties:
        for d in party.discloses:
            if party.public_authority and d.basis.article == "6(1)(f)":
                yield f"parties.{party.id}.discloses", f"6(1)(f) towards {d.to} by a public authority"


@_rule("P104", Severity.ERROR, "GDPR art. 6(1)")
def direction_without_basis(p: Protocol) -> Seen:
    """Every direction of disclosure needs its own basis: tokens to the unit, counts to each recipient."""
    for party in p.custodians:
        if not any(d.to == p.unit.id and d.what == "tokens" for d in party.discloses):
            yield f"parties.{party.id}.discloses", f"no basis for tokens to {p.unit.id}"
    told = {d.to for d in p.unit.discloses if d.what == "counts"}
    for name in {name: None for output in p.outputs for name in output.to}:
        if name not in told:
            yield f"parties.{p.unit.id}.discloses", f"no basis for counts to {name}"


@_rule("P105", Severity.ERROR, "GDPR art. 7(1)")
def consent_not_asked(p: Protocol) -> Seen:
    """A party that rests on consent, art. 6(1)(a), must check it per person: `consent: required`."""
    for party in p.custodians:
        rests = any(d.basis.article == "6(1)(a)" for d in party.discloses)
        if rests and party.consent != "required":
            yield f"parties.{party.id}.consent", "the basis is 6(1)(a), but consent is not required of each row"


@_rule("P106", Severity.ERROR, "GDPR art. 4(5) and 25(1)")
def unit_with_data(p: Protocol) -> Seen:
    """The linkage unit may not be a custodian or key-holder: it would hold tokens and the means to open them."""
    other = sorted(set(p.unit.roles) & {"custodian", "key-holder"})
    if other:
        yield f"parties.{p.unit.id}.roles", f"the linkage unit is also {' and '.join(other)}"


@_rule("P107", Severity.ERROR, "GDPR art. 35(1)")
def dpia_missing(p: Protocol) -> Seen:
    """Combining data of several bodies about vulnerable people is on the AP's list: a DPIA comes first (art. 35)."""
    if p.dpia.outcome in ("not-acceptable", "not-done"):
        yield "dpia.outcome", f"the DPIA is {p.dpia.outcome}"


@_rule("P108", Severity.ERROR, "GDPR art. 5(1)(a)")
def dates_out_of_order(p: Protocol) -> Seen:
    """A period ends after it begins, decisions precede it, and the secret is destroyed after the reference date."""
    if p.valid.last < p.valid.first:
        yield "valid", f"ends {p.valid.last}, before it begins {p.valid.first}"
    if not p.valid.first <= p.reference_date <= p.valid.last:
        yield "reference_date", f"{p.reference_date} lies outside {p.valid.first} to {p.valid.last}"
    if p.retention.secret_destroyed_on < p.reference_date:
        yield "retention.secret_destroyed_on", "the secret is destroyed before the reference date"
    decided = [(f"parties.{x.id}.discloses", d.basis.decided_on) for x in p.parties for d in x.discloses]
    decided += [(f"parties.{x.id}.bsn_basis", x.bsn_basis.decided_on) for x in p.parties if x.bsn_basis]
    for where, day in [*decided, ("dpia.advised_on", p.dpia.advised_on)]:
        if day > p.valid.last:
            yield where, f"decided {day}, after the protocol ends"


@_rule("P109", Severity.WARNING)
def card_missing(p: Protocol) -> Seen:
    """Until every party's key card is named, nobody can sign and nothing can be sealed."""
    for party in p.parties:
        if party.card is None:
            yield f"parties.{party.id}.card", "no key card yet: `linkage protocol new --card` fills it in"


@_rule("P110", Severity.WARNING)
def quota_without_bound(p: Protocol) -> Seen:
    """A quota bounds how many people a custodian can ask about by making rows up. Set it little above the rows that
    are expected; above a million it bounds nothing, but for the largest national registers."""
    for party in p.custodians:
        if party.quota is not None and party.quota > BROAD_QUOTA:
            yield f"parties.{party.id}.quota", f"{party.quota:,} rows; more than {BROAD_QUOTA:,} bounds hardly anything"


@_rule("P201", Severity.WARNING)
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


@_rule("P202", Severity.WARNING)
def plain_clk(p: Protocol) -> Seen:
    """A plain CLK keeps similarities. Who knows about 100 pairs of person and filter, or holds a population
    register that overlaps, re-identifies nearly all of it without the key (Schaefer et al., ACSAC 2024)."""
    if p.encoding.profile == "clk":
        yield (
            "encoding.profile",
            "plain CLK: about 100 known pairs suffice to re-identify the rest; keep packages short",
        )


@_rule("P203", Severity.WARNING)
def few_fields(p: Protocol) -> Seen:
    """With fewer than three fields in a filter, frequencies of names show through (Christen et al. 2018)."""
    if len(p.encoding.fields) < 3:
        yield "encoding.fields", f"{len(p.encoding.fields)} fields in the filter; three or more hide frequencies"


@_rule("P204", Severity.WARNING)
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


@_rule("P205", Severity.WARNING)
def short_filter(p: Protocol) -> Seen:
    """Filters below 1,000 bits collide often: worse links and no gain in privacy."""
    if isinstance(p.encoding, Clk) and p.encoding.bits < 1000:
        yield "encoding.bits", f"{p.encoding.bits} bits; 1,024 is usual"


@_rule("P206", Severity.WARNING)
def low_threshold(p: Protocol) -> Seen:
    """A low threshold links different persons, and a wrong link is a wrong statement about somebody."""
    for stage in p.matching.stages:
        if stage.stage != "fuzzy" or isinstance(stage.threshold, Aim) or stage.similarity == "agreement":
            continue
        if stage.threshold < LOWEST_OVERLAP:
            said = f"{stage.similarity.capitalize()} {stage.threshold}"
            yield "matching.stages", f"{said}: many pairs of different persons reach it"


@_rule("P207", Severity.ERROR)
def revealing_alone(p: Protocol) -> Seen:
    """A keyed token of a low-entropy field alone (sex, birth date, postcode) is read off its frequencies."""
    for field in p.fields:
        if field.send == "exact" and field.kind not in ("bsn", "education-number"):
            yield f"fields.{field.name}", f"a {field.kind} sent as a token of its own can be read off its frequencies"


@_rule("P208", Severity.WARNING)
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


@_rule("P209", Severity.INFO)
def young_profile(p: Protocol) -> Seen:
    """Majority-XOR is the best known encoding, from one publication of 2026 without independent cryptanalysis."""
    if isinstance(p.encoding, Hardened):
        yield (
            "encoding.profile",
            "hardened is best known, not proved secure; whoever has the secret reads names by dictionary",
        )


@_rule("P210", Severity.WARNING)
def few_votes(p: Protocol) -> Seen:
    """With one or two votes per bit, known pairs and graph matching re-identify most filters."""
    if isinstance(p.encoding, Hardened) and p.encoding.votes < 3:
        yield "encoding.votes", f"{p.encoding.votes} votes per bit; 3 withstands, 4 is usual"


@_rule("P211", Severity.INFO)
def threshold_of_the_run(p: Protocol) -> Seen:
    """A threshold that the unit chooses differs from run to run: expected precision and recall are in the release,
    but a monitor that compares years is steadier with the threshold of its first year, fixed."""
    for stage in p.matching.stages:
        if stage.stage == "fuzzy" and isinstance(stage.threshold, Aim):
            yield "matching.stages", f"the unit chooses the threshold of every run, aiming at {stage.threshold.aim}"


@_rule("P212", Severity.WARNING)
def hardening_that_hides_little(p: Protocol) -> Seen:
    """Folding, balancing and Rule 90 hide how often bits are set, and keep every likeness: known pairs and graph
    matching re-identify such filters as they do plain ones. Randomised response helps only at a strength that costs
    the linkage. Where all parties can, take the profile hardened."""
    if isinstance(p.encoding, Clk):
        for step in p.encoding.hardening:
            yield "encoding.hardening", f"{step.step} does not withstand known pairs or graph matching"


@_rule("P220", Severity.INFO)
def guarantee_of_oprf(p: Protocol) -> Seen:
    """A number that is a token by oblivious PRF can be tried out only with the help of every key-holder, who count and
    log each question, or with all of their keys. All of them together with the linkage unit and the linkage secret read
    every number, and no software can prevent that: choose key-holders who would not all agree to it."""
    for stage in p.oprf_stages:
        holders = ", ".join(party.id for party in p.key_holders)
        asked = ", ".join(f"{c.id} {(stage.rounds or 1) * (c.quota or 0):,}" for c in p.custodians)
        yield (
            "matching.stages",
            f"'{stage.field}': linkage unit + a custodian can try at most as many numbers as may be asked ({asked}), "
            f"each on record; linkage unit + all key-holders ({holders}) and the linkage secret = every number",
        )


@_rule("P221", Severity.WARNING)
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


@_rule("P222", Severity.INFO)
def canaries_only(p: Protocol) -> Seen:
    """Rows of known answer find every key-holder that answers with another key and 96 % of those who spoil one row in
    twenty, but not one who spoils a few rows: these find no partner, or only each other. A proof over every row (dleq)
    finds all, at about twice the work."""
    for stage in p.oprf_stages:
        if stage.check == "canary":
            yield "matching.stages", f"'{stage.field}': a key-holder that answers a few rows wrongly may go unseen"


@_rule("P223", Severity.WARNING)
def many_rounds(p: Protocol) -> Seen:
    """Every round is as many numbers as the quota that a custodian can try on people who are none of its own."""
    for stage in p.oprf_stages:
        if (stage.rounds or 0) > MANY_ROUNDS:
            yield (
                "matching.stages",
                f"'{stage.field}': {stage.rounds} rounds; {MANY_ROUNDS} leave room for a mishap or two",
            )


@_rule("P224", Severity.WARNING)
def key_holder_without_oprf(p: Protocol) -> Seen:
    """A key-holder is asked only where a stage makes its tokens by oblivious PRF."""
    if not p.oprf_stages:
        for party in p.key_holders:
            if party.id == p.unit.id:  # P106 says more
                continue
            yield f"parties.{party.id}.roles", "key-holder, but no stage has tokens by oblivious PRF"


@_rule("P302", Severity.WARNING)
def minimum_below_usual(p: Protocol) -> Seen:
    """Ten persons per cell is the usual minimum; five to nine is the privacy officer's decision, and no protocol can
    have less."""
    for output in p.outputs:
        said = output.protection
        if not isinstance(said, DifferentialPrivacy) and said.minimum_decision is not None:
            who = said.minimum_decision.decided_by
            yield f"outputs.{output.name}.protection.minimum", f"{said.minimum}, decided by {who}; 10 is usual"


@_rule("P303", Severity.WARNING)
def not_rounded(p: Protocol) -> Seen:
    """Exact counts betray single persons by subtraction when a linkage is run again after one withdrawal."""
    for output in p.outputs:
        said = output.protection
        if isinstance(said, Suppression) and said.rounding < 5:
            yield (
                f"outputs.{output.name}.protection.rounding",
                f"rounded to {said.rounding}; 5 or more blunts differencing",
            )


@_rule("P304", Severity.ERROR)
def told_to_no_recipient(p: Protocol) -> Seen:
    """An answer goes only to a party that the protocol makes a recipient."""
    for output in p.outputs:
        for name in output.to:
            if "recipient" not in p.party(name).roles:
                yield f"outputs.{output.name}.to", f"{name} does not have the role recipient"


@_rule("P305", Severity.WARNING)
def none_and_all_are_shown(p: Protocol) -> Seen:
    """ "None of them" and "all of them" tell something of every person in a cell, and that somebody is in the cell is
    often known."""
    for output in p.outputs:
        if isinstance(output.protection, Suppression) and output.protection.zero_and_full == "show":
            yield f"outputs.{output.name}.protection.zero_and_full", "cells of which nobody or everybody is linked show"


@_rule("P306", Severity.WARNING)
def much_privacy_spent(p: Protocol) -> Seen:
    """Epsilon bounds how much surer a reader becomes of one person: at 1 by a factor of 2.7, at 3 of 20. All releases
    add up."""
    for output in p.outputs:
        said = output.protection
        if isinstance(said, DifferentialPrivacy) and said.budget > MOST_EPSILON:
            yield (
                f"outputs.{output.name}.protection.budget",
                f"{said.budget:g} in all; more than {MOST_EPSILON:g} protects little",
            )


@_rule("P307", Severity.WARNING)
def small_cohort(p: Protocol) -> Seen:
    """With fewer than about thirty persons nearly every figure is small, and what can be told of them is told better by
    somebody who knows them."""
    for output in p.outputs:
        if output.smallest_cohort < USUAL_COHORT:
            yield f"outputs.{output.name}.smallest_cohort", f"{output.smallest_cohort}; {USUAL_COHORT} is usual"


@_rule("P308", Severity.INFO)
def noise_in_every_count(p: Protocol) -> Seen:
    """Noise protects what subtraction would find, and every figure is a little wrong: say so where it is used."""
    for output in p.outputs:
        if not isinstance(output.protection, Suppression):
            yield f"outputs.{output.name}.protection.method", f"{output.protection.method}: every count carries noise"
