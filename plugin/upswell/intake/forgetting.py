"""Forgetting a customer: the figures stay, the person goes, from every table and from the file itself."""

import html
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256

from upswell.core.rules import Rules
from upswell.errors import LedgerError, UpswellError
from upswell.intake.rebuild import Progress, is_heeded, rebuild
from upswell.render.words import clean
from upswell.store import forgotten, outbox
from upswell.store.ledger import Ledger, hold
from upswell.store.measures import drop_readings
from upswell.store.raised import strip_signals
from upswell.store.records import place
from upswell.store.redaction import Person

_SHOWN = (40, 60, 10_000)  # how long names are where they are shown
_ERASE_SECONDS, _LOCK_SECONDS = 60.0, 2.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Which Stripe customers are forgotten, and under which ``pseudonym`` their figures go on.

    ``erased`` is False where a running `upswell serve` has yet to write the file anew.
    """

    customers: tuple[str, ...]
    pseudonym: str
    erased: bool


def find(ledger: Ledger, who: str) -> tuple[str, list[str]]:
    """Return the summary's customer that ``who`` is, and its Stripe customers. Raises UpswellError where unknown."""
    found = forgotten.customers_of(ledger.connection, who)
    if found is None:
        raise UpswellError(f"The ledger {ledger.path} knows no customer {who}: take an id from `upswell movements`")
    return found


def forget(ledger: Ledger, rules: Rules, who: str, *, progress: Progress | None = None) -> Forgotten:
    """Take the customer ``who`` out of the ledger but for amounts, times and Stripe's ids.

    It can be interrupted and run again; from its first commit on, nothing that comes in brings the person back.
    ``progress`` is told how many events are looked through. Raises UpswellError where nobody knows the customer.
    """
    account, customers = find(ledger, who)
    person = _person(customers, rules)
    names = forgotten.names_of(ledger.connection, customers, account)
    if account not in customers:
        names.add(account)
    _strip(ledger, rules, account, customers, person, _renaming(names, person.pseudonym))
    _strip_events(ledger, dict.fromkeys(customers, person), names, progress)
    if is_heeded(ledger, rules):
        rebuild(ledger, rules, lambda _done, _whole: None)
    if account not in customers:
        with ledger.write() as connection:
            outbox.look_again(connection, account, None)
    return Forgotten(tuple(customers), person.pseudonym, _erase(ledger))


def _person(customers: Collection[str], rules: Rules) -> Person:
    """Return the person, whose pseudonym is the same each time and comes from nothing but Stripe's id."""
    pseudonym = f"forgotten-{sha256(min(customers).encode()).hexdigest()[:12]}"
    key = rules.customer_key.removeprefix("metadata.") if rules.customer_key else None
    return Person(pseudonym, key, tuple(rules.sales_keys))


def _strip(  # who, and all that is to be taken away of them
    ledger: Ledger,
    rules: Rules,
    account: str,
    customers: Collection[str],
    person: Person,
    rename: Callable[[str], str],
) -> None:
    with ledger.write() as connection:
        connection.execute("PRAGMA secure_delete = ON")
        strip_signals(connection, account, rename)  # before they go along to the new name
        for customer in customers:
            forgotten.remember(connection, customer, person, int(time.time()))
            forgotten.strip_rows(connection, customer, person)
            drop_readings(connection, customer)
            place(connection, customer, rules)
        forgotten.strip_posts(connection, rename)
        forgotten.strip_reasons(connection, rename)
        outbox.forget(connection, {account, *customers})


def _strip_events(ledger: Ledger, known: dict[str, Person], names: Collection[str], progress: Progress | None) -> None:
    whole, done = forgotten.count_events(ledger), 0
    for looked in forgotten.strip_events(ledger, known, [name for name in names if "@" in name]):
        done += looked
        if progress:
            progress(min(done, whole), whole)


def _renaming(names: Collection[str], pseudonym: str) -> Callable[[str], str]:
    """Return what puts the pseudonym in the place of ``names``, also where they are cut short or escaped."""
    cut = {clean(name, longest) for name in names for longest in _SHOWN} | set(names)
    forms = {form for name in cut for form in (name, html.escape(name), html.escape(name, quote=False))} - {""}
    if not forms:
        return lambda text: text
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    return lambda text: pattern.sub(pseudonym, text)


def _erase(ledger: Ledger) -> bool:
    """Have the file written anew by who may: this process, or the running `upswell serve`."""
    ledger.want_erased()
    deadline = time.monotonic() + (_ERASE_SECONDS if ledger.erases_beside() else _LOCK_SECONDS)
    while ledger.wants_erasing() and time.monotonic() < deadline:
        try:
            with hold(ledger.path):
                ledger.erase()
        except LedgerError:
            time.sleep(_POLL_SECONDS)
    return not ledger.wants_erasing()
