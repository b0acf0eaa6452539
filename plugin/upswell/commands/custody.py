"""The commands that look after the ledger itself: what came in and goes out, copies of it, what must be forgotten."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upswell.commands.console import WRONG, configured, formats, progress, tell
from upswell.errors import UpswellError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from upswell.configuration.settings import Config
    from upswell.store.arrivals import Arrival
    from upswell.store.dispatches import Dispatch
    from upswell.store.ledger import Ledger

_STATES = ("failed", "waiting", "received", "applied", "ignored")


@click.command()
@click.argument("event", required=False, metavar="[ID]")
@click.option("--state", type=click.Choice(_STATES), help="Those in one state.")
@click.option(
    "--type", "kind", metavar="TYPE", help="Those of one type, such as invoice.paid, or of several: invoice.*"
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@formats("table", "json")
@click.option("--forget", metavar="ID", help="Throw away an event that failed; it cannot be undone.")
@click.option("--yes", is_flag=True, help="Do so without asking.")
@click.pass_obj
def events(
    named: Path | None, /, *, event: str | None, form: str, forget: str | None, yes: bool, **wanted: Any
) -> None:
    """List what Stripe sent, or show one event."""
    from upswell.store import arrivals
    from upswell.store.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger:
        if forget:
            confirm(f"Throw away {forget}? This cannot be undone.", yes=yes)
            arrivals.drop(ledger, forget)
            click.echo(f"{forget} is gone. Should Stripe send it again, it is taken in as a new event.")
        elif event:
            click.echo(arrivals.body(ledger, event))
        else:
            _list(arrivals.arrivals(ledger, **wanted), form, config.report.timezone)


@click.command()
@click.argument("message", required=False, metavar="[ID]")
@click.option("--state", type=click.Choice(("waiting", "sent", "gave_up")), help="Those in one state.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@formats("table", "json")
@click.option("--resend", metavar="ID|all", help="Try again what was given up.")
@click.option("--drop", metavar="ID|all", help="Throw away what was given up; it cannot be undone.")
@click.option("--test", metavar="NAME", help="Send a test message to an endpoint, and say what it answers.")
@click.option("--yes", is_flag=True, help="Do so without asking.")
@click.pass_obj
def hooks(
    named: Path | None,
    /,
    *,
    message: str | None,
    form: str,
    resend: str | None,
    drop: str | None,
    test: str | None,
    yes: bool,
    **wanted: Any,
) -> int:
    """List outgoing webhooks, or show one message."""
    from upswell.store import dispatches
    from upswell.store.ledger import Ledger
    from upswell.telling import hooks as work

    if sum(map(bool, (message, resend, drop, test))) > 1:
        raise click.UsageError("ID, --resend, --drop and --test exclude each other")
    config = configured(named)
    with Ledger(config.ledger.path) as ledger:
        if test:
            return _test(ledger, config, test)
        if resend:
            done = dispatches.resend(ledger, None if resend == "all" else resend, int(time.time()))
            click.echo(f"{done} to be sent again: `upswell serve` does it within a minute.")
            stopped = dispatches.stopped(ledger)
            names = [hook.name for hook in config.hooks if stopped.get(hook.destination) == hook.mark]
            tell(f"{name} answered 410: nothing is sent there before `upswell hooks --test {name}`." for name in names)
        elif drop:
            confirm(f"Throw away what was given up of {drop}? This cannot be undone.", yes=yes)
            click.echo(f"{dispatches.drop(ledger, None if drop == 'all' else drop)} thrown away.")
        elif message:
            click.echo(work.body(ledger, dispatches.notice(ledger, message), people=False).decode())
        else:
            _list_dispatches(dispatches.listed(ledger, **wanted), form, config.report.timezone)
    return 0


def _test(ledger: "Ledger", config: "Config", name: str) -> int:
    from upswell.telling import hooks as work

    hook = next((hook for hook in config.hooks if hook.name == name), None)
    if hook is None:
        names = ", ".join(hook.name for hook in config.hooks) or "none"
        raise UpswellError(f'There is no [[hooks.endpoint]] with the name "{name}": there is {names}')
    answer = work.send_test(ledger, hook, int(time.time()))
    click.echo(f"{name} has {f'not taken it: {answer.error}' if answer.error else 'taken the test message'}.")
    return WRONG if answer.error else 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@click.pass_obj
def backup(named: Path | None, /, *, file: Path, force: bool) -> None:
    """Copy the ledger to FILE, also beside `serve`."""
    from upswell.store import backup as work
    from upswell.store.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger, progress("Copying") as moved:
        size = work.backup(ledger, file, force=force, progress=moved)
    click.echo(f"{config.ledger.path} is copied to {file} and checked: {size:,} bytes")


_YET_TO_ERASE = (
    "The running `upswell serve` has yet to write the ledger's file anew: it does so when nobody reads it, "
    "and where the file is larger than 256 MB at its next start, because webhooks would wait too long."
)


@click.command()
@click.argument("customer", metavar="CUSTOMER")
@click.option("--yes", is_flag=True, help="Do so without asking.")
@click.pass_obj
def forget(named: Path | None, /, *, customer: str, yes: bool) -> int:
    """Forget who a customer is; figures stay."""
    from upswell.intake import forgetting
    from upswell.store.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger:
        _, customers = forgetting.find(ledger, customer)
        listed = ", ".join(customers)
        confirm(f"Forget name, address and metadata of {listed}? This cannot be undone.", yes=yes)
        with progress("Looking through events") as moved:
            done = forgetting.forget(ledger, config.rules, customer, progress=moved)
    click.echo(f"{listed} is {done.pseudonym} now. Amounts, times and Stripe's ids stay; backups are as they were.")
    if not done.erased:
        tell([_YET_TO_ERASE])
    return 0 if done.erased else WRONG


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone, unless ``yes``. Raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Say so with --yes.")
    click.confirm(question, abort=True, err=True)


def _list_dispatches(found: "Sequence[Dispatch]", form: str, zone: "ZoneInfo") -> None:
    from upswell.render import listing

    if form == "json":
        click.echo(listing.dispatches_as_json(found))
    else:
        listing.dispatches_table(found, zone, sys.stdout)


def _list(found: "Sequence[Arrival]", form: str, zone: "ZoneInfo") -> None:
    from upswell.render import listing

    if form == "json":
        click.echo(listing.arrivals_as_json(found))
    else:
        listing.arrivals_table(found, zone, sys.stdout)


CUSTODY = (events, hooks, backup, forget)
