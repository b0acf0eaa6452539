"""The commands that ask the ledger what happened, why, and whether all is well."""

import sys
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upswell.commands.console import WRONG, configured, day, formats, progress, reading, show, tell
from upswell.core.kinds import DRIVERS, KINDS, ORIGINS
from upswell.errors import UpswellError

if TYPE_CHECKING:
    from upswell.configuration.settings import Config
    from upswell.store.ledger import Ledger


@click.command()
@click.option("--since", type=day, metavar="DATE", help="The first day, in the report's time zone.")
@click.option("--until", type=day, metavar="DATE", help="The day after the last one (default: up to now).")
@click.option("--customer", metavar="ID", help="One customer's.")
@click.option("--kind", type=click.Choice(KINDS), help="One kind's.")
@click.option("--driver", type=click.Choice(DRIVERS), help="One driver's.")
@click.option("--origin", type=click.Choice(ORIGINS), help="One origin's.")
@click.option("--currency", metavar="CODE", help="One currency's, such as usd.")
@formats("table", "csv", "jsonl")
@click.pass_obj
def movements(named: Path | None, /, form: str, **wanted: Any) -> None:
    """List the movements of MRR, oldest first."""
    from upswell.render import listing
    from upswell.store import books

    config = configured(named)
    with reading(config) as ledger:
        found = books.movements(ledger, **_query(config, **wanted))
        if not found:
            _check_customer(ledger, wanted["customer"])
        if form == "table":
            names = books.names(ledger, {movement.customer for movement in found})
            listing.table(found, names, config.report.timezone, sys.stdout)
        elif form == "csv":
            listing.comma_separated(found, sys.stdout)
        else:
            listing.json_lines(found, sys.stdout)


def _query(
    config: "Config", since: date | None, until: date | None, currency: str | None, **wanted: str | None
) -> dict[str, Any]:
    """Return what ``books.movements`` takes: days become instants of the report's time zone."""
    from upswell.core.clocks import midnight

    zone = config.report.timezone
    return {
        "since": midnight(since, zone) if since else None,
        # What happened within this very second has happened; the end is exclusive.
        "until": midnight(until, zone) if until else int(time.time()) + 1,
        "currency": currency.lower() if currency else None,
        **wanted,
    }


def _check_customer(ledger: "Ledger", customer: str | None) -> None:
    from upswell.store import books

    if customer and not books.movements(ledger, customer=customer):
        raise UpswellError(f"The ledger {ledger.path} has no movement of a customer {customer}: check the id")


@click.command()
@click.argument("who", metavar="CUSTOMER|MOVEMENT")
@formats("text", "json")
@click.pass_obj
def explain(named: Path | None, /, who: str, form: str) -> None:
    """Say why: a customer's timeline, or how a movement comes about.

    Ids of both are in `upswell movements --format jsonl`.
    """
    import json

    from upswell.answers import explanation

    config = configured(named)
    with reading(config) as ledger:
        told = explanation.why(ledger, config.rules, who, int(time.time()))
    if form == "json":
        click.echo(json.dumps(explanation.as_json(told), indent=2, ensure_ascii=False))
        return
    from upswell.render import why

    show(partial(why.show, told, config.report.timezone), partial(why.text, told, config.report.timezone))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would change: nothing is written.")
@click.pass_obj
def reclassify(named: Path | None, /, *, dry_run: bool) -> int:
    """Rebuild all under the current rules; say what changed.

    It may be interrupted and run again: it goes on where it stopped.
    """
    from upswell.intake import reclassify as work

    config = configured(named)
    with reading(config) as ledger, progress("Rebuilding") as moved:
        done = (work.preview if dry_run else work.reclassify)(ledger, config.rules, progress=moved)
    from upswell.render import differences

    title = differences.headline(done.differences, done=not dry_run)
    if dry_run:
        title += " Nothing was written."
    if done.since is not None:
        title += f"\n{differences.since(done.since, done.applied, config.report.timezone)}"
    show(partial(differences.show, done.differences, title), partial(differences.text, done.differences, title))
    tell(f"Not rebuilt: {reason}" for reason in done.failed)
    return WRONG if done.failed else 0


@click.command()
@click.option("--thorough", is_flag=True, help="Rebuild every customer for comparison, not a sample of 200.")
@click.pass_obj
def doctor(named: Path | None, /, *, thorough: bool) -> int:
    """Check all that `serve` needs, and say what to do about it."""
    from upswell.doctor.examination import findings

    with progress("Checking") as moved:
        found = list(findings(configured(named), int(time.time()), thorough=thorough, progress=moved))
    for finding in found:
        click.echo(f"{'ok  ' if finding.well else 'FIX '} {finding.subject:<15} {finding.text}")
    return 0 if all(finding.well for finding in found) else WRONG


@click.command()
@click.option("--customer", metavar="ID", help="One customer's; where it has none, why not.")
@click.option("--backtest", is_flag=True, help="Replay history: how often expansion followed a signal.")
@formats("table", "json", "csv")
@click.pass_obj
def signals(named: Path | None, /, customer: str | None, form: str, *, backtest: bool) -> None:
    """List who is ready for more, and why, the highest score first.

    Whoever is due is looked at first, as `upswell serve` does it every five minutes.
    """
    if customer and backtest:
        raise click.UsageError("--backtest is about all customers: leave out --customer")
    config = configured(named)
    with reading(config) as ledger:
        (_replay(ledger, config, form) if backtest else _list_ready(ledger, config, customer, form))


def _replay(ledger: "Ledger", config: "Config", form: str) -> None:
    from upswell.answers.backtest import backtest
    from upswell.render.backtest import FORMATS

    with progress("Replaying") as moved:
        found = backtest(ledger, config, int(time.time()), progress=moved)
    FORMATS[form](found, sys.stdout)


def _list_ready(ledger: "Ledger", config: "Config", customer: str | None, form: str) -> None:
    from upswell.intake import looking
    from upswell.render import ready
    from upswell.store import books, raised

    now = int(time.time())
    account = looking.account_of(ledger, customer) if customer else None
    with progress("Looking") as moved:
        looking.look(ledger, config, now, progress=moved)
    found = raised.standing(ledger, customer=account)
    if customer and not found:
        tell([looking.why_none(ledger, config, customer, now)])
    names = books.names(ledger, {one.customer for one in found})
    ready.FORMATS[form](found, names, sys.stdout)


INQUIRIES = (movements, explain, signals, reclassify, doctor)
