"""The commands that take in what others count."""

import time
from pathlib import Path

import click

from upswell.console import WRONG, configured, progress, tell


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
    from upswell.ledger import Ledger
    from upswell.replay import refuse_missing
    from upswell.usage_file import take_in as work

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


IMPORTING = (take_in,)
