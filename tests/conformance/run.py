"""Run the conformance suite against any client.

    python tests/conformance/run.py --client "python tests/conformance/client.py" [--only WORD] [--keep FOLDER]

Exit code 0 when the client does everything right, else 1 and a line for each wrong.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from conformance import cases  # noqa: E402


def main() -> int:
    """Make the suite, call the client for every case, and say what it did wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", default=f"{sys.executable} {HERE.parent / 'client.py'}")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--keep", type=Path, help="leave the files and manifest.json here")
    given = parser.parse_args()
    command = shlex.split(given.client)
    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)

        def run(case: cases.Case) -> tuple[int, str]:
            called = [*command, *case.arguments]
            done = subprocess.run(called, cwd=folder, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

        every = [case for case in cases.make(folder) if given.only in case.name]
        wrong = list(cases.failures(every, run))
    print("\n".join([*wrong, f"{len(every)} cases, {len(wrong)} wrong"]))
    return 1 if wrong or not every else 0


if __name__ == "__main__":
    sys.exit(main())
