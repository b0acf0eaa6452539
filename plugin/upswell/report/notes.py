"""What the summary points out although no figure is wrong: imports, undeclared price migrations, an unused currency."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from upswell.core.clocks import local, midnight
from upswell.core.kinds import Movement
from upswell.core.money import signed
from upswell.report import metrics
from upswell.report.periods import Reported

_MANY_NEW = 20
_UNUSUAL = 5
_MANY_MOVED = 10
_BEFORE = timedelta(weeks=4)


def notes(
    movements: Sequence[Movement], customers: Mapping[str, int], period: Reported, cut: int, currency: str
) -> tuple[str, ...]:
    """Return the notes on ``period`` as far as ``cut`` (unix seconds UTC), each one sentence.

    ``movements`` are those of the period, and every new since ``seen_since``, at least, of all currencies, ordered by
    ``occurred_at``; ``customers`` says how many ever had a movement in which currency; ``currency`` is the report's.
    """
    return (
        *_unused(customers, currency),
        *_imports(movements, period, cut),
        *_migrations(metrics.window(movements, period.start, cut)),
    )


def _unused(customers: Mapping[str, int], currency: str) -> list[str]:
    """The report's currency, where everything is in others."""
    if not customers or currency in customers:
        return []
    used = max(customers, key=lambda code: (customers[code], code))
    return [f'Nothing is billed in {currency.upper()}: set [report] currency = "{used}".']


def seen_since(period: Reported) -> int:
    """Return when it begins (unix seconds UTC) that new customers are looked at: four weeks before ``period``."""
    return midnight(period.first - _BEFORE, period.zone)


def _imports(movements: Sequence[Movement], period: Reported, cut: int) -> list[str]:
    """A day with at least 20 new customers, five times as many as any other, also of the four weeks before."""
    recent = metrics.window(movements, seen_since(period), cut)
    days = Counter(local(movement.occurred_at, period.zone).date() for movement in recent if movement.kind == "new")
    (top, count), (_, second) = [*days.most_common(2), (period.first, 0), (period.first, 0)][:2]
    if top < period.first or count < _MANY_NEW or count < _UNUSUAL * second:
        return []
    return [f"{count} customers are new on {top:%Y-%m-%d}: this looks like an import."]


def _migrations(happened: Sequence[Movement]) -> list[str]:
    """Pairs of prices that at least ten customers moved between by upgrades in the period."""
    moved = defaultdict(list)
    for movement in happened:
        if movement.kind == "upgrade" and movement.driver == "plan" and movement.price_from and movement.price_to:
            moved[movement.price_from, movement.price_to, movement.currency].append(movement)
    return [
        _migration(pair, held)
        for pair, held in sorted(moved.items())
        if len({movement.customer for movement in held}) >= _MANY_MOVED
    ]


def _migration(pair: tuple[str, str, str], held: Sequence[Movement]) -> str:
    before, after, currency = pair
    amount = signed(sum(movement.amount for movement in held), currency)
    return (
        f"This looks like a price migration: {len({movement.customer for movement in held})} customers, "
        f"{before} → {after}, {amount} {currency.upper()} counted as upgrades; if it was yours, declare it: "
        f'[[rules.price_change]] from = "{before}", to = "{after}".'
    )
