"""Which sources took part, what each tells, and what none of them can know.

Rule kept here: "not found in the participating sources" comes with the sources, their sizes, and everything else that
it can mean; what the linkage missed is told as estimated, or that it was not.
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage.disclosure.release import Expected, Release
from linkage.protocol.outputs import Partition
from linkage.report.labels import Labels
from linkage.report.words import word


@dataclass(frozen=True)
class Source:
    """A custodian."""

    name: str
    rows: str
    """How many took part, or that it is hidden."""
    tells: str
    """What is known from it."""


@dataclass(frozen=True)
class Coverage:
    """What an answer rests on."""

    sources: tuple[Source, ...]
    lead: str
    """What "not found" says; empty where the question is not about that."""
    caveats: tuple[str, ...]
    """What it can also mean."""


def coverage(labels: Labels, release: Release) -> Coverage:
    """What the answer of a release rests on."""
    sources = []
    for party in [custodian.id for custodian in labels.protocol.custodians]:
        rows = release.parties[party]
        shown = word("hidden", labels.lang) if rows is None else word("about", labels.lang, count=rows)
        sources.append(Source(labels.protocol.party(party).name, shown, "; ".join(_tells(labels, party))))
    if labels.output.question not in ("complement", "partition"):
        return Coverage(tuple(sources), "", ())
    missed = [_missed(labels, one) for one in release.expected] or [word("cover_missed", labels.lang)]
    others = [word(key, labels.lang) for key in ("cover_left_out", "cover_other", "cover_gone")]
    lead = word("cover_lead", labels.lang, places=labels.places(labels.output.sources))
    return Coverage(tuple(sources), lead, (*missed, *others))


def _tells(labels: Labels, party: str) -> list[str]:
    output = labels.output
    told = [word("tells_counted", labels.lang)] if party in output.of else []
    if isinstance(output, Partition):
        for one in [one for split in output.splits for one in split.sought if party in one.at]:
            what = labels.text(one.label)
            told.append(word("tells_values", labels.lang, what=what, values=", ".join(one.only)) if one.only else what)
    elif party in output.sources:
        told.append(word("tells_known", labels.lang))
    return list(dict.fromkeys(told)) or [word("tells_nothing", labels.lang)]


def _missed(labels: Labels, one: Expected) -> str:
    middle, low, high = (round(100 * (1 - share)) for share in one.found)
    pair = between(labels, one)
    return word("cover_missed_of", labels.lang, missed=middle, low=high, high=low, stage=one.stage + 1, pair=pair)


def between(labels: Labels, one: Expected) -> str:
    """Which two custodians an estimate is about, where there are more."""
    if len(labels.protocol.custodians) == 2:
        return ""
    left, right = (labels.protocol.party(party).name for party in one.parties)
    return word("cover_pair", labels.lang, left=left, right=right)
