"""The verdict of the last comparison with Stripe, as the ledger remembers it."""

from dataclasses import dataclass

import msgspec

from upswell.store.ledger import Ledger, note_job

_JOB = "reconciled"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the last run ``at`` (unix seconds UTC): how many subscriptions it looked at, and how many differ.

    ``trouble`` says why the latest one, at ``failed_at``, came to no result.
    """

    at: int | None = None
    looked_at: int = 0
    differences: int | None = None
    failed_at: int | None = None
    trouble: str | None = None

    @property
    def tried_at(self) -> int:
        """When a run was last begun, with a result or without; 0: never."""
        return max(self.at or 0, self.failed_at or 0)


def verdict(ledger: Ledger) -> Verdict:
    """Read the last verdict."""
    return msgspec.convert(ledger.job(_JOB) or {}, Verdict)


def note_verdict(ledger: Ledger, found: Verdict) -> None:
    """Remember a verdict in place of the last one."""
    with ledger.write() as connection:
        note_job(connection, _JOB, msgspec.to_builtins(found))
