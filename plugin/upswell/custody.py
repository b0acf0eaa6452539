"""The commands that look after the ledger itself: what came in, copies of it, and what must be forgotten."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upswell.console import WRONG, configured, formats, progress, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from upswell.arrivals import Arrival

_STATES = ("failed", "waiting", "received", "applied", "ignored")


@click.command()
@click.argument("event", required=False, metavar="ID")
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
    from upswell import arrivals
    from upswell.ledger import Ledger

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
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@click.pass_obj
def backup(named: Path | None, /, *, file: Path, force: bool) -> None:
    """Copy the ledger to FILE, also beside `serve`."""
    from upswell import backup as work
    from upswell.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger, progress("Copying") as moved:
        size = work.backup(ledger, file, force=force, progress=moved)
    click.echo(f"{config.ledger.path} is copied to {file} and checked: {size:,} bytes")


@click.command()
@click.argument("customer", metavar="CUSTOMER")
@click.option("--yes", is_flag=True, help="Do so without asking.")
@click.pass_obj
def forget(named: Path | None, /, *, customer: str, yes: bool) -> int:
    """Forget who a customer is; figures stay."""
    from upswell import forgetting
    from upswell.ledger import Ledger

    config = configured(named)
    with Ledger(config.ledger.path) as ledger:
        _, customers = forgetting.find(ledger, customer)
        listed = ", ".join(customers)
        confirm(f"Forget name, address and metadata of {listed}? This cannot be undone.", yes=yes)
        with progress("Looking through events") as moved:
            done = forgetting.forget(ledger, config.rules, customer, progress=moved)
    click.echo(f"{listed} is {done.pseudonym} now. Amounts, times and Stripe's ids stay; backups are as they were.")
    if not done.erased:
        tell(["The running `upswell serve` has yet to write the ledger's file anew: it does so when nobody reads it."])
    return 0 if done.erased else WRONG


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone, unless ``yes``. Raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Say so with --yes.")
    click.confirm(question, abort=True, err=True)


def _list(found: "Sequence[Arrival]", form: str, zone: "ZoneInfo") -> None:
    from upswell import listing

    if form == "json":
        click.echo(listing.arrivals_as_json(found))
    else:
        listing.arrivals_table(found, zone, sys.stdout)


CUSTODY = (events, backup, forget)
