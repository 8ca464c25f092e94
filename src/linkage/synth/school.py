"""The register of a school for vocational education, with the errors it makes.

Rules kept here:

- The school knows people as they enrolled: an older address, the call name, the name they use after marriage.
- Its export is in code page 1252: letters that page lacks are already question marks in the table.
- Rates are assumed (plausible for a school administration, from no register), each a named constant.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.synth import damage, wording
from linkage.synth.courses import Courses
from linkage.synth.draw import Address, Drafts, as_number
from linkage.synth.lexicon import given_names
from linkage.synth.numbers import Ints
from linkage.synth.wording import where

NO_NUMBER = 0.03
"""Share of rows with an empty PGN. Assumed."""
MOVED_SINCE = 0.22
"""Share of students who moved after the school noted their address; young people move often. Assumed."""
NO_GIVEN = 0.08
"""Share of rows with the call name only. Assumed."""
FIRST_ONLY = 0.10
"""Share of rows with the first given name only. Assumed."""
NO_CALL_NAME = 0.05
"""Share of rows without a call name, among those with given names. Assumed."""
OTHER_SPELLING = 0.02
"""Share of rows with another spelling of the first given name, where the name has one. Assumed."""
SURNAME_AS_HEARD = 0.01
"""Share of rows with the surname written as it sounds. Assumed."""
TYPING_ERROR = 0.015
"""Share of rows with a slip, for given names, call name and surname each. Assumed."""
NO_MARKS = 0.30
"""Share of names that were typed without diacritics. Assumed."""
PREFIX_STYLES = {"after": 0.03, "before": 0.03, "short": 0.02, "short before": 0.01, "capitals": 0.02}
"""Share of rows, among those with a prefix, per way to write it other than in its own column as it is: in the
surname column after a comma or in front, shortened, shortened and in front, with capitals. Assumed."""
DAY_MONTH_SWAP = 0.004
"""Share of birth dates with day and month swapped, where that is possible. Assumed."""
DATE_ERROR = 0.003
"""Share of birth dates with a wrong day or year. Assumed."""
SUBSTITUTED_DAY = 0.5
"""Share of partly unknown birth dates for which the school had to fill in 01. Assumed."""
WRONG_SEX = 0.002
"""Share of rows with the wrong sex. Assumed."""
FIRST_STUDENT_NUMBER = 1_000_000
"""Student numbers count from here, in random order."""


def school_table(
    rng: np.random.Generator,
    drafts: Drafts,
    courses: Courses,
    *,
    bsn: Ints,
    education: Ints,
    address: Address | None = None,
) -> pa.Table:
    """The school's rows, all string columns and no nulls, without student numbers.

    Args:
        rng: source of chance.
        drafts: the students.
        courses: what they follow.
        bsn: BSN per student, 0 where none was given out.
        education: onderwijsnummer per student, 0 for nearly all; it stands in place of the BSN.
        address: what the school noted; without it the address of the draft, where the student did not move since.
    """
    count = bsn.size
    number = np.where(damage.chance(rng, count, NO_NUMBER), 0, bsn)
    number = np.where(education > 0, education, number)
    columns = _names(rng, drafts)
    address = damage.moved(rng, drafts.address, MOVED_SINCE) if address is None else address
    sex = damage.misread_sex(rng, drafts.sex, WRONG_SEX)
    graduated = courses.year > 0
    school_year = pc.binary_join_element_wise(wording.text(courses.year - 1), wording.text(courses.year), "/")
    return pa.table(
        {
            "PGN": wording.text_or_empty(number),
            **{name: damage.in_cp1252(values) for name, values in columns.items()},
            "Geboortedatum": wording.dutch_date(_birth(rng, drafts.birth)),
            "Geslacht": wording.SEXES.take(pa.array(sex)),
            "Postcode": wording.postcode(address, gap=" "),
            "Huisnummer": wording.text(address.house),
            "Niveau": wording.text(courses.level),
            "Leerweg": where(courses.bbl, "bbl", "bol"),
            "Diplomadatum": wording.dutch_date(np.where(graduated, as_number(courses.diploma), 0)),
            "Schooljaar": where(graduated, school_year, ""),
        }
    )


def student_numbers(rng: np.random.Generator, count: int) -> pa.Array:
    """Student numbers, each once, seven digits; they say nothing about the order in the register."""
    return wording.text(FIRST_STUDENT_NUMBER + rng.permutation(count))


def _names(rng: np.random.Generator, drafts: Drafts) -> dict[str, pa.Array]:
    """Given names, call name, prefix and surname as the school has them."""
    count = len(drafts.given)
    given = damage.respelled_given(rng, drafts.given, given_names().following, OTHER_SPELLING)
    style = rng.random(count)
    full = where(style < NO_GIVEN + FIRST_ONLY, wording.first_given(given), wording.full_given(given, drafts.hyphen))
    full = where(style < NO_GIVEN, "", damage.typing_errors(rng, full, TYPING_ERROR))
    call = damage.typing_errors(rng, wording.call_name(given, drafts.call), TYPING_ERROR)
    call = where((style >= NO_GIVEN) & damage.chance(rng, count, NO_CALL_NAME), "", call)
    prefix, surname = _used_name(drafts)
    surname = damage.respelled(rng, surname, SURNAME_AS_HEARD)
    surname = damage.typing_errors(rng, surname, TYPING_ERROR)
    prefix, surname = _prefix_styles(rng, prefix, surname)
    names = {"Voornamen": full, "Roepnaam": call, "Tussenvoegsel": prefix, "Achternaam": surname}
    return {name: damage.without_marks(rng, values, NO_MARKS) for name, values in names.items()}


def _used_name(drafts: Drafts) -> tuple[pa.Array, pa.Array]:
    """Prefix and surname under naamgebruik: own, partner's, partner's-own or own-partner's (BRP element 61.10)."""
    own_prefix, own = wording.prefix(drafts.surname), wording.surname(drafts.surname)
    other_prefix, other = wording.prefix(drafts.partner), wording.surname(drafts.partner)
    own_full, other_full = wording.joined(own_prefix, own), wording.joined(other_prefix, other)
    use = drafts.name_use
    surname = where(use == 1, other, own)
    surname = where(use == 2, pc.binary_join_element_wise(other, own_full, "-"), surname)
    surname = where(use == 3, pc.binary_join_element_wise(own, other_full, "-"), surname)
    return where((use == 1) | (use == 2), other_prefix, own_prefix), surname


def _prefix_styles(rng: np.random.Generator, prefix: pa.Array, surname: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Write some prefixes in another way or in the surname column."""
    limits = np.cumsum(list(PREFIX_STYLES.values()))
    style = np.searchsorted(limits, rng.random(len(prefix)), side="right")
    style = np.where(np.asarray(pc.equal(prefix, "")), limits.size, style)
    short = wording.each(prefix, damage.shortened)
    surname = where(style == 0, pc.binary_join_element_wise(surname, prefix, ", "), surname)
    surname = where(style == 1, wording.joined(prefix, surname), surname)
    surname = where(style == 3, wording.joined(short, surname), surname)
    prefix = where(style == 2, short, prefix)
    prefix = where(style == 4, wording.each(prefix, str.title), prefix)
    return where((style == 0) | (style == 1) | (style == 3), "", prefix), surname


def _birth(rng: np.random.Generator, birth: Ints) -> Ints:
    """Birth dates as the school has them: some unknown parts filled in, a few mistakes."""
    filled = damage.chance(rng, birth.size, SUBSTITUTED_DAY)
    month = np.where(filled & (birth // 100 % 100 == 0), birth + 100, birth)
    known = np.where(filled & (birth % 100 == 0), month + 1, month)
    return damage.shifted_date(rng, damage.swapped_day_month(rng, known, DAY_MONTH_SWAP), DATE_ERROR)
