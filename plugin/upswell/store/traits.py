"""Traits: what the ledger knows of who moved, as it was at that moment, for the segments of the summary."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Catalogue, Customer, Product
from upswell.core.kinds import Movement
from upswell.core.prices import Price
from upswell.core.rules import Rules
from upswell.store.ledger import Ledger
from upswell.store.versions import Shared, versions

# A subscription's customer and metadata: as last told up to a moment, else as first told after it.
_STATE = """
SELECT customer, metadata FROM (
    SELECT customer, created AS at, event, json_extract(after, '$.metadata') AS metadata
    FROM history WHERE subscription = ?1
    UNION ALL SELECT customer, at, '', json_extract(value, '$.metadata') FROM snapshots WHERE subscription = ?1
) ORDER BY at > ?2, abs(at - ?2), event DESC LIMIT 1
"""
# What a customer's plan became with a movement and with those before it, latest first, its own subscription's first.
# The first usage of what a customer began with is of kind new too: it is the plan where there is no other.
_PLANS = """
SELECT price_to, product_to, currency FROM movements
WHERE customer = ?1 AND step <= (SELECT step FROM movements WHERE id = ?2)
    AND price_to IS NOT NULL AND product_to IS NOT NULL
    AND (kind IN ('new', 'reactivation', 'upgrade', 'price_change', 'term_change') OR driver = 'plan')
ORDER BY subscription = ?3 DESC, driver = 'usage', step DESC
"""


@dataclass(frozen=True, slots=True)
class _Look:
    """Where traits are looked up, and what was read so far."""

    connection: sqlite3.Connection
    rules: Rules
    shared: Shared = field(default_factory=dict)

    def told(self, kind: type[Any], name: str) -> Mapping[str, Sequence[Any]]:
        return versions(self.connection, kind, [name], self.shared)


def traits(
    ledger: Ledger, rules: Rules, movements: Iterable[Movement], keys: Collection[str]
) -> dict[str, dict[str, str | None]]:
    """Return the value of each of ``keys`` for each of ``movements``, by its id, as it was when the movement occurred.

    ``customer.metadata.KEY`` and ``country``: of the Stripe customer whose subscription moved, as told up to then, else
    as told first after it. ``subscription.metadata.KEY``: the same of the subscription. ``currency``: the movement's.
    ``plan``: the family, else the name, of the product that the customer's last choice of a plan up to then went to.
    None stands where nothing is known.
    """
    look = _Look(ledger.connection, rules)
    return {one.id: {key: _value(look, key, one) for key in keys} for one in movements} if keys else {}


def _value(look: _Look, key: str, movement: Movement) -> str | None:
    of, _, name = key.partition(".metadata.")
    return _VALUES[of](look, movement, name) or None


def _currency(_look: _Look, movement: Movement, _name: str) -> str | None:
    return movement.currency


def _of_subscription(look: _Look, movement: Movement, name: str) -> str | None:
    _, metadata = _state(look, movement)
    return metadata.get(name)


def _of_customer(look: _Look, movement: Movement, name: str) -> str | None:
    owner, _ = _state(look, movement)
    return Catalogue(customers=look.told(Customer, owner)).metadata_at(owner, movement.occurred_at).get(name)


def _country(look: _Look, movement: Movement, _name: str) -> str | None:
    """What was told before there were countries in the ledger has none: the next word on it counts then."""
    owner, _ = _state(look, movement)
    told = [version for version in look.told(Customer, owner).get(owner, ()) if version.value.country]
    known = [version for version in told if version.at <= movement.occurred_at]
    found = known[-1:] or told[:1]
    return found[0].value.country if found else None


def _state(look: _Look, movement: Movement) -> tuple[str, Mapping[str, str]]:
    """Return the Stripe customer and the metadata of the subscription that moved."""
    row = look.connection.execute(_STATE, (movement.subscription, movement.occurred_at)).fetchone()
    return (row[0], msgspec.json.decode(row[1] or "{}")) if row else (movement.customer, {})


def _plan(look: _Look, movement: Movement, _name: str) -> str | None:
    chosen = look.connection.execute(_PLANS, (movement.customer, movement.id, movement.subscription))
    for price, product, currency in chosen:
        catalogue = Catalogue(prices=look.told(Price, price), products=look.told(Product, product))
        sold = catalogue.prices[price][-1].value if catalogue.prices else Price(price, product, currency)
        if catalogue.role(sold, look.rules) == "plan":
            return catalogue.family(sold, look.rules) or catalogue.name(sold)
    return None


_VALUES: Mapping[str, Callable[[_Look, Movement, str], str | None]] = {
    "customer": _of_customer,
    "subscription": _of_subscription,
    "currency": _currency,
    "country": _country,
    "plan": _plan,
}
