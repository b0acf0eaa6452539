"""How fast `upswell reclassify` rebuilds a ledger, and what one more event costs a customer with a long history.

Run it with `python benchmarks/rebuild.py [CUSTOMERS]` (default 5,000; 100,000 make a million history rows). It builds a
ledger of its own in a temporary folder: every customer lives ten events, every other one a renewal and the rest
changes (seats, plans, a 20 % coupon and its end); one customer has a thousand changes. Rates are of one process and
count its processor time, so that what runs beside it hardly matters; beside them stands how many of the same history
rows this machine merely reads in a second, measured just before: compare ratios, not rates, between machines. The
events whose way from raw bytes to movements is measured are those of a crowd of the fake Stripe's. It writes its
section of `RESULTS.md`.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from results import section, table

from upswell.core.discounts import Coupon, Discount
from upswell.core.facts import Facts, Told
from upswell.core.portfolio import Item, Subscription
from upswell.core.prices import Amounts, Price
from upswell.core.rules import Rules
from upswell.core.states import CREATED, State
from upswell.intake.applying import apply_pending
from upswell.intake.memory import Memory
from upswell.intake.rebuild import rebuild
from upswell.intake.reclassify import reclassify
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell.store.records import history_of, write_facts
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.delivery import bodies

_START, _HOUR = 1_735_689_600, 3_600
_PRO, _MAX = (
    Price(f"price_{name}", f"prod_{name}", "usd", "month", amounts=Amounts(str(amount)), created=_START)
    for name, amount in (("pro", 1_000), ("max", 2_500))
)
_COUPON = Coupon("launch", "repeating", percent_off="20", created=_START)
_UPDATED = "customer.subscription.updated"
_LONG = "cus_long"
_TEXT = """
`upswell reclassify` of customers with ten events each, half of them renewals, and of one with a thousand changes. Rates
are of one process and count its processor time; *read* is merely reading the same rows, measured just before.

{}

- One more event of the customer with a thousand changes, movements written: {:.1f} ms (median of five).
- One event from its raw bytes to movements: {:.2f} ms, on average over {:,} events of {} customers of a fake Stripe.
"""


def main(customers: int = 5_000) -> None:
    """Measure, and write down what was found."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "upswell.db", create=True) as ledger:
        rows = _fill(ledger, customers)
        read = _rate(rows, lambda: _read(ledger, customers))
        before = _peak()
        rate = _rate(rows, lambda: reclassify(ledger, Rules()))
        more = _peak() - before
        movements = ledger.connection.execute("SELECT count(*) FROM movements").fetchone()[0]
        one_more = _one_more(ledger)
    head = ("history rows", "customers", "movements", "rebuilt rows/s", "read rows/s", "ratio", "MB more")
    figures = (rows, customers + 1, movements, round(rate), round(read))
    row = [*(f"{figure:,}" for figure in figures), f"{rate / read:.2f}", f"{more:.1f}"]
    print(section("rebuild.py", _TEXT.format(table(head, [row]), one_more, *_applied())))


def _read(ledger: Ledger, customers: int) -> None:
    for customer in (*(f"cus_{number}" for number in range(customers)), _LONG):
        history_of(ledger.connection, customer)


def _fill(ledger: Ledger, customers: int) -> int:
    """Write the history of all customers, and return how many rows it has."""
    rules, rows = Rules(), 0
    left = iter([*((f"cus_{number}", 10) for number in range(customers)), (_LONG, 1_000)])
    for customer, length in left:
        with ledger.write() as connection:
            for facts in _life(customer, length):
                state = facts.state
                assert state  # noqa: S101  # for the type checker: every fact below carries one
                connection.execute(
                    "INSERT INTO events(id, type, created, livemode, body, state, received_at)"
                    " VALUES (?, ?, ?, 0, x'', 'applied', 0)",
                    (state.event, state.type, state.created),
                )
                write_facts(connection, state.event, facts, rules)
                rows += 1
    apply_pending(ledger, rules)
    return rows


def _life(customer: str, length: int) -> Iterator[Facts]:
    """Yield a customer's facts: something happens every two weeks, in a long life every two hours."""
    held = Subscription(
        f"sub_{customer}", customer, "active", "usd", (Item(f"si_{customer}", _PRO, 5),), (), None, _START, _START
    )
    yield Facts(State(_START, CREATED, f"evt_{customer}_0", held))
    long = length >= 100
    for number in range(1, length):
        before, at = held, _START + number * _HOUR * (2 if long else 336)
        held, told = _next(before, number if long or number % 2 else 0, at)
        yield Facts(State(at, _UPDATED, f"evt_{customer}_{number}", held, before), told)


def _next(held: Subscription, number: int, at: int) -> tuple[Subscription, tuple[Told, ...]]:
    """Return the subscription as it goes on, and what is told beside; nothing changes where ``number`` is 0."""
    item = held.items[0]
    match number % 9:
        case 1 | 2 | 4:
            return _with(held, item, quantity=(item.quantity or 0) + 2), ()
        case 3:
            return _with(held, item, price=_MAX), ()
        case 5:
            given = Discount(f"di_{held.id}_{number}", _COUPON, at, at + 90 * 86_400, held.customer, held.id)
            return replace(held, discounts=(given.id,)), (Told(at, given),)
        case 6:
            return _with(held, item, quantity=5), ()
        case 7:
            return replace(held, discounts=()), ()
        case 8:
            return _with(held, item, price=_PRO), ()
    return (_with(held, item, quantity=(item.quantity or 0) + 1), ()) if number else (held, ())


def _applied(customers: int = 200) -> tuple[float, int, int]:
    """Return the milliseconds an event takes to be applied, its customer rebuilt, and of how many and whose it was."""
    sent = list(bodies(crowd(customers, until=_START, months=12, events=360).events))
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "upswell.db", create=True) as ledger:
        for place in range(0, len(sent), 500):
            accept(ledger, [envelope(body) for body in sent[place : place + 500]])
        begun = time.process_time()
        apply_pending(ledger, Rules())
        return (time.process_time() - begun) / len(sent) * 1_000, len(sent), customers


def _with(held: Subscription, item: Item, **more: object) -> Subscription:
    return replace(held, items=(replace(item, **more),))  # type: ignore[arg-type]


def _one_more(ledger: Ledger) -> float:
    """Return the milliseconds, median of five, that one more event of the long customer takes to become movements."""
    found, memory = [], Memory()
    last = history_of(ledger.connection, _LONG).states[-1]
    for number in range(5):
        at = last.created + (number + 1) * 2 * _HOUR
        item = last.after.items[0]
        after = replace(last.after, items=(replace(item, quantity=(item.quantity or 0) + 1),))
        state = State(at, _UPDATED, f"evt_more_{number}", after, last.after)
        begun = time.process_time()
        with ledger.write() as connection:
            connection.execute(
                "INSERT INTO events(id, type, created, livemode, body, state, received_at)"
                " VALUES (?, ?, ?, 0, x'', 'applied', 0)",
                (state.event, state.type, state.created),
            )
            write_facts(connection, state.event, Facts(state), Rules())
        rebuild(ledger, Rules(), lambda _done, _all: None, memory)
        found.append(time.process_time() - begun)
        last = state
    return sorted(found)[2] * 1_000


def _rate(rows: int, work: object) -> float:
    begun = time.process_time()
    work()  # type: ignore[operator]
    return rows / (time.process_time() - begun)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
