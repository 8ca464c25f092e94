"""Releases of every question, made from exact counts as the linkage unit makes them, to be reported."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import protocols
from linkage.disclosure import answer as answers
from linkage.disclosure.persons import Persons
from linkage.disclosure.protect import Counted
from linkage.disclosure.release import Release, from_bytes, refuse_other
from linkage.links import Histogram, Judged
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Overlap, Table

TITLES = {
    "overlap": ("Gediplomeerden met een bijstandsuitkering", "Graduates receiving social assistance"),
    "complement": ("Gediplomeerden die niemand in beeld heeft", "Graduates whom nobody has in sight"),
    "union": ("Jongeren die wij samen kennen", "Young people whom we know together"),
    "partition": ("Werk en uitkering na het diploma", "Work and benefits after graduation"),
    "moves": ("Van 2025 naar 2026", "From 2025 to 2026"),
}
SOUGHT = (
    {"name": "work", "label": {"nl": "werk", "en": "work"}, "at": ("uwv",)},
    {"name": "benefits", "label": {"nl": "uitkering", "en": "benefits"}, "at": ("gemeente",)},
)


def _field(field: dict[str, Any]) -> dict[str, Any]:
    """All three have what is matched; categories are ones that are read, as a recipient has them at last."""
    if field["send"] in ("exact", "bloom"):
        return field | {"parties": ("mbo", "gemeente", "uwv")}
    return field | {"send": "category"} if field["send"] == "blinded" else field


def _split(name: str, nl: str, en: str, wave: str = "this") -> dict[str, Any]:
    return {"name": name, "label": {"nl": nl, "en": en}, "sought": SOUGHT, "wave": wave}


@functools.cache
def protocol() -> Protocol:
    """School, municipality and UWV; one output of every question, over level where there is a category."""
    said = loads(protocols.SHIPPED.encode(), name="p.yml").model_dump()
    uwv = said["parties"][1] | {"id": "uwv", "name": "UWV (fictief)", "cohort": ()}
    said["parties"] = (*said["parties"][:2], uwv, said["parties"][2])
    said["fields"] = tuple(map(_field, said["fields"]))
    said["waves"] = {"dates": ("2027-10-01",), "tokens": "kept", "kept_until": "2028-09-30"}
    shared = {key: said["outputs"][0][key] for key in ("to", "smallest_cohort", "protection")}
    pool = {"shown_at_least": 0.25, "tables": ()}
    own: dict[str, dict[str, Any]] = {
        "overlap": {"found_in": ("gemeente",), "by": ("level", "school-year"), "pool": said["outputs"][0]["pool"]},
        "complement": {"found_in": ("gemeente", "uwv"), "by": ("level",), "pool": pool},
        "union": {"of": ("mbo", "gemeente"), "by": (), "pool": None},
        "partition": {"by": ("level",), "splits": (_split("status", "Situatie", "Situation"),), "pool": pool},
        "moves": {
            "question": "partition", "by": (), "pool": None,
            "splits": (_split("before", "Situatie in 2025", "Situation in 2025", "previous"),
                       _split("after", "Situatie in 2026", "Situation in 2026")),
        },
    }  # fmt: skip
    said["outputs"] = tuple(
        {**shared, "name": name, "title": dict(zip(("nl", "en"), TITLES[name], strict=True)), "question": name,
         "of": ("mbo",), **more}
        for name, more in own.items()
    )  # fmt: skip
    return Protocol.model_validate(said)


def output(name: str, of: Protocol | None = None) -> Table:
    """An output of a protocol."""
    return next(one for one in (of or protocol()).tables if one.name == name)


def seen(links: int = 2_000) -> list[tuple[Judged, Histogram]]:
    """What to expect of the fuzzy stage between school and municipality, and its scores."""
    judged = Judged(
        1, ("mbo", "gemeente"), 0.5731, True, links, 0.97, 0.93, 0.99, 0.92, 0.88, 0.96, "registers", "scores"
    )
    spread = np.concatenate([np.linspace(0.575, 0.64, links // 10), 0.62 + 0.3 * np.linspace(0, 1, links) ** 1.3])
    return [(judged, Histogram.of(spread[: links + links // 10]))]


def release(name: str, cells: Sequence[int], part: Sequence[int] | None = None, links: int = 2_000) -> Release:
    """The release of an output of `protocol`, as a recipient takes it in.

    Args:
        name: of the output.
        cells: persons of each cell, in the order of the protocol.
        part: how many of these are found elsewhere.
        links: of the fuzzy stage between school and municipality.
    """
    p, one = protocol(), output(name)
    columns = [*one.by, *p.axes(one)]
    every = list(itertools.product(*(range(len(p.values(one, column))) for column in columns)))
    place = np.repeat(np.arange(len(every)), cells)
    codes = {column: np.asarray([cell[n] for cell in every])[place] for n, column in enumerate(columns)}
    for column in ("level", "school-year"):
        codes.setdefault(column, np.zeros(len(place), np.int64))
    group = np.arange(len(place))
    whom = Persons(group, np.zeros((len(place), 32), np.uint8), codes)
    asked = None
    if isinstance(one, Overlap) and part is not None:
        asked = np.concatenate([np.arange(n) < k for n, k in zip(cells, part, strict=True)])
    sizes = {"mbo": answers.Size(len(place), 0), "gemeente": answers.Size(9_870, 700), "uwv": answers.Size(41_300, 900)}
    made, _ = answers.answer(p, one, Counted(whom, asked, b"k" * 32), sizes, seen(links))
    data = made.to_bytes()
    taken = from_bytes(data, where=name)
    refuse_other(taken, p, where=name)
    return taken


@functools.cache
def every(persons: int) -> Mapping[str, Release]:
    """Releases about so many persons: 8 % on benefits, 50 % in work, 4 % both."""
    level = np.array([0.1, 0.35, 0.3, 0.25])
    year = np.array([0.3, 0.33, 0.37])
    states = np.array([0.04, 0.46, 0.04, 0.46])
    moves = np.array([[2, 1, 1, 0], [1, 38, 2, 5], [1, 4, 5, 2], [0, 12, 1, 25]]) / 100
    cells = {
        "overlap": np.outer(level, year), "complement": level, "union": np.array([1.4]),
        "partition": np.outer(level, states), "moves": moves,
    }  # fmt: skip
    part = {"overlap": np.array([0.08] * 12), "complement": np.array([0.5, 0.45, 0.4, 0.42])}
    links = persons // 5
    found = {}
    for name, shares in cells.items():
        counts = _whole(shares.ravel() * persons)
        some = np.round(counts * part[name]).astype(int).tolist() if name in part else None
        found[name] = release(name, counts, some, links)
    return found


def _whole(wanted: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    """Whole numbers with the same sum."""
    down = np.floor(wanted).astype(int)
    rest = round(float(wanted.sum())) - int(down.sum())
    order = np.argsort(down - wanted, kind="stable")
    down[order[:rest]] += 1
    return [int(n) for n in down]
