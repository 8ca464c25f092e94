"""The answer of a release, in a sentence or two that can be read aloud.

Rules kept here:

- Every question has its sentence, also where little or nothing is shown: then that is what it says, and why.
- Of nobody it is said that they have no work or benefit: they are not found in the participating sources.
"""

from __future__ import annotations

from linkage.disclosure.protect import Figure
from linkage.report.figures import Figures, Line, percent
from linkage.report.labels import joined
from linkage.report.words import word

MOST = 6
"""States that one sentence names; of more the largest."""
LARGEST = 3


def answer(figures: Figures) -> str:
    """The answer to the question of a release."""
    if len(figures.splits) == 2:
        said = _moves(figures)
    elif figures.splits:
        said = _states(figures, figures.splits[0])
    else:
        said = _union(figures) if figures.total.cell.part is None else _part(figures)
    return said[0].upper() + said[1:]


def _say(figures: Figures, key: str, **values: object) -> str:
    return word(key, figures.labels.lang, of=figures.labels.together(figures.labels.output.of), **values)


def _part(figures: Figures) -> str:
    """Of an overlap or a complement."""
    output, total = figures.labels.output, figures.total
    way = "nowhere_of" if output.question == "complement" else "at"
    said: dict[str, object] = {"what": _say(figures, way, places=figures.labels.places(output.sources))}
    if total.cell.persons.value is None:
        return _say(figures, "answer_nothing", **said) + _rest(figures)
    said["persons"] = figures.said(total.cell.persons)
    if total.asked.status == "below":
        return _say(figures, "answer_few", minimum=figures.release.protection["minimum"], **said)
    if total.asked.value is None:
        return _say(figures, "answer_hidden", **said) + _rest(figures)
    return _say(figures, "answer_part", part=figures.said(total.asked), share=total.percent or "0%", **said)


def _union(figures: Figures) -> str:
    persons = figures.total.cell.persons
    if persons.value is None:
        return _say(figures, "answer_union_hidden") + _rest(figures)
    return _say(figures, "answer_union", persons=figures.said(persons))


def _rest(figures: Figures) -> str:
    """How much the table tells where the total is hidden."""
    cells = figures.family(figures.release.by) if figures.release.by else []
    shown = sum(line.asked.value is not None for line in cells)
    return " " + _say(figures, "some_shown", shown=shown, cells=len(cells)) if shown else ""


def _states(figures: Figures, split: str) -> str:
    """Of a partition: every state with its count, or the largest of many."""
    states = figures.family((split,))
    shown = [line for line in states if line.cell.persons.value is not None]
    these = _these(figures, split)
    if not shown:
        return _say(figures, "answer_states_hidden", these=these, count=len(states)) + _rest(figures)
    if len(states) > MOST:
        parts = "; ".join(_state(figures, line, split) for line in _by_size(shown)[:LARGEST])
        return _say(figures, "answer_states_most", these=these, parts=parts, count=len(states))
    parts = "; ".join(_state(figures, line, split) for line in shown)
    away = [_name(figures, line, split) for line in states if line not in shown]
    names = joined(away, word("and", figures.labels.lang)) if away else ""
    said = {"minimum": figures.release.protection.get("minimum"), "states": names}
    more = [_say(figures, "states_away", **said)] if away else []
    return " ".join([_say(figures, "answer_states", these=these, parts=parts), *more])


def _these(figures: Figures, split: str) -> str:
    persons = figures.total.cell.persons
    said = {} if persons.value is None else {"persons": figures.said(persons)}
    these = _say(figures, "these" if said else "these_hidden", **said)
    if len(figures.splits) == 1:
        return these
    return _say(figures, "at_moment", moment=figures.labels.column(split), these=these)


def _state(figures: Figures, line: Line, split: str) -> str:
    said = {"state": _name(figures, line, split), "count": figures.said(line.cell.persons)}
    return _say(figures, "state", share=line.percent, **said) if line.percent else _say(figures, "state_plain", **said)


def _moves(figures: Figures) -> str:
    """Of two moments: who stayed, and the largest change."""
    first, second = figures.splits
    moves = figures.family(figures.splits)
    stayed = [line for line in moves if line.cell.categories[first] == line.cell.categories[second]]
    changed = [line for line in moves if line not in stayed and line.cell.persons.value]
    total = figures.total.cell.persons
    counts = [line.cell.persons.value for line in stayed]
    told = total.value is not None and counts and None not in counts
    if told:
        count = sum(filter(None, counts))
        said = {"persons": figures.said(total), "count": figures.said(Figure(count, "shown"))}
        stay = _say(figures, "answer_stay", share=percent(min(1, count / (total.value or 1))), **said)
    else:
        stay = _say(figures, "answer_stay_hidden")
    if not changed:  # then at least what is known of the last moment
        return " ".join([stay, _say(figures, "answer_no_move"), _states(figures, second)])
    most = _by_size(changed)[0]
    said = {"before": _name(figures, most, first), "after": _name(figures, most, second)}
    move = _say(figures, "answer_move", count=figures.said(most.cell.persons), **said)
    return f"{stay} {move}" if told else f"{move} {stay}"


def _by_size(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -(line.cell.persons.value or 0))


def _name(figures: Figures, line: Line, column: str) -> str:
    return figures.labels.value(column, line.cell.categories[column])
