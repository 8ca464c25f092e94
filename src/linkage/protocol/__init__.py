"""The protocol room: what was agreed, read strictly and checked.

- `load` reads a file into a frozen `Protocol` whose `digest` every other value carries.
- `lint.check` says what is wrong or weak about it, without changing it.
- `schema.json_schema` makes the JSON Schema with which editors complete protocol files.
"""

from linkage.protocol.load import load, loads
from linkage.protocol.model import Protocol

__all__ = ["Protocol", "load", "loads"]
