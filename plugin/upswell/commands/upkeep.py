"""The commands that keep Stripe and the ledger in line."""

import json
from functools import partial
from pathlib import Path

import click

from upswell.commands.console import WRONG, configured, formats, progress, show


@click.command()
@click.argument("address", metavar="URL|ENDPOINT", required=False)
@click.option("--list", "listed", is_flag=True, help="Only list the account's endpoints, and what is wrong with each.")
@click.option("--rotate", is_flag=True, help="Make a new endpoint with a new secret beside the old one.")
@click.option("--remove", is_flag=True, help="Take the endpoint away.")
@click.pass_obj
def connect(named: Path | None, /, address: str | None, *, listed: bool, rotate: bool, remove: bool) -> None:
    """Create the webhook endpoint at Stripe, or mend it.

    URL is where Stripe reaches `upswell serve` (default: public_url); an ENDPOINT such as we_1 can be removed. The API
    key must be allowed to write webhook endpoints for this command, and nothing else; all others only read.
    """
    from upswell.fetching.connecting import Connection

    config = configured(named)
    target = address or config.server.public_url
    if listed + rotate + remove > 1:
        raise click.UsageError("--list, --rotate and --remove exclude each other")
    if not (listed or target):
        raise click.UsageError("A URL is needed, here or as public_url under [server]")
    connection = Connection(config)
    if listed:
        from upswell.render import endpoints

        found = connection.endpoints()
        show(partial(endpoints.show, found), partial(endpoints.text, found))
        return
    work = connection.rotate if rotate else connection.remove if remove else connection.connect
    done = work(str(target))
    for sentence in done.sentences:
        click.echo(sentence)
    if done.secret:
        click.echo(done.secret.reveal())


@click.command()
@click.option("--heal", is_flag=True, help="Close each difference by a marked movement.")
@formats("table", "json")
@click.pass_obj
def reconcile(named: Path | None, /, form: str, *, heal: bool) -> int:
    """Compare today's subscriptions at Stripe with the ledger.

    Each difference is named with its cause; with any left, the exit code is 1. `upswell serve` does it every night.
    """
    from upswell.fetching import reconciling
    from upswell.fetching.preflight import check_key, identify
    from upswell.render import discrepancies
    from upswell.store import books
    from upswell.store.ledger import Ledger
    from upswell_connectors.client import Client

    config = configured(named)
    check_key(config)
    with Ledger(config.ledger.path) as ledger, progress("Comparing") as moved:
        client = Client(config.stripe)
        identify(ledger, config, client)
        found = reconciling.reconcile(ledger, config, client, heal=heal, progress=moved)
        names = books.names(ledger, {one.customer for one in found.discrepancies})
    if form == "json":
        click.echo(json.dumps(discrepancies.as_json(found, names), indent=2, ensure_ascii=False))
    else:
        show(partial(discrepancies.show, found, names), partial(discrepancies.text, found, names))
    return WRONG if found.left else 0


UPKEEP = (connect, reconcile)
