"""A release with what its reader must know beside it; every form of the report is made of this.

Rules kept here:

- Every figure comes from the release; shares are computed from shown figures only.
- The answer comes first, as a sentence.
- A reader sees beside the table what was hidden and why, who learnt what, and which basis was declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from linkage.disclosure.release import Expected, Release
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Table
from linkage.protocol.protections import DifferentialPrivacy
from linkage.protocol.stages import Fuzzy
from linkage.report import agreed, guarantee
from linkage.report.answers import answer
from linkage.report.coverage import Coverage, coverage
from linkage.report.figures import Figures, Line
from linkage.report.labels import Labels
from linkage.report.lang import Lang
from linkage.report.planned import OwnRows
from linkage.report.words import word

Quality = Mapping[str, Any]
"""`overlap`, `true_overlap`, `precision`, `recall`: only where the truth is known."""


@dataclass(frozen=True)
class ReleaseFile:
    """The file of a release, as the linkage unit made it; a recipient reads the codes in it before it is shown."""

    name: str
    """Its place in the folder of the linkage, with slashes."""
    digest: str
    """``sha256:<hex>``, the same at every recipient."""


@dataclass(frozen=True)
class Report:
    """A release with what its reader must know beside it."""

    protocol: Protocol
    release: Release
    lang: Lang
    quality: Quality | None = None
    own: OwnRows | None = None
    """What became of the reader's own rows; None to leave it out."""
    file: ReleaseFile | None = None
    """The file of the release; None where there is none to compare with."""

    def speaking(self, lang: Lang) -> Report:
        """The same in another language."""
        return replace(self, lang=lang)

    @cached_property
    def output(self) -> Table:
        """The output of the protocol that this answers."""
        return next(o for o in self.protocol.tables if o.name == self.release.output)

    @cached_property
    def labels(self) -> Labels:
        """What things are called."""
        return Labels(self.protocol, self.output, self.lang)

    @cached_property
    def figures(self) -> Figures:
        """The table."""
        return Figures(self.release, self.labels)

    @property
    def title(self) -> str:
        """The question in the reader's language."""
        return self.labels.text(self.output.title)

    @property
    def answer(self) -> str:
        """The answer, in a sentence or two."""
        return answer(self.figures)

    @property
    def headings(self) -> list[str]:
        """Labels of the columns, then persons, found or not found, share."""
        return self.figures.headings

    @property
    def lines(self) -> list[Line]:
        """The table: cells, subtotals, and the grand total last."""
        return self.figures.lines

    @property
    def notes(self) -> list[str]:
        """What the reader must know about the figures."""
        told = [*self._pooled, *self._meaning, *self._mark, agreed.rule(self.output, self.lang)]
        return [*told, *self.expected]

    @property
    def _meaning(self) -> list[str]:
        if self.output.question == "overlap":
            return [word("meaning", self.lang, places=self.labels.places(self.output.sources))]
        more = {"partition": "meaning_states", "union": "meaning_union"}.get(self.output.question)
        return [word(more, self.lang)] if more else []

    @property
    def _mark(self) -> list[str]:
        """What the mark of a hidden figure means, where there is one."""
        if not any(figure.status == "hidden" for line in self.lines for figure in line.figures):
            return []
        said = self.release.protection["minimum"]
        return [word("away_meaning", self.lang, mark=self.figures.mark, minimum=said)]

    @property
    def _pooled(self) -> list[str]:
        """Why the table is coarser than the protocol's."""
        pooled = [self.labels.column(name) for name in self.output.by if name not in self.release.by]
        return [word("pooled", self.lang, fields=f" {word('and', self.lang)} ".join(pooled))] if pooled else []

    @property
    def expected(self) -> list[str]:
        """What to expect of the links of every fuzzy stage."""
        return [self._expected(one) for one in self.release.expected]

    @property
    def no_quality(self) -> str:
        """Why nothing is told of the quality of the links; empty where something is."""
        if self.quality is not None or self.release.expected:
            return ""
        if isinstance(self.output.protection, DifferentialPrivacy):
            return word("quality_noise", self.lang)
        likeness = any(isinstance(stage, Fuzzy) for stage in self.protocol.matching.stages)
        return word("quality_few" if likeness else "quality_numbers", self.lang)

    def _expected(self, one: Expected) -> str:
        """One sentence on the quality of a stage."""
        shares = {"right": one.right, "found": one.found}
        hundredths = {name: [round(100 * share) for share in part] for name, part in shares.items()}
        sentence = word(
            "expected", self.lang, stage=one.stage + 1,
            right=hundredths["right"][0], right_low=hundredths["right"][1], right_high=hundredths["right"][2],
            found=hundredths["found"][0], found_low=hundredths["found"][1], found_high=hundredths["found"][2],
            strangers=word(f"strangers_{one.strangers}", self.lang), same=word(f"same_{one.same}", self.lang),
        )  # fmt: skip
        if len(self.protocol.custodians) == 2:
            return sentence
        left, right = (self.protocol.party(party).name for party in one.parties)
        return word("between", self.lang, left=left, right=right, sentence=sentence)

    @property
    def coverage(self) -> Coverage:
        """Which sources took part, and what they cannot know."""
        return coverage(self.labels, self.release)

    @property
    def learnt(self) -> list[tuple[str, str]]:
        """Party and what it learnt."""
        told = [(self.protocol.party(p).name, word("learnt_custodian", self.lang)) for p in self.output.to]
        return [*told, (self.protocol.unit.name, word("learnt_unit", self.lang))]

    @property
    def limits(self) -> list[str]:
        """What the protocol does not protect against."""
        return [*guarantee.collusion(self.protocol, self.lang), word("pseudonymised", self.lang)]

    @property
    def bases(self) -> list[list[str]]:
        """The declared basis of every direction of disclosure: from, to, what, article, law, decided."""
        rows = [row for party in self.protocol.party_ids for row in agreed.directions(self.protocol, party, self.lang)]
        return [[self.protocol.party(one).name, self.protocol.party(to).name, *rest] for one, to, *rest in rows]

    @property
    def digests(self) -> dict[str, str]:
        """What to compare with the other parties."""
        file = {word("digest_release", self.lang): self.file.digest} if self.file else {}
        return {word("digest", self.lang): self.protocol.digest, **file}

    @property
    def checks(self) -> list[str]:
        """How to compare, a line each."""
        file = [self._check(self.file.name)] if self.file else []
        return [word("check_protocol", self.lang), *file]

    def _check(self, name: str) -> str:
        return word("check_release", self.lang, name=name, windows=name.replace("/", "\\"))

    @property
    def quality_text(self) -> str:
        """Quality against the truth, or nothing where no truth is known."""
        if self.quality is None:
            return ""
        return word(
            "quality_text", self.lang, overlap=self.quality["overlap"], truth=self.quality["true_overlap"],
            precision=f"{self.quality['precision']:.4f}", recall=f"{self.quality['recall']:.4f}",
        )  # fmt: skip


def as_data(report: Report) -> dict[str, Any]:
    """The release with its labels, for ``--json``; the answer comes first."""
    release = asdict(report.release)
    return {
        "answer": report.answer,
        "title": report.title,
        "reference_date": report.release.reference_date,
        "rows": release.pop("parties"),
        **release,
        "notes": report.notes,
        "coverage": asdict(report.coverage),
        "learnt": dict(report.learnt),
        "limits": report.limits,
        "digest": report.file.digest if report.file else None,
    }


def as_json(report: Report) -> str:
    """`as_data` as text."""
    import json

    return json.dumps(as_data(report), ensure_ascii=False, indent=2) + "\n"
