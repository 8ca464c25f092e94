"""A result as one HTML page, in both languages.

Rules kept here:

- The page holds everything it needs: no script, no font, no picture from elsewhere, no link that leads out of it.
- One language shows at a time, on screen and on paper; which, the reader chooses by a link within the page.
- Every picture has words that say the same; every table has headings that say what they head.
"""

from __future__ import annotations

from typing import Any

from linkage.report.lang import LANGUAGES
from linkage.report.picture import Moves, picture, scores
from linkage.report.result import Report
from linkage.report.words import word


def as_html(report: Report) -> str:
    """The report as one self-contained page; its language shows first."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("linkage.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    other = next(lang for lang in LANGUAGES if lang != report.lang)
    parts = [_part(report.speaking(other)), _part(report)]
    return environment.get_template("result.html").render(parts=parts, main=report.lang, title=report.title)


def _part(report: Report) -> dict[str, Any]:
    """What the template needs of one language."""

    def say(key: str) -> str:
        return word(key, report.lang)

    drawn = [
        (text, scores(report.labels, one)) for text, one in zip(report.expected, report.release.expected, strict=True)
    ]
    shown = picture(report.figures)
    notes = [note for note in report.notes if note not in report.expected]
    return {
        "report": report, "word": say, "picture": shown, "moves": isinstance(shown, Moves), "stages": drawn,
        "notes": notes, "lang": report.lang,
    }  # fmt: skip
