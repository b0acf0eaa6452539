"""How the command meets the person at the terminal: dates, progress, sentences, a reader who has had enough."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upswell.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from upswell.configuration.settings import Config
    from upswell.store.ledger import Ledger

WRONG = 1
"""The exit code of a command that found something wrong, and said so."""

_LOGGERS = ("upswell", "upswell_webhooks", "upswell_connectors")


def day(text: str) -> date:
    """Return the calendar day that ``text`` names in ISO 8601. Raises BadParameter where there is none such."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date: write one as 2026-11-16") from None


def formats(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the option --format, passed to it as ``form``, with the first name as its default."""
    kind = click.Choice(names)
    return click.option("--format", "form", type=kind, default=names[0], show_default=True, help="How it is printed.")


class Commands(click.Group):
    """The group of commands; one whose reader has enough ends well."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command and write out all of its output, also what the terminal has no letters for."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            code = super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered would fail once more when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return code


def ask(words: str, default: str, check: Callable[[str], object]) -> str:
    """Ask until ``check`` raises no ConfigError, and return the answer as it was typed."""

    def checked(text: str) -> str:
        try:
            check(text)
        except ConfigError as error:
            raise click.BadParameter(str(error)) from None
        return text

    return str(click.prompt(words, default=default, show_default=bool(default), value_proc=checked))


def show(draw: "Callable[[Console], None]", text: Callable[[], str]) -> None:
    """Draw on standard output where it is a terminal, and write plain text where it is not."""
    if not sys.stdout.isatty():
        click.echo(text(), nl=False)
        return
    from rich.console import Console

    draw(Console())


def configured(named: Path | None) -> "Config":
    """Load the configuration that ``--config`` names, or the one found without it. Raises ConfigError."""
    from upswell.configuration.config import load

    return load(named)


@contextmanager
def reading(config: "Config") -> "Iterator[Ledger]":
    """Open the ledger of a command that reads, and say what its figures do not hold yet."""
    from upswell.store.ledger import Ledger

    with Ledger(config.ledger.path) as ledger:
        tell_backlog(ledger)
        yield ledger


def tell(sentences: Iterable[str]) -> None:
    """Say each sentence on a line of standard error."""
    for sentence in sentences:
        click.echo(sentence, err=True)


def tell_backlog(ledger: "Ledger") -> None:
    """Say on standard error what was accepted and is in no figure yet."""
    from upswell.store.backlog import backlog, note

    if sentence := note(backlog(ledger)):
        tell([sentence])


@contextmanager
def progress(doing: str = "Applying") -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar named ``doing`` on a terminal's standard error while the block runs; give what moves it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def log_everything() -> None:
    """Log what Upswell does on standard error; not what libraries do, which would show addresses that are secret."""
    import logging

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
