"""``python -m upswell_connectors.fake_stripe``: a Stripe on this machine, for trying things."""

import sys
import time
from datetime import UTC, datetime

import click

from upswell_connectors.fake_stripe import lumen_kites
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.faults import Faults
from upswell_connectors.fake_stripe.server import serving

_SHARE = click.FloatRange(0, 1)
_RATE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=12111, show_default=True, help="0: any free one.")
@click.option("--customers", type=click.IntRange(1), help="So many invented customers; without it, the demo's year.")
@click.option("--events", type=click.IntRange(0), default=0, help="Record the customers' events of so many days.")
@click.option("--live", is_flag=True, help="The account's data is live: keys begin with sk_live_ or rk_live_.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, help="Seconds before every answer.")
@click.option("--per-endpoint", type=_RATE, help="Requests a second at each endpoint; more get 429. Stripe's: 25.")
@click.option("--overall", type=_RATE, help="Requests a second in all; more get 429. Stripe's: 100.")
@click.option("--errors", type=_SHARE, default=0.0, help="Share of requests answered with 500, 0 to 1.")
@click.option("--drops", type=_SHARE, default=0.0, help="Share of connections closed without an answer, 0 to 1.")
@click.option("--seed", default="faults", help="Another seed breaks other requests.")
def main(port: int, customers: int | None, events: int, *, live: bool, **faults: float | str | None) -> None:
    """Serve a fake Stripe account on 127.0.0.1 until Ctrl-C."""
    account = _account(customers, events)
    account.store.livemode = live
    try:
        broken = Faults(**faults)  # type: ignore[arg-type]  # as the options say
        with serving(account, port, faults=broken, clock=time.time) as url:
            click.echo(_told(account, url))
            while True:
                time.sleep(3600)
    except OSError as error:
        click.echo(f"Port {port} cannot be served ({error.strerror}): name another with --port", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _account(customers: int | None, events: int) -> Account:
    today = datetime.now(UTC)
    if customers is None:
        return lumen_kites.year(today.date())
    click.echo("Making the customers …", err=True)
    return crowd(customers, until=int(today.timestamp()), events=events)


def _told(account: Account, url: str) -> str:
    store = account.store
    held = f"{len(store.customers):,} customers, {len(store.subscriptions):,} subscriptions"
    return (
        f"A fake Stripe with {held}, {len(store.invoices):,} invoices and {len(account.events):,} events.\n"
        f"URL: {url}\n"
        f"API key: sk_{'live' if store.livemode else 'test'}_fake\n\n"
        f'Put this into config.toml, and the key into STRIPE_API_KEY:\n\n[stripe]\napi_base = "{url}"'
    )


if __name__ == "__main__":
    main(prog_name="python -m upswell_connectors.fake_stripe")
