"""Reclassifying: every customer rebuilt under the current rules, and what that changes.

It can be stopped at any point and goes on where it stopped, beside a running `upswell serve`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.movements import movements
from upswell.core.rules import Rules
from upswell.errors import LedgerError, UpswellError
from upswell.intake.rebuild import Progress, heed, is_heeded, may_be_changed_back, rebuild, written
from upswell.store import poison
from upswell.store.books import check
from upswell.store.ledger import Ledger, forget_job, hold, note_job
from upswell.store.records import history_of, place
from upswell.store.tallies import (
    Before,
    Difference,
    Tallies,
    Tally,
    applied_since,
    before,
    differences,
    forget_before,
    tallies,
)
from upswell.store.versions import Shared

_BEGUN = "reclassify"
_SHADOWED = ("accounts", "stale")


@dataclass(frozen=True, slots=True)
class Reclassified:
    """What a reclassification changes, kind by kind.

    ``since`` is when the movements were as before (unix seconds UTC), where that was noted earlier, and ``applied``
    how many events were applied in between. ``failed`` says of each customer that could not be rebuilt why.
    """

    differences: tuple[Difference, ...]
    since: int | None = None
    applied: int = 0
    failed: tuple[str, ...] = ()


def reclassify(ledger: Ledger, rules: Rules, *, progress: Progress | None = None) -> Reclassified:
    """Rebuild all customers under ``rules``; ``progress`` is called with how many are done and how many there are.

    Raises UpswellError where a running `upswell serve` works under other rules.
    """
    _refuse_beside_other_rules(ledger, rules)
    earlier = before(ledger)
    if not (is_heeded(ledger, rules) and ledger.job(_BEGUN) == written(rules)):
        heed(ledger, rules, again=True)
        with ledger.write() as connection:
            note_job(connection, _BEGUN, written(rules))
    rebuild(ledger, rules, progress or _say_nothing)
    noted = before(ledger)
    with ledger.write() as connection:
        after = tallies(connection)
        forget_before(connection)
        forget_job(connection, _BEGUN)
    return _told(ledger, noted, after if noted is None else noted.tallies, after, earlier)


def preview(ledger: Ledger, rules: Rules, *, progress: Progress | None = None) -> Reclassified:
    """Return what ``reclassify`` would change, and write nothing to the ledger.

    What has to be written on the way goes into temporary tables that hide the ledger's own.
    """
    tell = progress or _say_nothing
    earlier = before(ledger) if _is_unfinished(ledger) else None
    with _shadows(ledger) as connection:
        held = tallies(connection)
        after = dict(held)
        failed = []
        shared = Shared()
        accounts = _all_accounts(connection, rules)
        for done, account in enumerate(accounts, 1):
            try:
                _exchange(connection, account, rules, after, shared)
            except Exception as error:  # noqa: BLE001  # as when it is really rebuilt
                failed.append(f"{account}: {poison.reason(error)}")
            tell(done, len(accounts))
    return Reclassified(
        differences(earlier.tallies if earlier else held, after),
        since=earlier.since if earlier else None,
        applied=applied_since(ledger, earlier) if earlier else 0,
        failed=tuple(failed),
    )


def _say_nothing(_done: int, _whole: int) -> None:
    """Be a progress that nobody watches."""


def _refuse_beside_other_rules(ledger: Ledger, rules: Rules) -> None:
    if not may_be_changed_back(ledger, rules):
        return
    try:
        hold(ledger.path).close()
    except LedgerError:
        raise UpswellError(
            "The running `upswell serve` works under the rules it was started with and would change all back: "
            "restart it, and it rebuilds by itself; `upswell reclassify --dry-run` says before what changes"
        ) from None


def _told(ledger: Ledger, noted: Before | None, held: Tallies, after: Tallies, earlier: Before | None) -> Reclassified:
    """Put together what changed; the moment is named only where it was noted before this run."""
    (*reasons,) = ledger.connection.execute("SELECT reason FROM stale WHERE reason IS NOT NULL ORDER BY account")
    resumed = earlier is not None and noted == earlier
    return Reclassified(
        differences(held, after),
        since=noted.since if noted and resumed else None,
        applied=applied_since(ledger, noted) if noted and resumed else 0,
        failed=tuple(reason for (reason,) in reasons),
    )


def _is_unfinished(ledger: Ledger) -> bool:
    return ledger.connection.execute("SELECT 1 FROM stale WHERE reason IS NULL LIMIT 1").fetchone() is not None


@contextmanager
def _shadows(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """Hide the tables that placing customers writes behind temporary copies, which are gone at the end."""
    connection = ledger.connection
    connection.execute("BEGIN")
    try:
        for name in _SHADOWED:
            (made,) = connection.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (name,)).fetchone()
            connection.execute(made.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
            connection.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{name}")
        yield connection
    finally:
        connection.execute("ROLLBACK")


def _all_accounts(connection: sqlite3.Connection, rules: Rules) -> list[str]:
    """Place every Stripe customer in the shadows; return all accounts there were or are."""
    for (customer,) in connection.execute("SELECT customer FROM accounts").fetchall():
        place(connection, customer, rules)
    return [account for (account,) in connection.execute("SELECT account FROM stale ORDER BY account")]


def _exchange(
    connection: sqlite3.Connection, account: str, rules: Rules, total: dict[tuple[str, str], Tally], shared: Shared
) -> None:
    """Take what the ledger holds of ``account`` out of ``total``, and put in what ``rules`` make of its history."""
    found = movements(history_of(connection, account, shared), rules)
    check(account, found)
    for key, tally in tallies(connection, account).items():
        total[key] -= tally
    for movement in found:
        key = (movement.currency, movement.kind)
        total[key] = total.get(key, Tally()) + Tally(movement.amount, 1)
