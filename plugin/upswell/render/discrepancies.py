"""What reconciling found, as a table for people and as JSON."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upswell.core.clocks import utc
from upswell.render.plain import plain
from upswell.render.words import amount, count
from upswell.report.discrepancies import Discrepancy, Unlike

_HEADINGS = ("subscription", "customer", "differs in", "ledger", "Stripe", "MRR", "at Stripe", "because")
_NUMBERS = frozenset({"MRR", "at Stripe"})


class Found(Protocol):
    """What a run found."""

    @property
    def at(self) -> int: ...  # noqa: D102
    @property
    def looked_at(self) -> int: ...  # noqa: D102
    @property
    def requests(self) -> int: ...  # noqa: D102
    @property
    def left(self) -> int: ...  # noqa: D102
    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]: ...  # noqa: D102


def show(found: Found, names: Mapping[str, str], console: Console) -> None:
    """Print what differs, then what there is to do, on ``console``; ``names`` are those of customers by id."""
    if found.discrepancies:
        console.print(_table(found, names), highlight=False)
    console.print(Text(headline(found)))


def text(found: Found, names: Mapping[str, str]) -> str:
    """Return the same as plain text."""
    return plain(partial(show, found, names), 400)


def headline(found: Found) -> str:
    """Say in a sentence or two how ledger and Stripe compare, and what to do."""
    looked = f"{count(found.looked_at, 'subscription')} compared, {found.requests:,} requests."
    healed = len(found.discrepancies) - found.left
    said = [f"{count(healed, 'difference')} healed."] if healed else []
    if not found.left:
        return " ".join([looked, *(said or ["None differs."])])
    said.append(f"{count(found.left, 'subscription')} {'differs' if found.left == 1 else 'differ'}:")
    unknown = sum(one.cause == "not known to the ledger" and not one.healed for one in found.discrepancies)
    remedy = "`upswell backfill` reads the history of what is not known, " if unknown else ""
    return " ".join([looked, *said, f"{remedy}`upswell reconcile --heal` closes each by a marked movement."])


def as_json(found: Found, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what was found as ``upswell reconcile --format json`` prints it."""
    return {
        "at": utc(found.at),
        "subscriptions": found.looked_at,
        "requests": found.requests,
        "differences": [_plain(one, names) for one in found.discrepancies],
    }


def _plain(one: Discrepancy, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "subscription": one.subscription,
        "customer": one.customer,
        "name": names.get(one.customer, one.customer),
        "cause": one.cause,
        "currency": one.currency,
        "mrr": {"ledger": one.mrr_ledger, "stripe": one.mrr_stripe},
        "differs": [{"what": part.what, "ledger": part.ledger, "stripe": part.stripe} for part in one.unlike],
        "healed": one.healed,
    }


def _table(found: Found, names: Mapping[str, str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left", overflow="fold")
    for one in found.discrepancies:
        for place, part in enumerate(one.unlike):
            table.add_row(*_cells(one, part, names, first=not place), style="dim" if one.healed else "")
    return table


def _cells(one: Discrepancy, part: Unlike, names: Mapping[str, str], *, first: bool) -> tuple[str | Text, ...]:
    """Return a row; what is the subscription's stands on its first."""
    middle = (part.what, part.ledger or "–", part.stripe or "–")
    if not first:
        return ("", "", *middle, "", "", "")
    because = f"{one.cause}; healed" if one.healed else one.cause
    sums = (_sum(one.mrr_ledger, one.currency), _sum(one.mrr_stripe, one.currency))
    return one.subscription, Text(names.get(one.customer, one.customer)), *middle, *sums, because


def _sum(mrr: int | None, currency: str) -> str:
    return "?" if mrr is None or not currency else amount(mrr, currency)
