"""The linkage unit's room: which encodings belong to one person.

`match` joins the stages; `comparison` finds pairs, `assignment` chooses among them. Nothing here can import the
encoder or the linkage secret (import contract in pyproject.toml).
"""

from linkage.match.stages import match

__all__ = ["match"]
