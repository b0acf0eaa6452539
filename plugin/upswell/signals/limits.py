"""Limits: how much of something a customer may use, from metadata or from a price's tiers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from upswell.core.portfolio import Position
from upswell.core.prices import Tier
from upswell.signals.known import Known

KEY = "upswell_limit"
"""The metadata key that says how many units of a price, product or customer are included."""

_SMALLEST_EDGE = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """``most`` units; ``edge``: no limit, but the end of a tier, behind which units cost otherwise."""

    most: int
    edge: bool = False


def declared(metadata: Mapping[str, str]) -> Limit | None:
    """Return the limit that metadata name, a whole number above zero; None where they name none."""
    text = metadata.get(KEY, "").replace(",", "").replace("_", "").strip()
    return Limit(int(text)) if text.isascii() and text.isdecimal() and int(text) else None


def of_usage(position: Position, known: Known) -> Limit | None:
    """Return how much usage is included for a metered item.

    Its price's own limit, else its product's, else its free tier, else that of the plan beside it on the same
    subscription, else the customer's.
    """
    own = _of_price(position, known) or _free(position)
    if own:
        return own
    beside = (_of_price(plan, known) for plan in _plans_beside(position, known))
    return next((limit for limit in beside if limit), None) or of_customer(_owner(position, known), known)


def of_seats(position: Position, known: Known) -> Limit | None:
    """Return how many units of a licensed price there may be: a limit in metadata, else the end of the tier reached.

    A limit of a plan or a customer that counts for usage is none of seats.
    """
    if any(_leans_on_others(one, known) for one in _metered_beside(position, known)):
        return _edge(position)
    return _of_price(position, known) or of_customer(_owner(position, known), known) or _edge(position)


def _of_price(position: Position, known: Known) -> Limit | None:
    versions = known.catalogue.products.get(position.price.product)
    product = versions[-1].value.metadata if versions else {}
    return declared(position.price.metadata) or declared(product)


def of_customer(name: str, known: Known) -> Limit | None:
    """Return the limit in the metadata of a Stripe customer."""
    return declared(known.catalogue.metadata_at(name, known.at))


def _owner(position: Position, known: Known) -> str:
    return known.portfolio.around(position.subscription).owner


def _tiers(position: Position) -> tuple[Tier, ...]:
    amounts = position.price.amounts_in(position.currency)
    return (amounts.tiers if amounts else None) or ()


def _free(position: Position) -> Limit | None:
    """Return the end of the first tier where it costs nothing."""
    first = next(iter(_tiers(position)), None)
    if first is None or first.up_to is None or Fraction(first.unit) or Fraction(first.flat):
        return None
    return Limit(first.up_to)


def _edge(position: Position) -> Limit | None:
    ends = [tier.up_to for tier in _tiers(position) if tier.up_to is not None]
    end = next((end for end in ends if (position.quantity or 0) <= end), None)
    return None if end is None or end < _SMALLEST_EDGE else Limit(end, edge=True)


def _plans_beside(position: Position, known: Known) -> Iterator[Position]:
    for other in known.portfolio.positions.values():
        beside = other.subscription == position.subscription and not other.price.metered
        if beside and known.catalogue.role(other.price, known.rules) == "plan":
            yield other


def _metered_beside(position: Position, known: Known) -> Iterator[Position]:
    for other in known.portfolio.positions.values():
        if other.subscription == position.subscription and other.price.metered:
            yield other


def _leans_on_others(position: Position, known: Known) -> bool:
    return not (_of_price(position, known) or _free(position))
