"""The commands that take in what others count."""

import time
from pathlib import Path

import click

from upswell.commands.console import WRONG, configured, progress, tell
from upswell.errors import UpswellError


@click.group("import")
def take_in() -> None:
    """Take in what others count."""


@take_in.command()
@click.argument("file", metavar="FILE.csv")
@click.pass_obj
def usage(named: Path | None, /, file: str) -> int:
    """Take in usage and milestones from a CSV file.

    "-" is standard input. What was taken in before is known again; a row that says something else corrects it.
    """
    from upswell.intake.replay import refuse_missing
    from upswell.intake.usage_file import take_in as work
    from upswell.store.ledger import Ledger

    config = configured(named)
    refuse_missing([file], "usage")
    with Ledger(config.ledger.path) as ledger, progress("Taking in") as moved:
        done = work(ledger, file, int(time.time()), lambda sentence: tell([sentence]), progress=moved)
    written = done.written
    if written.strangers:
        tell([f"{written.strangers} are of customers that the ledger does not know yet: they count once it does."])
    if written.forgotten:
        tell([f"{written.forgotten} are of customers who are forgotten: they are not kept."])
    click.echo(
        f"{written.new} new, {written.corrected} corrected, {written.known} known already, {done.bad} bad; "
        f"the ledger is {config.ledger.path}"
    )
    return WRONG if done.bad else 0


@take_in.command()
@click.pass_obj
def meters(named: Path | None, /) -> int:
    """Read at Stripe what customers used of billing meters so far.

    `upswell serve` does it every six hours. One request a customer and meter; a round that was ended goes on.
    """
    from upswell.fetching.metering import read_meters
    from upswell.fetching.preflight import check_key, identify
    from upswell.store.ledger import Ledger
    from upswell_connectors.client import Client

    config = configured(named)
    check_key(config)
    with Ledger(config.ledger.path) as ledger, progress("Reading meters") as moved:
        client = Client(config.stripe)
        identify(ledger, config, client)
        done = read_meters(ledger, config, client, progress=moved)
    if done.trouble:
        raise UpswellError(done.trouble)
    click.echo(f"{done.readings} readings of meters, with {done.requests} requests; the ledger is {config.ledger.path}")
    return 0


IMPORTING = (take_in,)
