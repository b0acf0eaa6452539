"""What the ledger remembers of Stripe: writing facts, and reading a customer's history back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.catalogue import Catalogue, Customer, Product, Version
from upswell.discounts import Coupon, Discount
from upswell.facts import TABLES, Facts, Invoice, Told
from upswell.forgotten import screened
from upswell.history import History, State
from upswell.portfolio import Subscription
from upswell.prices import Price
from upswell.rules import Rules
from upswell.usage import Billed

T = TypeVar("T")
Shared = dict[tuple[Any, str], Any]
"""The rows of prices, products and coupons by kind and id, as far as they have been read."""


class Decoded(dict[str, Subscription]):
    """Subscriptions by what the ledger holds of them, read when they are asked for first.

    Mostly an event begins where the one before it ended, to the letter: it then is the same object.
    """

    def __missing__(self, text: str) -> Subscription:
        self[text] = _subscriptions.decode(text)
        return self[text]


_encode = msgspec.json.Encoder().encode
_subscriptions = msgspec.json.Decoder(Subscription)
_decoders: dict[type, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in TABLES}


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


def missing(connection: sqlite3.Connection, facts: Facts) -> str | None:
    """Return Stripe's id of a catalogue object that ``facts`` need and nobody told of yet, or None."""
    state = facts.state
    discounts = {one.value.id: one.value for one in facts.told if isinstance(one.value, Discount)}
    for name in sorted(state.discounts if state else ()):
        if name not in discounts and not _rows(connection, Discount, name):
            return name
    for discount in discounts.values():
        if isinstance(discount.coupon, str) and not _rows(connection, Coupon, discount.coupon):
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
    return any(version.value.amounts_in(currency) for version in _rows(connection, Price, price.id))


def _write_told(connection: sqlite3.Connection, event: str | None, told: Told, rules: Rules) -> None:
    value = told.value
    table = TABLES[type(value)]
    if event is None:
        connection.execute(f"DELETE FROM {table} WHERE id = ? AND event IS NULL", (value.id,))
    connection.execute(
        f"INSERT OR IGNORE INTO {table}(id, at, event, value) VALUES (?, ?, ?, ?)",
        (value.id, told.at, event, _encode(value).decode()),
    )
    if isinstance(value, Customer):
        _place(connection, value.id, rules)
        _mark_customers(connection, [value.id])
    elif isinstance(value, Discount):
        if value.customer:
            _place(connection, value.customer, rules)
            _mention(connection, value.customer, [value.id])
        customers = _mentioning(connection, value.id)
        for customer in customers:
            _mention(connection, customer, [value.coupon_id])
        _mark_customers(connection, customers)
    else:
        _mark_customers(connection, _mentioning(connection, value.id))
        if isinstance(value, Price):
            _mark_customers(connection, _mentioning(connection, value.product))


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
    coupons = [version.value.coupon_id for name in state.discounts for version in _rows(connection, Discount, name)]
    products = [item.price.product for view in state.views for item in view.items]
    _place(connection, after.customer, rules)
    _mention(connection, after.customer, [*state.discounts, *coupons, *state.prices, *products])
    _mark_customers(connection, [after.customer])


def _write_invoice(connection: sqlite3.Connection, event: str | None, invoice: Invoice, rules: Rules) -> None:
    """Store an invoice's rows unless a later word on it is there: void is the last one."""
    first = invoice.rows[0]
    name = first.invoice
    known = connection.execute("SELECT voided, said_at, event FROM usage WHERE invoice = ? AND line = ''", (name,))
    said_at = _said_at(connection, event)
    if (held := known.fetchone()) and tuple(held) >= (first.voided, said_at, event):
        return
    connection.execute("DELETE FROM usage WHERE invoice = ?", (name,))
    connection.executemany(
        "INSERT INTO usage(invoice, line, subscription, customer, item, period_start, period_end, amount, currency,"
        " billing_reason, invoiced_at, finalized_at, voided, said_at, event) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(row.invoice, row.line, row.subscription, invoice.customer, row.item),
                *(row.period_start, row.period_end, row.amount, row.currency, row.billing_reason),
                *(row.invoiced_at, row.finalized_at, row.voided, said_at, event),
            )
            for row in {row.line: row for row in invoice.rows}.values()
        ],
    )
    _place(connection, invoice.customer, rules)
    _mark_customers(connection, [invoice.customer])


def _said_at(connection: sqlite3.Connection, event: str | None) -> int:
    row = connection.execute("SELECT created FROM events WHERE id = ?", (event,)).fetchone()
    return int(row[0]) if row else 0


def _mention(connection: sqlite3.Connection, customer: str, references: Iterable[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO mentions(reference, customer) VALUES (?, ?)",
        [(reference, customer) for reference in set(references)],
    )


def _mentioning(connection: sqlite3.Connection, reference: str) -> list[str]:
    rows = connection.execute("SELECT customer FROM mentions WHERE reference = ?", (reference,))
    return [customer for (customer,) in rows]


def _mark_customers(connection: sqlite3.Connection, customers: Iterable[str]) -> None:
    connection.executemany(
        "INSERT INTO stale(account) SELECT account FROM accounts WHERE customer = ? AND true"
        " ON CONFLICT(account) DO UPDATE SET reason = NULL",
        [(customer,) for customer in customers],
    )


def _place(connection: sqlite3.Connection, customer: str, rules: Rules) -> None:
    """Note which customer of the summary a Stripe customer belongs to; a move makes the old one stale."""
    account = _account(connection, customer, rules)
    held = connection.execute("SELECT account FROM accounts WHERE customer = ?", (customer,)).fetchone()
    if held and held[0] == account:
        return
    if held:
        _mark_customers(connection, [customer])
    connection.execute("INSERT OR REPLACE INTO accounts(customer, account) VALUES (?, ?)", (customer, account))


def _account(connection: sqlite3.Connection, customer: str, rules: Rules) -> str:
    if not rules.customer_key:
        return customer
    versions = _rows(connection, Customer, customer)
    key = rules.customer_key.removeprefix("metadata.")
    return (versions[-1].value.metadata.get(key) if versions else None) or customer


def place(connection: sqlite3.Connection, customer: str, rules: Rules) -> None:
    """Place a Stripe customer anew and mark it as stale, where it was and where it is: the rules have changed."""
    _mark_customers(connection, [customer])
    _place(connection, customer, rules)
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
    billed = [row for customer in customers for row in _billed(connection, customer)]
    return History(account, states, billed, _catalogue(connection, customers, states, {} if shared is None else shared))


def _states(connection: sqlite3.Connection, customer: str, known: Decoded) -> Iterator[State]:
    rows = connection.execute(
        "SELECT created, type, event, source, before, after FROM history WHERE customer = ?"
        " ORDER BY subscription, created, event",
        (customer,),
    )
    for created, kind, event, source, before, after in rows:
        yield State(created, kind, event, known[after], known[before] if before else None, source)


def _billed(connection: sqlite3.Connection, customer: str) -> Iterator[Billed]:
    rows = connection.execute(
        "SELECT invoice, line, subscription, item, period_start, period_end, amount, currency, billing_reason,"
        " invoiced_at, finalized_at, voided FROM usage WHERE customer = ? ORDER BY invoice, line",
        (customer,),
    )
    return (Billed(*(*row[:-1], bool(row[-1]))) for row in rows.fetchall())


def _catalogue(
    connection: sqlite3.Connection, customers: Sequence[str], states: Sequence[State], shared: Shared
) -> Catalogue:
    shown = _shown(states)
    prices = set(shown)
    products = {price.product for price in shown.values()}
    discounts = {name for state in states for name in state.discounts}
    for customer in customers:
        rows = connection.execute("SELECT id FROM discounts WHERE json_extract(value, '$.customer') = ?", (customer,))
        discounts |= {name for (name,) in rows}
    for product in products:
        prices |= _prices_of(connection, product, shared)
    found = _versions(connection, Discount, discounts, {})
    coupons = {version.value.coupon_id for versions in found.values() for version in versions}
    return Catalogue(
        prices=_versions(connection, Price, prices, shared),
        products=_versions(connection, Product, products, shared),
        coupons=_versions(connection, Coupon, coupons, shared),
        discounts=found,
        customers=_versions(connection, Customer, customers, {}),
        shown=shown,
    )


def _prices_of(connection: sqlite3.Connection, product: str, shared: Shared) -> set[str]:
    key = "prices of", product
    if key not in shared:
        rows = connection.execute("SELECT id FROM prices WHERE json_extract(value, '$.product') = ?", (product,))
        shared[key] = {name for (name,) in rows}
    return set(shared[key])


def _shown(states: Sequence[State]) -> dict[str, Price]:
    """Return each price as the last event that carried it shows it."""
    found: dict[str, tuple[int, str, int, Price]] = {}
    for state in states:
        for place, view in enumerate(state.views):
            for item in view.items:
                key = (state.created, state.event, place)
                if item.price.id not in found or found[item.price.id][:3] <= key:
                    found[item.price.id] = (*key, item.price)
    return {name: shown for name, (*_, shown) in found.items()}


def _versions(
    connection: sqlite3.Connection, kind: type[T], names: Iterable[str], shared: Shared
) -> dict[str, list[Version[T]]]:
    found = {}
    for name in sorted(names):
        if (kind, name) not in shared:
            shared[kind, name] = _rows(connection, kind, name)
        if rows := shared[kind, name]:
            found[name] = rows
    return found


def _rows(connection: sqlite3.Connection, kind: type[T], name: str) -> list[Version[T]]:
    """Return what was told of an object, oldest first; within one second created is first and deleted last."""
    rows = connection.execute(
        f"SELECT at, coalesce(event, ''), value FROM {TABLES[kind]} AS told LEFT JOIN events ON events.id = event"
        " WHERE told.id = ? ORDER BY at, coalesce(type LIKE '%.created', 0) DESC, coalesce(type LIKE '%.deleted', 0),"
        " coalesce(event, '')",
        (name,),
    )
    return [Version(at, event, _decoders[kind].decode(value)) for at, event, value in rows]
