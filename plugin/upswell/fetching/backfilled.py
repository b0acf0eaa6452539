"""What a backfill brought, in rows and sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from upswell.intake.applying import Applied
from upswell.render.words import count

READS_A_TRANSACTION = 500
FEWEST_READS = 10_000
"""Stripe's allowance of reads in 30 days: so many a transaction on average, and never fewer than these."""

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a run brought: counts by name, over all attempts it took, and what became of the events.

    ``movements`` counts the ledger's by source, ``recent`` its invoices of the last 30 days. ``absent`` are lists that
    Stripe does not have, ``lost`` counts prices that invoices name and it does not know any more, which are derived
    from them; ``unread`` says why some of ``unread_count`` objects could not be read.
    """

    objects: dict[str, int]
    requests: dict[str, int]
    movements: dict[str, int]
    recent: int
    absent: tuple[str, ...]
    lost: int
    unread: tuple[str, ...]
    unread_count: int
    applied: Applied

    @property
    def rows(self) -> list[tuple[str, int, int]]:
        """Name, objects and requests of each kind that was read."""
        names = dict.fromkeys((*self.objects, *self.requests))
        return [(name, self.objects.get(name, 0), self.requests.get(name, 0)) for name in names]


def sentences(done: Backfilled, path: str) -> Iterator[str]:
    """Yield what the ledger at ``path`` holds now, how sure that is, and what it took."""
    observed, rebuilt = done.movements.get("observed", 0), done.movements.get("reconstructed", 0)
    yield (
        f"{count(observed + rebuilt, 'movement')}: {observed:,} observed in events and billed usage, "
        f"{rebuilt:,} reconstructed from invoices and today's subscriptions."
    )
    allowed = max(FEWEST_READS, READS_A_TRANSACTION * done.recent)
    yield (
        f"{count(sum(done.requests.values()), 'request')}; in 30 days Stripe allows {READS_A_TRANSACTION} reads "
        f"a transaction, at least {FEWEST_READS:,}: here {allowed:,}, by {count(done.recent, 'invoice')}."
    )
    yield f"The ledger is {path}"


def remarks(done: Backfilled) -> Iterator[str]:
    """Yield what could not be known, and an account that seems to be another than was meant."""
    if not any(done.objects.values()):
        yield (
            "This account holds nothing yet: if that surprises you, check that the API key is of the account and mode, "
            "live or test, that you mean"
        )
    for name in done.absent:
        yield f"Not known: {name}, since Stripe does not have that list for this account"
    if done.lost:
        yield (
            f"Not known: {count(done.lost, 'price')} that invoices name and Stripe has no more; "
            "what was paid for them is derived from those invoices"
        )
    if done.unread_count:
        yield f"Not read: {count(done.unread_count, 'object')} ({'; '.join(done.unread[:_MOST_REASONS])})"
