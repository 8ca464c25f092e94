"""The answer as a picture: what is drawn, in numbers and words; the page draws it.

Rules kept here:

- A hidden figure is hatched and marked, as long as there is room for it: never a bar of nothing.
- The words beside a picture say all that it shows.
- Of a large table the finest subtotal that fits is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.disclosure.release import Expected
from linkage.report.coverage import between
from linkage.report.figures import Figures, Line
from linkage.report.labels import Labels
from linkage.report.lang import Lang
from linkage.report.words import word

MOST_ROWS = 30
MOST_STATES = 8
"""States that a stacked bar tells apart; there is a colour for each."""
LEAST_HATCHED = 6.0
"""Per cents of the bar that are hatched at least where states are hidden."""


@dataclass(frozen=True)
class Piece:
    """Part of a bar, in per cents of the track."""

    kind: str
    """``whole``, ``part``, ``away``, or the number of a state."""
    start: float
    width: float


@dataclass(frozen=True)
class Row:
    """One bar."""

    name: str
    pieces: tuple[Piece, ...]
    said: str
    """Its figures."""


@dataclass(frozen=True)
class Bars:
    """A bar for every line."""

    head: str
    """What the names of the rows are."""
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str], ...]
    """Kind of piece and what it means."""
    alt: str


@dataclass(frozen=True)
class Moves:
    """From every state to every state."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int | None], ...]], ...]
    """State before, and per state after the figure and its shade from 0 to 4; None where it is hidden."""
    legend: tuple[tuple[str, str], ...]
    alt: str


@dataclass(frozen=True)
class Scores:
    """How alike the rows of links are: bars whose areas are shares, in per cents of the plot."""

    bars: tuple[tuple[float, float, float], ...]
    """Where it begins, its width and its height."""
    threshold: float
    """Where it stands."""
    ticks: tuple[tuple[float, str], ...]
    mark: str
    caption: str
    alt: str


def picture(figures: Figures) -> Bars | Moves | None:
    """What is drawn of a table; None where nothing of it fits."""
    if len(figures.splits) == 2:
        return _moves(figures)
    return _stacked(figures) if figures.splits else _bars(figures)


def decimal(number: float, lang: Lang, places: int = 2) -> str:
    """A number as it is written in a language."""
    text = f"{number:.{places}f}"
    return text.replace(".", ",") if lang == "nl" else text


def _families(figures: Figures) -> list[tuple[str, ...]]:
    """Columns of the cells and of each subtotal, the finest first."""
    cells = [tuple(figures.release.by)] if figures.release.cells else []
    margins = [tuple(cell.categories) for cell in figures.release.margins]
    return [*dict.fromkeys([*cells, *margins]), ()]


def _bars(figures: Figures) -> Bars:
    family = next(one for one in _families(figures) if len(figures.family(one)) <= MOST_ROWS)
    lines = figures.family(family)
    longest = max((line.cell.persons.value or 0 for line in lines), default=0) or 1
    rows = tuple(Row(line.name, _pieces(figures, line, longest), _figures(figures, line)) for line in lines)
    heads = figures.headings[figures.names :]
    legend = [("whole", heads[0])] if figures.total.cell.part is None else [("part", heads[1]), ("whole", heads[0])]
    return _drawn(figures, family, rows, legend)


def _drawn(figures: Figures, family: Sequence[str], rows: tuple[Row, ...], legend: list[tuple[str, str]]) -> Bars:
    """Bars with what their names are, what is hatched, and the words that say the same."""
    head = ", ".join(map(figures.labels.column, family))
    said = "; ".join(f"{row.name}: {row.said}" for row in rows)
    alt = word("alt_bars", figures.labels.lang, rows=f"{head}. {said}" if head else said)
    return Bars(head, rows, (*legend, *_hatched(figures, rows)), alt)


def _pieces(figures: Figures, line: Line, longest: int) -> tuple[Piece, ...]:
    persons, part = line.cell.persons, line.cell.part
    if persons.value is None:
        return (Piece("away", 0, 100),)
    length = 100 * persons.value / longest
    if part is None:
        return (Piece("whole", 0, length),)
    if part.value is not None:
        return (Piece("whole", 0, length), Piece("part", 0, 100 * part.value / longest))
    most = figures.release.protection["minimum"] if part.status == "below" else persons.value
    return (Piece("whole", 0, length), Piece("away", 0, min(length, 100 * most / longest)))


def _figures(figures: Figures, line: Line) -> str:
    persons = figures.shown(line.cell.persons)
    if line.cell.part is None:
        return persons
    heads = figures.headings[figures.names :]
    share = f" ({line.percent})" if line.percent else ""
    return f"{figures.shown(line.cell.part)} {heads[1]}{share}, {persons} {heads[0]}"


def _hatched(figures: Figures, rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    if not any(piece.kind == "away" for row in rows for piece in row.pieces):
        return []
    below = figures.total.asked.status == "below"
    mark = figures.shown(figures.total.asked) if below and len(rows) == 1 else figures.mark
    return [("away", word("hatched", figures.labels.lang, mark=mark))]


def _stacked(figures: Figures) -> Bars | None:
    """A bar for every category, divided into states."""
    (split,) = figures.splits
    families = [family for family in _families(figures) if split in family]
    states = figures.family((split,)) or figures.family(families[-1])
    names = list(dict.fromkeys(line.cell.categories[split] for line in states))
    if len(names) > MOST_STATES:
        return _plain(figures, split)
    for family in families:
        groups: dict[tuple[str, ...], list[Line]] = {}
        for line in figures.family(family):
            key = tuple(v for name, v in line.cell.categories.items() if name != split)
            groups.setdefault(key, []).append(line)
        if len(groups) <= MOST_ROWS:
            break
    else:
        return _plain(figures, split)
    rest = [name for name in family if name != split]
    wholes = {tuple(line.cell.categories.values()): line for line in figures.family(rest)}
    rows = tuple(_divided(figures, wholes[key], lines) for key, lines in groups.items())
    legend = [(_kind(n, len(names)), figures.labels.value(split, name)) for n, name in enumerate(names)]
    return _drawn(figures, rest, rows, legend)


def _kind(state: int, states: int) -> str:
    """The colour of a state; the last is that of who was found nowhere."""
    return "rest" if state == states - 1 else f"s{state}"


def _divided(figures: Figures, whole: Line, lines: list[Line]) -> Row:
    persons = whole.cell.persons.value
    counts = [line.cell.persons.value for line in lines]
    (split,) = figures.splits
    names = [figures.labels.value(split, line.cell.categories[split]) for line in lines]
    pairs = [f"{name} {figures.shown(line.cell.persons)}" for name, line in zip(names, lines, strict=True)]
    said = f"{figures.shown(whole.cell.persons)} {word('of_persons', figures.labels.lang)}: {', '.join(pairs)}"
    said_of = [figures.labels.value(one, value) for one, value in whole.cell.categories.items()]
    name = ", ".join(said_of) or whole.name
    if persons is None:
        return Row(name, (Piece("away", 0, 100),), said)
    told = [count or 0 for count in counts]
    left = max(persons - sum(told), persons * LEAST_HATCHED / 100) if None in counts else 0.0
    every = max(sum(told) + left, 1)
    pieces, start = [], 0.0
    for n, count in enumerate(told):
        if count:
            pieces.append(Piece(_kind(n, len(told)), start, 100 * count / every))
            start += 100 * count / every
    if left:  # all hidden states together: the figures do not tell how they divide it
        pieces.append(Piece("away", start, 100 * left / every))
    return Row(name, tuple(pieces), said)


def _plain(figures: Figures, split: str) -> Bars | None:
    """Too many states for one bar: a bar for each."""
    lines = figures.family((split,))
    if not 0 < len(lines) <= MOST_ROWS:
        return None
    longest = max((line.cell.persons.value or 0 for line in lines), default=0) or 1
    told = [(figures.labels.value(split, line.cell.categories[split]), line) for line in lines]
    rows = tuple(Row(name, _pieces(figures, line, longest), _figures(figures, line)) for name, line in told)
    return _drawn(figures, (split,), rows, [("whole", word("persons", figures.labels.lang))])


def _moves(figures: Figures) -> Moves | None:
    first, second = figures.splits
    labels, lines = figures.labels, figures.family(figures.splits)
    before, after = (list(dict.fromkeys(line.cell.categories[name] for line in lines)) for name in (first, second))
    if max(len(before), len(after)) > MOST_STATES:
        return None
    at = {(line.cell.categories[first], line.cell.categories[second]): line.cell.persons for line in lines}
    most = max((figure.value or 0 for figure in at.values()), default=0) or 1

    def cell(a: str, b: str) -> tuple[str, int | None]:
        figure = at[a, b]
        return figures.shown(figure), None if figure.value is None else -(-4 * figure.value // most)

    rows = tuple((labels.value(first, a), tuple(cell(a, b) for b in after)) for a in before)
    said = [
        word("alt_move", labels.lang, before=labels.value(first, a), after=labels.value(second, b), count=cell(a, b)[0])
        for a in before for b in after
    ]  # fmt: skip
    hidden = any(figure.value is None for figure in at.values())
    legend = (("away", word("hatched", labels.lang, mark=figures.mark)),) if hidden else ()
    columns = tuple(labels.value(second, b) for b in after)
    alt = word("alt_moves", labels.lang, rows="; ".join(said))
    corner = f"{labels.column(first)} → {labels.column(second)}: {word('from_to', labels.lang)}"
    return Moves(corner, columns, rows, legend, alt)


def scores(labels: Labels, one: Expected) -> Scores | None:
    """The scores of a stage's links; None where they are not told."""
    if not one.scores:
        return None
    lang, begin = labels.lang, one.scores[0].low
    room = 100 - begin
    heights = [bar.share / (bar.high - bar.low) for bar in one.scores]
    highest = max(heights)
    bars = tuple(
        (100 * (bar.low - begin) / room, 100 * (bar.high - bar.low) / room, 100 * height / highest)
        for bar, height in zip(one.scores, heights, strict=True)
    )
    step = 10 if room > 30 else 5
    marks = [begin, *[n for n in range(0, 100, step) if begin + step / 2 < n < 100 - step / 2], 100]
    threshold = decimal(one.threshold, lang)
    said = [
        word("alt_score", lang, low=decimal(b.low / 100, lang), high=decimal(b.high / 100, lang), share=b.share)
        for b in one.scores
    ]
    return Scores(
        bars,
        100 * (100 * one.threshold - begin) / room,
        tuple((100 * (n - begin) / room, decimal(n / 100, lang)) for n in marks),
        word("threshold", lang, threshold=threshold),
        word("scores", lang, stage=one.stage + 1, pair=between(labels, one), threshold=threshold),
        word("alt_scores", lang, threshold=threshold, rows="; ".join(said)),
    )
