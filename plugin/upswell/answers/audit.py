"""Auditing the ledger: whether what must hold of movements holds, and whether a rebuild gives the same ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from upswell.core.invariants import breaches
from upswell.core.movements import chapters
from upswell.core.plans import outlook
from upswell.core.rules import Rules
from upswell.intake.rebuild import Progress
from upswell.store import books, poison
from upswell.store.agenda import is_held, widened
from upswell.store.ledger import Ledger
from upswell.store.records import history_of
from upswell.store.tracked import is_tracked, strays
from upswell.store.versions import Shared


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found: how many customers' movements were added up, how many were rebuilt, and each fault.

    A fault is a sentence that begins with the customer; a customer has one at most.
    """

    added_up: int
    rebuilt: int
    faults: tuple[str, ...]


def audit(ledger: Ledger, rules: Rules, most: int | None, progress: Progress) -> Audit:
    """Check the invariants of every customer, and rebuild at most ``most`` of them (None: all) for comparison.

    Nothing is written. ``progress`` is called with how many checks are done and how many there are. Customers that
    wait to be rebuilt are not compared.
    """
    execute = ledger.connection.execute
    execute("BEGIN")
    try:
        sample = _sample(_accounts(ledger), most)
        (customers,) = execute("SELECT count(DISTINCT customer) FROM movements").fetchone()
        faults: dict[str, str] = {}
        done = 0
        untracked: list[str] = []
        for checks in (_unbalanced(ledger, untracked), _unlike(ledger, rules, sample)):
            for customer, fault in checks:
                done += 1
                if fault:
                    faults.setdefault(customer, f"{customer}: {fault}")
                progress(done, customers + len(sample))
        for customer in [*untracked, *strays(ledger.connection)]:
            faults.setdefault(customer, f"{customer}: its tracks are not those of its movements")
    finally:
        execute("ROLLBACK")
    return Audit(customers, len(sample), tuple(faults[customer] for customer in sorted(faults)))


def _accounts(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute(
        "SELECT account FROM accounts UNION SELECT customer FROM movements UNION SELECT customer FROM scheduled"
        " EXCEPT SELECT account FROM stale ORDER BY 1"
    )
    return [account for (account,) in rows]


def _sample(accounts: Sequence[str], most: int | None) -> Sequence[str]:
    """Return at most ``most`` of ``accounts``, evenly spread over them."""
    if most is None or len(accounts) <= most:
        return accounts
    return [accounts[place * len(accounts) // most] for place in range(most)]


def _unbalanced(ledger: Ledger, untracked: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each customer with what breaks an invariant, or nothing; note whose tracks are not its movements'."""
    for customer, own in books.by_customer(ledger):
        yield customer, next(iter(breaches(own)), "")
        if not is_tracked(ledger.connection, customer, own):
            untracked.append(customer)


def _unlike(ledger: Ledger, rules: Rules, accounts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each account with how a rebuild differs from what the ledger holds, or nothing."""
    shared = Shared()
    for account in accounts:
        try:
            yield account, _difference(ledger, rules, account, shared)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            yield account, f"cannot be rebuilt ({poison.reason(error)})"


def _difference(ledger: Ledger, rules: Rules, account: str, shared: Shared) -> str:
    history = history_of(ledger.connection, account, shared)
    told = list(chapters(history, rules))
    held = books.movements(ledger, customer=account)
    items = told[-1].group.after.totals if told else {}
    customer = {movement.currency: movement.mrr_after for movement in held}
    for currency in sorted({*items, *customer}):
        if items.get(currency, 0) != customer.get(currency, 0):
            return (
                f"its items add up to {items.get(currency, 0)} {currency}, its movements to {customer.get(currency, 0)}"
            )
    if [movement for chapter in told for movement in chapter.movements] != held:
        return "a rebuild gives other movements"
    ahead = outlook(widened(ledger.connection, history, shared), rules, held)
    return "" if is_held(ledger.connection, account, ahead) else "a rebuild gives other scheduled movements"
