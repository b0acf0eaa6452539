"""How long the summary of a week or a month takes, and how that compares with merely reading all movements.

Run it with `python benchmarks/summary.py [CUSTOMERS]` (default 100,000, with ten movements each: a million). It builds
a ledger of its own in a temporary folder: four years of movements of all kinds, a tenth of the customers in another
currency, and a summary kept for each of the last 52 weeks, one of which has changed since. Times are processor time of
one process, the best of five, once the file is in memory; beside them stands how long this machine takes to fetch the
same movements' rows, measured just before: compare ratios, not times, between machines. It writes its section of
`RESULTS.md`.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from results import section, table

from upswell.answers.summary import summary_of
from upswell.configuration.config import load
from upswell.configuration.settings import Config
from upswell.core.kinds import Movement
from upswell.report.periods import Month, Week
from upswell.store import books, deliveries
from upswell.store.ledger import Ledger

_NOW = 1_795_003_200  # Wednesday 2026-11-18
_DAY, _YEARS = 86_400, 4 * 365 * 86_400
_EACH, _WEEKS, _BATCH = 10, 52, 500
_MORE = ("upgrade", "seat", "seat", "add_on", "overage", "seat")
_EITHER = ("price_change", "discount", "downgrade")
_TEXT = """
The summary of the last week, of one two years ago, and of the last month, from a ledger with four years of movements
and the summaries of {} weeks. *Summary* is processor time of one process, the best of five; *read* is merely fetching
the same movements' rows, measured just before.

{}
"""


def main(customers: int = 100_000) -> None:
    """Measure, and write down what was found."""
    with tempfile.TemporaryDirectory() as folder:
        path, config = Path(folder) / "upswell.db", load(env={})
        with Ledger(path, create=True) as ledger:
            movements = _fill(ledger, customers)
            _keep(ledger, config)
            read = _seconds(lambda: _read(ledger))
            week = Week.last_complete(_NOW, ZoneInfo("UTC"))
            took = _seconds(lambda: summary_of(ledger, config, week, _NOW))
            old = _seconds(lambda: summary_of(ledger, config, week.shift(-100), _NOW))
            month = Month.last_complete(_NOW, ZoneInfo("UTC"))
            longer = _seconds(lambda: summary_of(ledger, config, month, _NOW))
    head = ("movements", "customers", "summary s", "of two years ago s", "of a month s", "read s", "ratio")
    row = (
        f"{movements:,}",
        f"{customers:,}",
        f"{took:.2f}",
        f"{old:.2f}",
        f"{longer:.2f}",
        f"{read:.2f}",
        f"{took / read:.2f}",
    )
    print(section("summary.py", _TEXT.format(_WEEKS, table(head, [row]))))


def _fill(ledger: Ledger, customers: int) -> int:
    """Write the movements of all customers, and return how many they are."""
    chance, count = random.Random(7), 0  # noqa: S311  # the same ledger every time
    lives = groupby(_lives(chance, customers), attrgetter("customer"))
    left = True
    while left:
        left = False
        with ledger.write() as connection:
            for _, (customer, life) in zip(range(_BATCH), lives, strict=False):
                told = list(life)
                books.write_movements(connection, customer, told)
                left, count = True, count + len(told)
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return count


def _lives(chance: random.Random, customers: int) -> Iterator[Movement]:
    for number in range(customers):
        yield from _life(chance, f"cus_{number:014x}", "usd" if number % 10 else "eur")


def _life(chance: random.Random, customer: str, currency: str) -> Iterator[Movement]:
    """Yield one customer's movements: of four years, a few of them booked ahead."""
    held = 0
    for place, at in enumerate(sorted(_NOW - _YEARS + chance.randrange(_YEARS + 3 * _DAY) for _ in range(_EACH))):
        kind, amount = _next(chance, held, place)
        yield Movement(
            id=f"mov_{customer}{place:06x}",
            occurred_at=at,
            customer=customer,
            subscription=f"sub_{customer}",
            item=f"si_{customer}",
            kind=kind,
            driver="seats",
            amount=amount,
            currency=currency,
            mrr_before=held,
            mrr_after=held + amount,
            product_from="prod_SkZ1vJ2dYc0aTq",
            product_to="prod_SkZ1vJ2dYc0aTq",
            price_from="price_1PgafmB7WZ01zgkW6dKueIc5",
            price_to="price_1PgafmB7WZ01zgkW6dKueIc5",
            quantity_from=5,
            quantity_to=7,
            source="observed",
            cause=f"evt_{customer}{place:06x}",
            origin="customer",
            reason="5 → 7 seats of Team: 2 × 20.00",
        )
        held += amount


def _next(chance: random.Random, held: int, place: int) -> tuple[str, int]:
    if not held:
        return ("reactivation" if place else "new"), 5_000
    if chance.random() < 0.03:
        return "churn", -held
    if chance.random() < 0.3:
        return chance.choice(_EITHER), -chance.randrange(1, held // 2)
    return chance.choice(_MORE), chance.randrange(100, 2_000)


def _keep(ledger: Ledger, config: Config) -> None:
    """Keep the summaries of the weeks before the last, and let what one of them said be no longer so."""
    last = Week.last_complete(_NOW, ZoneInfo("UTC"))
    for back in range(_WEEKS, 0, -1):
        week = last.shift(-back)
        summary = summary_of(ledger, config, week, _NOW)
        if back == _WEEKS // 2:
            said = summary.figures
            summary = replace(summary, figures=replace(said, bridge={**said.bridge, "seat": said.bridge["seat"] - 500}))
        with ledger.write() as connection:
            deliveries.record(connection, summary, week.end + 9 * 3_600)


def _read(ledger: Ledger) -> None:
    for _ in ledger.connection.execute(f"SELECT {books.COLUMNS} FROM movements"):  # noqa: S608  # no input
        pass


def _seconds(work: Callable[[], object]) -> float:
    found = []
    for _ in range(5):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
