"""What the ledger has accepted and not yet applied, and why."""

from dataclasses import dataclass

from upswell.store.events import FAILED, RECEIVED
from upswell.store.ledger import Ledger

BACKFILL = "backfill"
"""The job under which a backfill notes how far it has come, until it is finished."""

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events, and customers to be rebuilt, that wait (``pending``) or could not be applied (``failed``).

    ``missing`` counts the waiting events by the Stripe id they wait for, most first; ``reasons`` are the first few
    distinct reasons of what failed, each with the event or customer it is about. ``unread``: a backfill was begun and
    is not finished.
    """

    pending: int
    failed: int
    missing: tuple[tuple[str, int], ...]
    reasons: tuple[str, ...]
    unread: bool = False


def backlog(ledger: Ledger) -> Backlog:
    """Read what waits and what failed."""
    execute = ledger.connection.execute
    (received,) = execute(f"SELECT count(*) FROM events WHERE {RECEIVED}").fetchone()
    (failed,) = execute(f"SELECT count(*) FROM events WHERE {FAILED}").fetchone()
    missing = execute(
        "SELECT waits_for, count(*) FROM events WHERE waits_for IS NOT NULL AND state = 'received'"
        " GROUP BY waits_for ORDER BY count(*) DESC, waits_for LIMIT ?",
        (_MOST_REASONS,),
    ).fetchall()
    reasons = execute(
        f"SELECT min(id), reason FROM events WHERE {FAILED} GROUP BY reason ORDER BY min(created), 1 LIMIT ?",
        (_MOST_REASONS,),
    ).fetchall()
    rebuilds = execute("SELECT account, reason FROM stale ORDER BY reason IS NULL, account").fetchall()
    broken = [f"customer {account}: {reason}" for account, reason in rebuilds if reason]
    return Backlog(
        pending=received + len(rebuilds) - len(broken),
        failed=failed + len(broken),
        missing=tuple((reference, count) for reference, count in missing),
        reasons=tuple([*(f"{event}: {reason}" for event, reason in reasons), *broken][:_MOST_REASONS]),
        unread=ledger.job(BACKFILL) is not None,
    )


def note(open_work: Backlog) -> str | None:
    """Return the sentence readers of the ledger are told about what is not in the figures, or None where all is."""
    parts = []
    if open_work.pending:
        waits = "; ".join(f"{count} for {reference}" for reference, count in open_work.missing)
        parts.append(f"{open_work.pending} yet to be applied" + (f" (waiting: {waits})" if waits else ""))
    if open_work.failed:
        parts.append(f"{open_work.failed} failed ({open_work.reasons[0]})")
    said = [f"Not in these figures: {' and '.join(parts)}. `upswell retry` tries again."] if parts else []
    if open_work.unread:
        said.append("A backfill is not finished: `upswell backfill` goes on with it.")
    return " ".join(said) or None
