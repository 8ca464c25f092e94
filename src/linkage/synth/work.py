"""The registers of work: UWV's income relations, and what employers who take part know of their staff.

Rules kept here:

- UWV has a number for nearly everybody and the names of the BRP, shortened; one row per income relation, so that a
  person has several. It makes few errors.
- Employers give no number: names as people use them, birth date and postcode, with the errors of an intake form.
- Hours and dates of work stand there as they are (`lives`). Rates are assumed, from no register, each a named constant.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.synth import damage, wording
from linkage.synth.draw import Address, Days, Drafts, Mask, as_number
from linkage.synth.lexicon import given_names
from linkage.synth.lives import FOREVER, Jobs
from linkage.synth.numbers import Ints
from linkage.synth.wording import where

NO_NUMBER = 0.005
"""Share of UWV's rows without a BSN. Assumed."""
UWV_TYPING = 0.003
"""Share of UWV's rows with a slip in the surname. Assumed."""
UWV_MOVED = 0.10
"""Share of UWV's rows with the address at which the income relation began. Assumed."""
UWV_DATE_ERROR = 0.001
"""Share of UWV's birth dates with a wrong day or year. Assumed."""
TAKES_PART = 0.6
"""Share of the employers who give a register. Assumed."""
CALL_NAME = 0.55
"""Share of an employer's rows with the call name in place of the first given name. Assumed."""
INITIALS_ONLY = 0.12
"""Share of an employer's rows with initials only. Assumed."""
OTHER_SPELLING = 0.02
"""Share of an employer's rows with another spelling of the first given name, where it has one. Assumed."""
AS_HEARD = 0.02
"""Share of an employer's rows with the surname written as it sounds. Assumed."""
TYPING_ERROR = 0.02
"""Share of an employer's rows with a slip, for given name and surname each. Assumed."""
NO_MARKS = 0.40
"""Share of an employer's names typed without diacritics. Assumed."""
DATE_ERROR = 0.005
"""Share of an employer's birth dates with a wrong day or year, and as many with day and month swapped. Assumed."""
MOVED_SINCE = 0.15
"""Share of an employer's rows with an older postcode. Assumed."""


def uwv_table(rng: np.random.Generator, drafts: Drafts, jobs: Jobs, *, bsn: Ints, old: Address) -> pa.Table:
    """Income relations as UWV has them, all string columns and no nulls.

    Args:
        rng: source of chance.
        drafts: the person of each income relation.
        jobs: the income relations.
        bsn: BSN of the person, 0 where none was given out.
        old: an address where the person may have lived before.
    """
    count = bsn.size
    address = damage.moved(rng, drafts.address, UWV_MOVED, old)
    return pa.table(
        {
            "ikvnummer": _numbers(rng, count, "I"),
            "bsn": wording.text_or_empty(np.where(damage.chance(rng, count, NO_NUMBER), 0, bsn)),
            "voorletters": wording.initials(drafts.given, drafts.hyphen),
            "voorvoegsel": wording.prefix(drafts.surname),
            "achternaam": damage.typing_errors(rng, wording.surname(drafts.surname), UWV_TYPING),
            "geboortedatum": wording.text(damage.shifted_date(rng, drafts.birth, UWV_DATE_ERROR)),
            "geslacht": wording.SEXES.take(pa.array(drafts.sex)),
            "postcode": wording.postcode(address),
            "huisnummer": wording.text(address.house),
            "werkgever": _employers(jobs.employer),
            "uren_per_week": wording.text(jobs.hours),
            "datum_aanvang": wording.text(as_number(jobs.start)),
            "datum_einde": wording.text_or_empty(last_day(jobs.end)),
        }
    )


def taking_part(rng: np.random.Generator, jobs: Jobs) -> Mask:
    """Which income relations are with an employer who gives a register."""
    willing = damage.chance(rng, int(jobs.employer.max(initial=0)) + 1, TAKES_PART)
    return willing[jobs.employer]


def employer_table(rng: np.random.Generator, drafts: Drafts, jobs: Jobs, *, old: Address) -> pa.Table:
    """Staff as employers have them: no number, no sex, no house number; all string columns and no nulls.

    Args:
        rng: source of chance.
        drafts: the person of each income relation.
        jobs: the income relations with these employers.
        old: an address where the person may have lived before.
    """
    address = damage.moved(rng, drafts.address, MOVED_SINCE, old)
    birth = damage.swapped_day_month(rng, drafts.birth, DATE_ERROR)
    # Who fills in a form for a new colleague has no zeros for what is unknown.
    birth = np.where(birth // 100 % 100 == 0, birth + 100, birth)
    birth = np.where(birth % 100 == 0, birth + 1, birth)
    surname = damage.respelled(rng, wording.surname(drafts.surname), AS_HEARD)
    names = {
        "Voornaam": _given(rng, drafts),
        "Tussenvoegsel": wording.prefix(drafts.surname),
        "Achternaam": damage.typing_errors(rng, surname, TYPING_ERROR),
    }
    return pa.table(
        {
            "Personeelsnummer": _numbers(rng, jobs.person.size, "P"),
            **{name: damage.in_cp1252(damage.without_marks(rng, cells, NO_MARKS)) for name, cells in names.items()},
            "Geboortedatum": wording.dutch_date(damage.shifted_date(rng, birth, DATE_ERROR)),
            "Postcode": wording.postcode(address, gap=" "),
            "Werkgever": _employers(jobs.employer),
            "Uren": wording.text(jobs.hours),
            "In dienst": wording.dutch_date(as_number(jobs.start)),
            "Uit dienst": wording.dutch_date(last_day(jobs.end)),
        }
    )


def last_day(end: Days) -> Ints:
    """Last days as ``yyyymmdd``; 0 for what goes on."""
    return np.where(end == FOREVER, 0, as_number(end))


def _given(rng: np.random.Generator, drafts: Drafts) -> pa.Array:
    """The name by which a colleague is known, the first given name, or initials."""
    count = len(drafts.given)
    given = damage.respelled_given(rng, drafts.given, given_names().following, OTHER_SPELLING)
    style = rng.random(count)
    text = where(style < CALL_NAME, wording.call_name(given, drafts.call), wording.first_given(given))
    text = damage.typing_errors(rng, text, TYPING_ERROR)
    return where(style > 1 - INITIALS_ONLY, wording.initials(given, drafts.hyphen), text)


def _employers(number: Ints) -> pa.Array:
    """Names of employers such as W00012: nothing like a number of the Chamber of Commerce or the tax office."""
    return wording.each(wording.text(100_000 + number), lambda value: "W" + value[1:])


def _numbers(rng: np.random.Generator, count: int, letter: str) -> pa.Array:
    """Row numbers of a register such as I0000123, each once, in random order."""
    numbers = wording.text(10_000_000 + rng.permutation(count))
    return pc.binary_join_element_wise(letter, pc.utf8_slice_codeunits(numbers, 1), "")
