"""Grants: which discounts a subscription had while no event told of it, as its invoices list them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from upswell.core.catalogue import Catalogue, Version
from upswell.core.discounts import Discount
from upswell.core.portfolio import Subscription
from upswell.core.statements import Statement
from upswell.core.usage import Billed


@dataclass(frozen=True, slots=True)
class Grant:
    """From ``at`` on (unix seconds UTC) the subscription had these ``discounts``; or (``added``) these besides.

    ``cause`` is the invoice that lists them; empty where none does.
    """

    at: int
    cause: str
    discounts: tuple[str, ...]
    added: bool = False


@dataclass(frozen=True, slots=True)
class _Listed:
    at: int
    invoice: str
    discounts: tuple[str, ...]


def grants(
    rows: Sequence[Billed], said: Sequence[Statement], begin: int, ends_in: Subscription, catalogue: Catalogue
) -> list[Grant]:
    """Return the discounts of the subscription itself, oldest first, those at ``begin`` before all others.

    A discount begins when it says, where an invoice or ``ends_in`` lists it after that, and is over with the first
    period whose invoice does not list it.
    """
    told = _listed(rows, said, begin)
    names = [name for name in _all(told, ends_in) if usable(name, ends_in, catalogue)]
    starts = {name: catalogue.discounts[name][0].value.start for name in names}
    found = [_at(one.at, one.invoice, one.discounts, starts) for one in told]
    found += [one for name in names for one in _addition(name, told, begin, catalogue)]
    first = told[0].discounts if told else ends_in.discounts
    return [_at(begin, "", first, starts), *sorted(found, key=lambda one: (one.at, one.added, one.cause))]


def usable(name: str, ends_in: Subscription, catalogue: Catalogue) -> bool:
    """Whether an invoice tells of a discount what nothing else does, and what it takes off is known."""
    versions = catalogue.discounts.get(name)
    if not versions or (name not in ends_in.all_discounts and _stands(versions, catalogue)):
        return False
    try:
        catalogue.coupon(versions[-1].value)
    except LookupError:
        return False
    return True


def _stands(versions: Sequence[Version[Discount]], catalogue: Catalogue) -> bool:
    """Whether it is the customer's own, for all subscriptions that have none, and known as that: by events, or held."""
    value = versions[-1].value
    if not value.customer or value.subscription or value.item:
        return False
    customer = catalogue.customers.get(value.customer, ())
    held = bool(customer) and customer[-1].value.discount == value.id
    return held or any(version.event for version in versions)


def _listed(rows: Sequence[Billed], said: Sequence[Statement], begin: int) -> list[_Listed]:
    """Return what each invoice lists, for the beginning of the period that it charges for."""
    charged = {one.invoice: one.at for one in said if one.charges}
    headers = [row for row in rows if not row.line and not row.voided]
    found = [
        _Listed(max(charged.get(row.invoice, row.invoiced_at), begin), row.invoice, row.discounts) for row in headers
    ]
    return sorted(found, key=lambda one: (one.at, one.invoice))


def _all(told: Sequence[_Listed], ends_in: Subscription) -> list[str]:
    return list(
        dict.fromkeys(name for listed in (*(one.discounts for one in told), ends_in.discounts) for name in listed)
    )


def _at(at: int, invoice: str, listed: Sequence[str], starts: Mapping[str, int]) -> Grant:
    return Grant(at, invoice, tuple(name for name in listed if name in starts and starts[name] <= at))


def _addition(name: str, told: Sequence[_Listed], begin: int, catalogue: Catalogue) -> Iterator[Grant]:
    """Yield a discount that began between two invoices, at its start."""
    start = catalogue.discounts[name][0].value.start
    after = next((one for one in told if one.at > start or (one.at == start and name in one.discounts)), None)
    if start < begin:
        return
    if after is None or name in after.discounts:
        yield Grant(start, after.invoice if after else "", (name,), added=True)
    elif catalogue.discount(name, after.at) is None:
        yield Grant(start, "", (name,), added=True)
