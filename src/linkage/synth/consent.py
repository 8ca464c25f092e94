"""What graduates answered when the school asked for their consent.

Rules kept here:

- Every graduate has one outcome, at the shares of `OUTCOMES`; students without a diploma were never asked.
- A withdrawal is a second line after the consent it withdraws. Every date lies before the reference date; only
  the end of validity may lie after it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from linkage.synth import wording
from linkage.synth.draw import Days, as_number
from linkage.synth.numbers import Ints
from linkage.synth.population import day
from linkage.synth.wording import where

PURPOSE = "graduates-on-benefits"
"""The purpose (doel) that consent is asked for."""
OUTCOMES = {
    "given": 0.84,
    "expired": 0.02,
    "withdrawn": 0.02,
    "refused": 0.05,
    "requested": 0.04,
    "none": 0.03,
}
"""Share of graduates by outcome: valid consent, expired, withdrawn, refused, asked without an answer, no line at all.
The first three gave consent at some time: 88 %. Assumed."""
NO_END = 0.20
"""Share of valid consents without an end date. Assumed."""
VALID_YEARS = 15
"""Calendar years after the year of consent, at the end of which a valid consent ends. Longer than organisations give:
consent must hold on the day of use, and the same seed should give the same answer for years."""
CHANNELS = ("portaal", "papier", "e-mail")
"""How the answer came; equally likely."""


def consent_table(
    rng: np.random.Generator, numbers: pa.Array, diploma: Days, graduated: Ints, reference: date
) -> pa.Table:
    """Consent events, all string columns and no nulls, in the order of the students.

    Args:
        rng: source of chance.
        numbers: student number per row of the school's register.
        diploma: day of the diploma per row.
        graduated: rows that have a diploma.
        reference: day before which every event lies.
    """
    outcome = rng.choice(len(OUTCOMES), size=graduated.size, p=np.array(list(OUTCOMES.values())))
    asked, outcome = graduated[outcome < 5], outcome[outcome < 5]
    today, count = day(reference), asked.size
    when = diploma[asked] - rng.integers(0, 60, count).astype("timedelta64[D]")
    expired, withdrawn = outcome == 1, outcome == 2
    after = np.maximum((today - when).astype(np.int64) - 20, 1)
    later = when + (10 + (rng.random(count) * after).astype(np.int64)).astype("timedelta64[D]")
    year_on = np.minimum(when + np.timedelta64(365, "D"), today - np.timedelta64(30, "D"))
    until = np.where(rng.random(count) < NO_END, 0, (as_number(when) // 10_000 + VALID_YEARS) * 10_000 + 1231)
    until = np.where(expired, as_number(year_on), np.where(outcome <= 2, until, 0))
    channel = pa.array(CHANNELS).take(pa.array(rng.integers(0, len(CHANNELS), count)))
    status = where(outcome <= 2, "given", where(outcome == 3, "refused", "requested"))
    events = _events(numbers.take(pa.array(asked)), status, as_number(when), until, channel)
    again = pa.array(withdrawn)
    nothing, said = np.zeros(count, dtype=np.int64), pa.repeat("withdrawn", count)
    second = _events(numbers.take(pa.array(asked)), said, as_number(later), nothing, channel).filter(again)
    place = np.concatenate([np.arange(count), np.flatnonzero(withdrawn)])
    both = pa.concat_tables([events, second])
    return both.take(pa.array(np.argsort(place, kind="stable"))).combine_chunks()


def _events(numbers: pa.Array, status: pa.Array, when: Ints, until: Ints, channel: pa.Array) -> pa.Table:
    """Events of one kind, in the columns of the file."""
    return pa.table(
        {
            "Studentnummer": numbers,
            "doel": pa.repeat(PURPOSE, when.size),
            "status": status,
            "datum": wording.iso_date(when),
            "geldig_tot": wording.iso_date(until),
            "kanaal": channel,
        }
    )
