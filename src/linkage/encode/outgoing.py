"""The last look at what leaves.

Rule kept here: the plaintext of a package holds no run of nine digits that passes the 11-proof, in ASCII or
UTF-16. In random bytes such a run turns up by chance about once in 10^13 places, so a hit is a fault, not luck.
"""

from __future__ import annotations

import re

from stdnum.nl import bsn

from linkage.errors import Refused

_DIGITS = re.compile(rb"\d{9,}")
_WIDE = re.compile(rb"\d(?:\x00\d){8,}")  # either end first


def refuse_numbers(data: bytes) -> None:
    """Refuse bytes that hold a person number.

    Raises:
        Refused: somewhere stand nine digits that pass the 11-proof; the message says where, not what.
    """
    for pattern in (_DIGITS, _WIDE):
        for match in pattern.finditer(data):
            digits = match.group().replace(b"\0", b"").decode("ascii")
            if any(bsn.is_valid(digits[i : i + 9]) for i in range(len(digits) - 8)):
                raise Refused(
                    f"nine digits that pass the 11-proof at byte {match.start()}: nothing was sealed",
                    hint="This is a fault in linkage: please report it, without the data.",
                )
