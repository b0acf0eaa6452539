"""What the ledger remembers of Stripe: writing facts, and reading a customer's history back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Catalogue, Customer, Product
from upswell.core.discounts import Coupon, Discount
from upswell.core.facts import TABLES, Facts, Invoice, Told
from upswell.core.history import History
from upswell.core.lost import recovered
from upswell.core.phases import Schedule
from upswell.core.portfolio import Subscription
from upswell.core.prices import Price
from upswell.core.rules import Rules
from upswell.core.states import Snapshot, State
from upswell.store.bills import billed_of, write_bill
from upswell.store.deleted import deleted, note_deleted
from upswell.store.forgotten import screened
from upswell.store.measures import write_readings
from upswell.store.mentions import mention, mention_named, mentioning, products_of
from upswell.store.raised import move_signals
from upswell.store.snapshots import snapshots_of, write_snapshot
from upswell.store.unexpanded import note_asked, note_unexpanded
from upswell.store.versions import Shared, prices_of, rows_of, versions


class Decoded(dict[str, Subscription]):
    """Subscriptions by what the ledger holds of them, read when they are asked for first.

    Mostly an event begins where the one before it ended, to the letter: it then is the same object.
    """

    def __missing__(self, text: str) -> Subscription:
        self[text] = _subscriptions.decode(text)
        return self[text]


_encode = msgspec.json.Encoder().encode
_subscriptions = msgspec.json.Decoder(Subscription)


def write_facts(connection: sqlite3.Connection, event: str | None, facts: Facts, rules: Rules) -> None:
    """Store ``facts`` inside an open write transaction and mark whom they concern as stale.

    Writing the same facts again changes nothing. ``event`` is None for what was asked of the API.
    """
    facts = screened(connection, facts)
    for told in facts.told:
        _write_told(connection, event, told, rules)
    if facts.state:
        _write_state(connection, facts.state, rules)
    if facts.invoice:
        _write_invoice(connection, event, facts.invoice, rules)
    if facts.snapshot:
        _write_snapshot(connection, facts.snapshot, rules)
    if facts.reading:
        write_readings(connection, [facts.reading])
    _release(connection, facts)


def mark_deleted(connection: sqlite3.Connection, reference: str) -> None:
    """Note that Stripe was asked for an object and does not know it, and mark whom it concerns as stale."""
    note_deleted(connection, reference)
    _mark_customers(connection, mentioning(connection, reference))


def _release(connection: sqlite3.Connection, facts: Facts) -> None:
    """Let the events that waited for what ``facts`` tell try again, whoever told it."""
    for told in facts.told:
        connection.execute("UPDATE events SET waits_for = NULL, reason = NULL WHERE waits_for = ?", (told.value.id,))


def missing(connection: sqlite3.Connection, facts: Facts) -> str | None:
    """Return Stripe's id of a catalogue object that ``facts`` need and nobody told of yet, or None."""
    state = facts.state
    discounts = {one.value.id: one.value for one in facts.told if isinstance(one.value, Discount)}
    for name in sorted(state.discounts if state else ()):
        if name not in discounts and not rows_of(connection, Discount, name):
            return name
    for discount in discounts.values():
        if isinstance(discount.coupon, str) and not rows_of(connection, Coupon, discount.coupon):
            return discount.coupon
    unpriced = _unpriced(state) if state else ()
    return next((price.id for price, currency in unpriced if not _priced(connection, price, currency)), None)


def _unpriced(state: State) -> Iterator[tuple[Price, str]]:
    """Yield each licensed price that came without its amounts, with the currency they are needed in."""
    for view in state.views:
        for item in view.items:
            if not item.price.metered and item.price.amounts_in(view.currency) is None:
                yield item.price, view.currency


def _priced(connection: sqlite3.Connection, price: Price, currency: str) -> bool:
    return any(version.value.amounts_in(currency) for version in rows_of(connection, Price, price.id))


def _write_told(connection: sqlite3.Connection, event: str | None, told: Told, rules: Rules) -> None:
    value = told.value
    row = (value.id, told.at, event, _encode(value).decode())
    table = TABLES[type(value)]
    if event is None and isinstance(value, Coupon):
        note_asked(connection, value.id)
    if event is None and not _is_news(connection, table, value.id, told.at, row[-1]):
        return
    connection.execute(f"INSERT OR IGNORE INTO {table}(id, at, event, value) VALUES (?, ?, ?, ?)", row)
    if isinstance(value, Customer):
        _place(connection, value.id, rules)
        _mark_customers(connection, [value.id])
    elif isinstance(value, Discount):
        note_unexpanded(connection, value.coupon_id)
        if value.customer:
            _place(connection, value.customer, rules)
            mention(connection, value.customer, [value.id])
        customers = mentioning(connection, value.id)
        for customer in customers:
            mention(connection, customer, [value.coupon_id])
        _mark_customers(connection, customers)
    elif isinstance(value, Schedule):
        _place(connection, value.customer, rules)
        mention_named(connection, value.customer, value.terms.references)
        _mark_customers(connection, [value.customer])
    else:
        customers = mentioning(connection, value.id)
        _mark_customers(connection, customers)
        if isinstance(value, Price):
            _mark_customers(connection, mentioning(connection, value.product))
            for customer in customers:  # a schedule names prices without their products
                mention(connection, customer, [value.product])


def _is_news(connection: sqlite3.Connection, table: str, name: str, at: int, value: str) -> bool:
    """Whether the API's answer is later than the one held, or is the same and earlier; the one held goes then."""
    held = connection.execute(f"SELECT at, value FROM {table} WHERE id = ? AND event IS NULL", (name,)).fetchone()
    if held is None:
        return True
    news = bool(at < held[0] if value == held[1] else (at, value) > tuple(held))
    if news:
        connection.execute(f"DELETE FROM {table} WHERE id = ? AND event IS NULL", (name,))
    return news


def _write_state(connection: sqlite3.Connection, state: State, rules: Rules) -> None:
    after = state.after
    connection.execute(
        "INSERT OR IGNORE INTO history(subscription, customer, created, type, event, source, before, after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(after.id, after.customer, state.created, state.type, state.event, state.source),
            _encode(state.before).decode() if state.before else None,
            _encode(after).decode(),
        ),
    )
    coupons = _coupons(connection, state.discounts)
    products = [item.price.product for view in state.views for item in view.items]
    _place(connection, after.customer, rules)
    if after.pending:
        mention_named(connection, after.customer, after.pending.references)
    mention(connection, after.customer, [*state.discounts, *coupons, *state.prices, *products])
    _mark_customers(connection, [after.customer])


def _write_invoice(connection: sqlite3.Connection, event: str | None, invoice: Invoice, rules: Rules) -> None:
    """Store an invoice's rows unless a later word on it is there."""
    if not write_bill(connection, event, invoice):
        return
    prices = {row.price for row in invoice.rows if row.price}
    discounts = {name for row in invoice.rows for name in (*row.discounts, *dict(row.off))}
    _place(connection, invoice.customer, rules)
    known = [*_coupons(connection, discounts), *products_of(connection, prices)]
    mention(connection, invoice.customer, [*prices, *discounts, *known])
    _mark_customers(connection, [invoice.customer])


def _write_snapshot(connection: sqlite3.Connection, snapshot: Snapshot, rules: Rules) -> None:
    """Store what a list showed; what it showed before says nothing new."""
    held = snapshot.subscription
    if not write_snapshot(connection, snapshot):
        return
    catalogue = [name for item in held.items for name in (item.price.id, item.price.product)]
    _place(connection, held.customer, rules)
    mention(connection, held.customer, [*catalogue, *held.all_discounts, *_coupons(connection, held.all_discounts)])
    if held.pending:
        mention_named(connection, held.customer, held.pending.references)
    _mark_customers(connection, [held.customer])


def _coupons(connection: sqlite3.Connection, names: Iterable[str]) -> list[str]:
    """Return the coupons of those discounts among ``names`` that are known."""
    return [version.value.coupon_id for name in set(names) for version in rows_of(connection, Discount, name)]


def _mark_customers(connection: sqlite3.Connection, customers: Iterable[str]) -> None:
    connection.executemany(
        "INSERT INTO stale(account) SELECT account FROM accounts WHERE customer = ? AND true"
        " ON CONFLICT(account) DO UPDATE SET reason = NULL",
        [(customer,) for customer in customers],
    )


def _place(connection: sqlite3.Connection, customer: str, rules: Rules) -> bool:
    """Note which customer of the summary a Stripe customer belongs to, and say whether that is new.

    A move makes the old one stale; what was told of it goes along.
    """
    account = _account(connection, customer, rules)
    held = connection.execute("SELECT account FROM accounts WHERE customer = ?", (customer,)).fetchone()
    if held and held[0] == account:
        return False
    if held:
        _mark_customers(connection, [customer])
    connection.execute("INSERT OR REPLACE INTO accounts(customer, account) VALUES (?, ?)", (customer, account))
    if held:
        move_signals(connection, held[0], account)
    return True


def _account(connection: sqlite3.Connection, customer: str, rules: Rules) -> str:
    if not rules.customer_key:
        return customer
    versions = rows_of(connection, Customer, customer)
    key = rules.customer_key.removeprefix("metadata.")
    return (versions[-1].value.metadata.get(key) if versions else None) or customer


def place(connection: sqlite3.Connection, customer: str, rules: Rules) -> None:
    """Place a Stripe customer anew and mark it as stale, where it was and where it is: the rules have changed."""
    _mark_customers(connection, [customer])
    if _place(connection, customer, rules):
        _mark_customers(connection, [customer])


def history_of(
    connection: sqlite3.Connection, account: str, shared: Shared | None = None, decoded: Decoded | None = None
) -> History:
    """Read all that is known of ``account``, the customer of the summary.

    ``shared`` keeps what customers have in common from one to the next, for as long as a transaction lasts;
    ``decoded`` what was read of this one before, for as long as anybody likes.
    """
    customers = [name for (name,) in connection.execute("SELECT customer FROM accounts WHERE account = ?", (account,))]
    known = Decoded() if decoded is None else decoded
    states = [state for customer in customers for state in _states(connection, customer, known)]
    billed = [row for customer in customers for row in billed_of(connection, customer)]
    snapshots = [look for customer in customers for look in snapshots_of(connection, customer)]
    told = History(account, states, billed, snapshots=snapshots)
    catalogue = _catalogue(connection, customers, told, {} if shared is None else shared)
    lost = {row.price for row in billed if row.price}.difference(catalogue.prices, catalogue.shown)
    return replace(told, catalogue=recovered(catalogue, billed, deleted(connection, lost)))


def _states(connection: sqlite3.Connection, customer: str, known: Decoded) -> Iterator[State]:
    rows = connection.execute(
        "SELECT created, type, event, source, before, after FROM history WHERE customer = ?"
        " ORDER BY subscription, created, event",
        (customer,),
    )
    for created, kind, event, source, before, after in rows:
        yield State(created, kind, event, known[after], known[before] if before else None, source)


def _catalogue(connection: sqlite3.Connection, customers: Sequence[str], told: History, shared: Shared) -> Catalogue:
    shown = told.shown
    prices = {*shown, *(row.price for row in told.billed if row.price)}
    products = {price.product for price in shown.values()}
    products |= {
        version.value.product for rows in versions(connection, Price, prices, shared).values() for version in rows
    }
    discounts = {name for state in told.states for view in state.views for name in view.all_discounts}
    discounts |= {name for look in told.snapshots for name in look.subscription.all_discounts}
    discounts |= {name for row in told.billed for name in (*row.discounts, *dict(row.off))}
    for customer in customers:
        rows = connection.execute("SELECT id FROM discounts WHERE json_extract(value, '$.customer') = ?", (customer,))
        discounts |= {name for (name,) in rows}
    for product in products:
        prices |= prices_of(connection, product, shared)
    found = versions(connection, Discount, discounts, {})
    coupons = {version.value.coupon_id for versions in found.values() for version in versions}
    return Catalogue(
        prices=versions(connection, Price, prices, shared),
        products=versions(connection, Product, products, shared),
        coupons=versions(connection, Coupon, coupons, shared),
        discounts=found,
        customers=versions(connection, Customer, customers, {}),
        shown=shown,
    )
