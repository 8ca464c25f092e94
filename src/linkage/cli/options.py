"""Options that every command shares, and how a command prints.

Rules kept here: the same flag means the same everywhere; a passphrase is never an argument.
"""

from __future__ import annotations

import json
import locale
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linkage.errors import InputError

if TYPE_CHECKING:
    from linkage.crypto.identity import Identity
    from linkage.report.lang import Lang
    from linkage.roles.home import Home

F = TypeVar("F", bound=Callable[..., Any])


def default_lang() -> str:
    """Dutch where the machine speaks Dutch, else English."""
    name = os.environ.get("LC_ALL") or os.environ.get("LANG") or (locale.getlocale()[0] or "")
    return "nl" if name.lower().startswith(("nl", "dutch")) else "en"


@dataclass(frozen=True)
class Options:
    """What the shared flags say."""

    home_path: Path
    as_json: bool
    lang: Lang
    quiet: bool
    passphrase_file: Path | None
    passphrase_fd: int | None

    @property
    def home(self) -> Home:
        """The home folder."""
        from linkage.roles.home import Home

        return Home(self.home_path)

    def unlock(self) -> Identity:
        """The identity of the home, by the passphrase."""
        home = self.home
        _ = home.card  # complain about a wrong folder before asking for a passphrase
        return home.unlock(self.passphrase())

    def passphrase(self, *, confirm: bool = False) -> bytes:
        """The passphrase, from file, descriptor or prompt.

        Raises:
            InputError: it cannot be read.
        """
        data = secret_bytes("passphrase", self.passphrase_file, self.passphrase_fd, confirm=confirm)
        try:  # one spelling of é on every keyboard: NFC, as RFC 8265 prescribes for passwords
            return unicodedata.normalize("NFC", data.decode("utf-8-sig")).encode()
        except UnicodeDecodeError:
            raise InputError("the passphrase is not UTF-8") from None

    def show(self, text: str, data: Any) -> None:
        """Print the result: text for a person, or data with ``--json``."""
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        elif text:
            click.echo(text)

    def warn(self, text: str) -> None:
        """Tell a person what they must know, on standard error, even where `--quiet` is asked for."""
        click.echo(text, err=True)

    def say(self, text: str) -> None:
        """Tell a person what is going on, on standard error."""
        if not self.quiet:
            click.echo(text, err=True)


def secret_bytes(what: str, path: Path | None, descriptor: int | None, *, confirm: bool = False) -> bytes:
    """What only its owner may read, from file, descriptor or prompt, without the end of its line.

    Raises:
        InputError: it cannot be read.
    """
    from linkage import files

    if path is not None:
        data = files.read(path, limit=4_096)
    elif descriptor is not None:
        try:
            with os.fdopen(descriptor, "rb") as stream:
                data = stream.read(4_096)
        except OSError as error:
            raise InputError(f"cannot read the {what}: {error.strerror}") from None
    else:
        data = click.prompt(what.capitalize(), hide_input=True, confirmation_prompt=confirm, err=True).encode()
    return data.rstrip(b"\r\n")


def shared(function: F) -> F:
    """Give a command the shared flags; it receives them as `options`."""

    @click.option(
        "--home",
        "home_path",
        type=click.Path(path_type=Path),
        default="linkage-home",
        envvar="LINKAGE_HOME",
        show_envvar=True,
        show_default=True,
        help="Home folder of the organisation.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")
    @click.option("--lang", type=click.Choice(["nl", "en"]), default=default_lang, help="Language of results.")
    @click.option("--quiet", is_flag=True, help="Say nothing on the way.")
    @click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        envvar="LINKAGE_PASSPHRASE_FILE",
        help="Read the passphrase from a file instead of asking.",
    )
    @click.option("--passphrase-fd", type=int, help="Read the passphrase from a file descriptor.")
    @wraps(function)
    def wrapper(
        home_path: Path,
        as_json: bool,
        lang: Lang,
        quiet: bool,
        passphrase_file: Path | None,
        passphrase_fd: int | None,
        **others: Any,
    ) -> Any:
        options = Options(home_path, as_json, lang, quiet, passphrase_file, passphrase_fd)
        return function(options=options, **others)

    return wrapper  # type: ignore[return-value]


in_protocol = click.option("--protocol", "name", help="Protocol id, folder or digest; needed when there are more.")
"""Which linkage is meant."""
file = click.Path(path_type=Path)
"""A file; whether it can be read is said by what reads it."""


def table(rows: dict[str, Any], indent: str = "  ") -> str:
    """Names and values below each other."""
    width = max((len(name) for name in rows), default=0)
    return "\n".join(f"{indent}{name.ljust(width)}  {value}" for name, value in rows.items())
