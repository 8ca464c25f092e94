"""The languages of the reports.

Rule kept here: every text exists in both, under one key (tests/report/test_words.py).
"""

from __future__ import annotations

from typing import Literal

Lang = Literal["nl", "en"]
LANGUAGES: tuple[Lang, ...] = ("nl", "en")
Texts = dict[str, dict[Lang, str]]
"""Per key a text in every language, with the same places to fill in."""
