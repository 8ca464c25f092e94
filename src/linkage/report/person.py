"""One person's standing in one sentence, for the one who asks at the desk.

Rule kept here: the sentence holds days, states and names of purposes; never the person's reference.
"""

from __future__ import annotations

from linkage.consent.registry import Person
from linkage.report.lang import Lang
from linkage.report.words import word


def sentence(person: Person, lang: Lang) -> str:
    """Whether the person may take part as far as consent goes, and why."""
    event, standing = person.event, person.standing
    if event is None:
        why = word("stands_never", lang)
    elif standing == "not asked":
        why = word("stands_later", lang, at=event.at)
    else:
        why = word(f"stands_{standing.replace(' ', '_')}", lang, at=event.at, until=event.valid_until)
        if standing == "given":
            how = [word("stands_method", lang, how=event.method)] if event.method else []
            how += [word("stands_notice", lang, notice=event.notice)] if event.notice else []
            how += [word("stands_until", lang, until=event.valid_until)] if event.valid_until else []
            why = ", ".join([why, *how])
    whole = "person_in" if standing == "given" else "person_out"
    agreed = word(person.agreed, lang)
    return word(whole, lang, purpose=person.purpose, on=person.on, why=why, agreed=agreed)
