"""The command ``upswell``: what each subcommand takes, calls and says.

Commands import what they need when they run, so that ``--help`` answers at once.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upswell import __version__
from upswell.commands.console import (
    WRONG,
    Commands,
    ask,
    configured,
    day,
    formats,
    log_everything,
    progress,
    reading,
    show,
    tell,
    tell_backlog,
)
from upswell.commands.custody import CUSTODY
from upswell.commands.importing import IMPORTING
from upswell.commands.inquiries import INQUIRIES
from upswell.commands.upkeep import UPKEEP
from upswell.configuration.questions import QUESTIONS, Question
from upswell.errors import ConfigError, UpswellError

if TYPE_CHECKING:
    from upswell.configuration.settings import Config
    from upswell_connectors.stripe_api import StripeApi

INTERRUPTED = 130

_FILE = click.Path(path_type=Path, dir_okay=False)


def run(arguments: Sequence[str]) -> int:
    """Run the command with ``arguments`` and return its exit code; an expected error is one sentence on stderr."""
    try:
        code = upswell.main(list(arguments), prog_name="upswell", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except UpswellError as error:
        click.echo(str(error), err=True)
        return WRONG
    return code if isinstance(code, int) else 0


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", type=_FILE, help="The configuration (default: $UPSWELL_CONFIG, then ./config.toml).")
@click.option("-v", "--verbose", is_flag=True, help="Tell on standard error what happens inside.")
@click.version_option(__version__, prog_name="upswell")
@click.pass_context
def upswell(context: click.Context, config: Path | None, *, verbose: bool) -> None:
    """Expansion revenue for Stripe: every movement of MRR, its cause, and summaries by week and month."""
    context.obj = config
    if verbose:
        log_everything()


for _command in (*INQUIRIES, *CUSTODY, *IMPORTING, *UPKEEP):
    upswell.add_command(_command)


@upswell.command()
@click.option("--today", type=day, metavar="DATE", help="The day after the year's last one (default: today).")
@click.option("--path", type=_FILE, default="upswell-demo.db", show_default=True, help="The ledger it writes.")
def demo(today: date | None, path: Path) -> None:
    """Show a sample company's year and the summary of its last week."""
    from rich.console import Console

    from upswell.commands.demo import run as play

    play(today or date.today(), path, Console())  # noqa: DTZ011 - the day of whoever looks on


def _flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``init`` one flag a question."""
    for question in reversed(QUESTIONS):
        command = click.option(question.flag, help=f"{question.words}.")(command)
    return command


@upswell.command()
@_flags
@click.option("--yes", is_flag=True, help="Ask nothing: take the flags, and the defaults for the rest.")
@click.pass_obj
def init(named: Path | None, /, *, yes: bool, **given: str | None) -> None:
    """Write config.toml by asking; every question has a flag."""
    from upswell.commands import setup

    path = named or Path(os.environ.get("UPSWELL_CONFIG") or "config.toml")
    setup.refuse_existing(path)
    try:
        answers = setup.collect(given, None if yes or not sys.stdin.isatty() else _ask)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    setup.write(path, answers)
    click.echo(setup.next_steps(path, answers))


def _ask(question: Question) -> str:
    """Ask on the terminal until the answer is allowed, and return it as it was typed."""
    from upswell.commands import setup

    def check(text: str) -> None:
        if text or question.needed:
            setup.answer(question, text)

    return ask(question.words, setup.default(question), check)


@upswell.command()
@click.pass_obj
def serve(named: Path | None) -> None:
    """Receive webhooks, apply them, and post summaries."""
    from upswell.serving.serve import run as receive

    receive(configured(named))


@upswell.command()
@click.option("--full", is_flag=True, help="Read every list again, whole, however recently that was done.")
@click.pass_obj
def backfill(named: Path | None, /, *, full: bool) -> int:
    """Read all history from Stripe.

    It may be interrupted and run again: it goes on where it stopped. A later run reads what may have changed.
    """
    from upswell.fetching import backfill as work
    from upswell.fetching.backfilled import remarks, sentences
    from upswell.fetching.preflight import check_key
    from upswell.render import reads
    from upswell.render.gauges import gauges
    from upswell.store.ledger import Ledger

    config = configured(named)
    check_key(config)
    with Ledger(config.ledger.path, create=True) as ledger:
        try:
            with gauges() as watch:
                done = work.backfill(ledger, config, watch, full=full)
        except KeyboardInterrupt:
            tell(["What was read is kept: `upswell backfill` goes on where it stopped"])
            raise
        tell_backlog(ledger)
    said = list(sentences(done, str(config.ledger.path)))
    show(partial(reads.show, done.rows, said), partial(reads.text, done.rows, said))
    tell(remarks(done))
    return WRONG if done.unread_count or done.applied.failed else 0


@upswell.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.pass_obj
def replay(named: Path | None, files: tuple[str, ...]) -> int:
    """Feed in recorded Stripe events, the way webhooks come in.

    A FILE holds one event, a list, a Stripe list object, or one event a line; it may be a .gz. "-" is standard input.
    """
    from upswell.intake.replay import refuse_missing
    from upswell.intake.replay import replay as take_in
    from upswell.store.ledger import Ledger

    config = configured(named)
    refuse_missing(files)
    with Ledger(config.ledger.path, create=True) as ledger:
        with progress() as moved:
            done = take_in(ledger, config.rules, files, _lookup(config), progress=moved)
        tell(done.broken)
        tell_backlog(ledger)
    click.echo(
        f"{done.new} new, {done.known} known already, {len(done.broken)} broken; the ledger is {config.ledger.path}"
    )
    return WRONG if done.broken or done.applied.failed else 0


@upswell.command()
@click.pass_obj
def retry(named: Path | None) -> int:
    """Apply what failed or waits, once the cause is gone."""
    from upswell.intake import applying
    from upswell.store.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger:
        done = applying.retry(ledger, config.rules, _lookup(config))
        tell_backlog(ledger)
    click.echo(f"{done.applied} applied, {done.waiting} waiting, {done.failed} failed")
    return WRONG if done.failed else 0


@upswell.command()
@click.option("--week", metavar="WEEK", help="Such as 2026-W46 (default: the running week; with --post the last one).")
@click.option("--month", metavar="MONTH", help="Such as 2026-11: a month instead of a week.")
@formats("text", "json", "slack", "html")
@click.option(
    "--post", is_flag=True, help="Send it to the configured channels; nothing is printed but what became of it."
)
@click.option("--open", "look", is_flag=True, help="Write what would be sent (slack or html) to a file, and open it.")
@click.pass_obj
def summary(named: Path | None, week: str | None, month: str | None, form: str, *, post: bool, look: bool) -> int:
    """Print, or post, the summary of a week, or of a month."""
    from upswell.posting import preview, reports
    from upswell.report.periods import Month, Week

    if week is not None and month is not None:
        raise click.UsageError("--week and --month name two periods: give one of them")
    if look and (post or form not in preview.NAMES):
        raise click.UsageError("--open shows what would be sent: add --format html or --format slack, and no --post")
    name, kind = (week, Week) if month is None else (month, Month)
    config = configured(named)
    with reading(config) as ledger:
        if post:
            outcomes = reports.post_period(ledger, config, name, kind=kind)
        else:
            told = reports.period_summary(ledger, config, name, kind=kind, trend=form == "html")
            (_open_summary if look else _print_summary)(told, form)
            outcomes = []
    for outcome in outcomes:
        click.echo(outcome.text, err=not outcome.ok)
    return 0 if all(outcome.ok for outcome in outcomes) else WRONG


def _open_summary(told: Any, form: str) -> None:
    from upswell.posting import preview, reports

    path = preview.write(reports.render_as(told, form), form, told.period.name)
    click.echo(str(path))
    if form == "slack":
        tell(["Paste it into https://app.slack.com/block-kit-builder to see it as Slack shows it"])
    if not preview.show(path):
        tell(["No browser was found to open it in"])


def _print_summary(told: Any, form: str) -> None:
    from upswell.posting import reports

    if form == "text":
        from upswell.render import terminal

        show(partial(terminal.show, told), partial(terminal.text, told))
    else:
        click.echo(reports.render_as(told, form).rstrip("\n"))


def _lookup(config: "Config") -> "StripeApi | None":
    """Return what asks Stripe for facts that events leave out; None without a key."""
    if config.stripe.api_key is None:
        return None
    from upswell_connectors.stripe_api import StripeApi

    return StripeApi(config.stripe)
