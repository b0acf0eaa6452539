"""What the movements of a ledger add up to, kind by kind, and how that differs from what it was."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.kinds import KINDS
from upswell.store.ledger import Ledger, forget_job, job, note_job

_BEFORE = "before_rules"
_SINCE = "rules_since"
_APPLIED = "SELECT count(*) FROM events WHERE state = 'applied'"


@dataclass(frozen=True, slots=True)
class Tally:
    """The movements of one kind and currency: their sum in minor units a month, and how many they are."""

    amount: int = 0
    count: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.amount + other.amount, self.count + other.count)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.amount - other.amount, self.count - other.count)


Tallies = Mapping[tuple[str, str], Tally]


@dataclass(frozen=True, slots=True)
class Before:
    """What movements added up to before the rules changed.

    ``since`` is that moment (unix seconds UTC), ``applied`` how many events had been applied by then.
    """

    since: int
    applied: int
    tallies: Tallies


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind in one currency, before and after."""

    currency: str
    kind: str
    before: Tally
    after: Tally


def tallies(connection: sqlite3.Connection, customer: str | None = None) -> dict[tuple[str, str], Tally]:
    """Add up all movements, or one customer's, by currency and kind; what is scheduled is among them."""
    rows = connection.execute(
        "SELECT currency, kind, sum(amount), count(*) FROM movements WHERE ?1 IS NULL OR customer = ?1"
        " GROUP BY currency, kind",
        (customer,),
    )
    return {(currency, kind): Tally(amount, count) for currency, kind, amount, count in rows}


def differences(before: Tallies, after: Tallies) -> tuple[Difference, ...]:
    """Return every kind that has movements on either side, by currency, in the rule book's order."""
    return tuple(
        Difference(currency, kind, before.get((currency, kind), Tally()), after.get((currency, kind), Tally()))
        for currency in sorted({currency for currency, _ in (*before, *after)})
        for kind in KINDS
        if any(held.get((currency, kind), Tally()).count for held in (before, after))
    )


def note_before(connection: sqlite3.Connection, now: int, *, keep: bool) -> None:
    """Note at ``now``, inside an open write transaction, what movements add up to before the rules change.

    ``keep`` leaves an earlier note as it is: what it was taken before has not been told yet.
    """
    note_job(connection, _SINCE, now)
    if keep and job(connection, _BEFORE) is not None:
        return
    (applied,) = connection.execute(_APPLIED).fetchone()
    sums = [(*key, *astuple(tally)) for key, tally in sorted(tallies(connection).items())]
    note_job(connection, _BEFORE, {"since": now, "applied": applied, "sums": sums})


def before(ledger: Ledger) -> Before | None:
    """Return what was noted before the rules changed last, unless it was told already."""
    noted = ledger.job(_BEFORE)
    if noted is None:
        return None
    held = {(currency, kind): Tally(amount, count) for currency, kind, amount, count in noted["sums"]}
    return Before(noted["since"], noted["applied"], held)


def forget_before(connection: sqlite3.Connection) -> None:
    """Forget that note, inside an open write transaction: it was told."""
    forget_job(connection, _BEFORE)


def rules_since(ledger: Ledger) -> int | None:
    """Return when all movements were last made anew because of the rules (unix seconds UTC), or None."""
    since: int | None = ledger.job(_SINCE)
    return since


def applied_since(ledger: Ledger, noted: Before) -> int:
    """Return how many events were applied since ``noted``."""
    return int(ledger.connection.execute(_APPLIED).fetchone()[0]) - noted.applied
