"""Products of which several prices are active at once, where no plan family says what a move between them is."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from upswell.core.catalogue import Catalogue, Product, Version
from upswell.core.facts import TABLES
from upswell.core.prices import Price
from upswell.core.rules import Rules
from upswell.store.ledger import Ledger


def undeclared(ledger: Ledger, rules: Rules) -> list[str]:
    """Return a few words on each product with several active prices of one interval and currency, by its id.

    Those are left out of which each price has a plan family, in the configuration or in metadata.
    """
    catalogue = Catalogue(prices=dict(_last(ledger, Price)), products=dict(_last(ledger, Product)))
    alike: defaultdict[tuple[str, str, int, str], list[Price]] = defaultdict(list)
    for versions in catalogue.prices.values():
        price = versions[-1].value
        if price.active and price.interval:
            alike[price.product, price.interval, price.interval_count, price.currency].append(price)
    return [
        f"{catalogue.name(held[0])} ({product}) has {len(held)} for {count} {interval} in {currency.upper()}"
        for (product, interval, count, currency), held in sorted(alike.items())
        if len(held) > 1 and not all(catalogue.family(price, rules) for price in held)
    ]


def _last(ledger: Ledger, kind: type[Any]) -> Iterator[tuple[str, list[Version[Any]]]]:
    """Yield each object of a kind as it was last told."""
    decode = msgspec.json.Decoder(kind).decode
    rows = ledger.connection.execute(f"SELECT id, value FROM {TABLES[kind]} ORDER BY at, coalesce(event, '')")
    return ((name, [Version(0, "", decode(value))]) for name, value in rows)
