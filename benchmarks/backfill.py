"""How fast `upswell backfill` reads, beside what Stripe's limits allow, and what it costs the machine.

Run it with `python benchmarks/backfill.py`; with another number of customers, say so: each has ten invoices, about. It
starts a fake Stripe of its own in another process, with Stripe's limits and 150 ms before each answer, and reads it
with the real command into a temporary folder; then the same lists without limits, to see what reading costs alone. The
ceiling is 25 requests a second of 100 objects each: compare ratios, not rates, between machines.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upswell.configuration.settings import Secret, StripeSettings
from upswell.fetching.resources import STEPS
from upswell_connectors import client as clients
from upswell_connectors.lists import read
from upswell_connectors.shapes import facts_of_object
from upswell_connectors.windows import Window

_CEILING = 2500
KEY = "sk_test_benchmark"
_LIMITED = ("--latency", "0.15", "--per-endpoint", "25", "--overall", "100")
_LISTS = ("customers", "subscriptions", "invoices")
_LONGEST_SECONDS = 1800


def main(customers: int = 10_000) -> None:
    """Measure, and print what was found."""
    with stripe(customers, *_LIMITED) as url, tempfile.TemporaryDirectory() as folder:
        _show_command(url, Path(folder))
        print()
        _show_lists(url)
    with stripe(customers) as url:
        print()
        _show_cost(url)


@contextmanager
def stripe(customers: int, *options: str) -> Iterator[str]:
    """Start a fake Stripe with so many customers, and give its URL."""
    command = [sys.executable, "-m", "upswell_connectors.fake_stripe", "--port", "0", "--customers", str(customers)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        try:
            found = None
            while process.stdout and not found:
                found = re.search(r"http://\S+", process.stdout.readline())
            yield found[0] if found else ""
        finally:
            process.terminate()


def _show_command(url: str, folder: Path) -> None:
    """Run the command and print how long it took, and how much memory."""
    config = folder / "config.toml"
    config.write_text(f'[ledger]\npath = "upswell.db"\n[stripe]\napi_base = "{url}"\nrequests_per_second = 100\n')
    begun = time.perf_counter()
    subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-m", "upswell", "--config", str(config), "backfill"],
        env={**os.environ, "STRIPE_API_KEY": KEY},
        timeout=_LONGEST_SECONDS,
        check=True,
    )
    seconds, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = used.ru_utime + used.ru_stime
    print(f"upswell backfill: {seconds:.1f} s, of which {worked:.1f} s at work, {used.ru_maxrss / 1024:.0f} MB at most")


def _show_lists(url: str) -> None:
    """Read each long list alone under Stripe's limits, and print its rate and what the windows cost."""
    print(f"{'list':>13} {'objects':>8} {'objects/s':>9} {'ratio':>6} {'requests':>8} {'pages':>6}")
    for name in _LISTS:
        client = clients.Client(_settings(url), attempts=16)
        floor = _beginning(client)
        begun = time.perf_counter()
        count = sum(page.count for page in read(client, STEPS[name].listing, [Window()], floor))
        rate = count / (time.perf_counter() - begun)
        print(
            f"{name:>13} {count:>8,} {rate:>9,.0f} {rate / _CEILING:>6.1%} {client.sent - 1:>8,} {-(-count // 100):>6,}"
        )


def _beginning(client: clients.Client) -> int:
    """Return when the account's first product was made, as a run knows it by the time of the long lists."""
    return min(found["created"] for found in client.get("/v1/products", {"limit": 100})["data"])


def _show_cost(url: str) -> None:
    """Read invoices without any limit, and print how many objects a second of processor time that is."""
    clients.ENDPOINT_RATE = 10_000.0
    step = STEPS["invoices"]
    client = clients.Client(_settings(url, 10_000), attempts=16)
    floor = _beginning(client)
    begun = time.process_time()
    pages = list(read(client, step.listing, [Window()], floor))
    reading = time.process_time() - begun
    count = sum(page.count for page in pages)
    begun = time.process_time()
    for page in pages:
        for found in page.objects(step.listing.nested):
            facts_of_object(found, page.at)
    parsing = time.process_time() - begun
    print(
        f"without limits: {count / reading:,.0f} invoices a second and core to read them, "
        f"{count / parsing:,.0f} to understand them, {count / (reading + parsing):,.0f} for both"
    )


def _settings(url: str, rate: int = 100) -> StripeSettings:
    return StripeSettings(Secret(KEY), (), url, rate, webhooks=False)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
