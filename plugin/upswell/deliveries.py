"""What was posted: the summaries as they were, and one row a week and destination, claimed before anything is sent.

A claim is a row of ``deliveries`` in state ``claimed`` with the time its lease ends in ``next_attempt_at``. Whoever
inserts it, or takes over one whose time has come, may send; the UNIQUE key and the count of attempts let one do so.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import LedgerError
from upswell.figures import Figures
from upswell.ledger import Ledger
from upswell.restated import Post
from upswell.summary import Health, Summary, as_json
from upswell.targets import Progress
from upswell.together import Together
from upswell.trend import Point
from upswell.weeks import parse

_REPORT = "weekly"
_COLUMNS = "period, destination, state, attempts, next_attempt_at, sent_at, error, content"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One summary on its way to one destination.

    ``state``: ``claimed`` (being sent; or it may have arrived, and ``error`` says why nobody knows), ``sent``,
    ``failed`` or ``gave_up``. What is not at its end is tried again at ``next_attempt_at`` (unix seconds UTC).
    ``content`` is JSON, as handed over.
    """

    period: str
    destination: str
    state: str
    attempts: int
    next_attempt_at: int | None
    sent_at: int | None
    error: str | None
    content: str

    def is_being_sent(self, now: int) -> bool:
        """Whether somebody holds a claim whose lease runs at ``now``."""
        return self.state == "claimed" and self.error is None and (self.next_attempt_at or 0) > now


def record(connection: sqlite3.Connection, summary: Summary, now: int) -> bool:
    """Keep ``summary`` as posted at ``now``, inside an open write transaction; False where its week is kept already."""
    return bool(
        connection.execute(
            "INSERT INTO summaries(report, period, made_at, figures) SELECT ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM summaries WHERE report = ? AND period = ?)",
            (_REPORT, summary.week, now, _packed(summary), _REPORT, summary.week),
        ).rowcount
    )


def recorded(ledger: Ledger, period: str) -> Summary:
    """Return the summary of the week ``period`` as it was kept. Raises LedgerError where none was."""
    row = ledger.connection.execute(
        "SELECT figures FROM summaries WHERE report = ? AND period = ?", (_REPORT, period)
    ).fetchone()
    if row is None:
        raise LedgerError(
            f"The ledger holds no summary of {period}: `upswell summary --week {period} --post` keeps one"
        )
    return _unpacked(row[0])


def periods(ledger: Ledger) -> set[str]:
    """Return the names of the weeks whose summary was kept."""
    rows = ledger.connection.execute("SELECT period FROM summaries WHERE report = ?", (_REPORT,))
    return {period for (period,) in rows}


def posts(ledger: Ledger) -> list[Post]:
    """Return the summaries that reached somebody, or had nowhere to go, as they were, oldest first."""
    rows = ledger.connection.execute(
        "SELECT made_at, figures FROM summaries WHERE report = ?"
        " AND (id IN (SELECT summary FROM deliveries WHERE state = 'sent')"
        "   OR id NOT IN (SELECT summary FROM deliveries)) ORDER BY made_at, id",
        (_REPORT,),
    )
    return [_post(made_at, _unpacked(figures)) for made_at, figures in rows]


def _post(made_at: int, summary: Summary) -> Post:
    figures = {summary.currency: summary.figures, **summary.other_currencies}
    return Post(parse(summary.week, ZoneInfo(summary.zone)), made_at, figures)


def arrivals(ledger: Ledger, causes: Iterable[str]) -> dict[str, int]:
    """Return when each of the events ``causes`` was received (unix seconds UTC); what is none is left out."""
    rows = ledger.connection.execute(
        "SELECT events.id, received_at FROM json_each(?) JOIN events ON events.id = value", (json.dumps(list(causes)),)
    )
    return dict(rows.fetchall())


def find(ledger: Ledger, period: str, destination: str) -> Delivery | None:
    """Return the delivery of the week ``period`` to ``destination``, or None."""
    row = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE report = ? AND period = ? AND destination = ?",  # noqa: S608  # no input
        (_REPORT, period, destination),
    ).fetchone()
    return Delivery(*row) if row else None


def latest(ledger: Ledger) -> list[Delivery]:
    """Return the last week's delivery to each destination there is."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries AS one WHERE report = ? AND period ="  # noqa: S608  # no input
        " (SELECT max(period) FROM deliveries WHERE report = one.report AND destination = one.destination)"
        " ORDER BY destination",
        (_REPORT,),
    )
    return [Delivery(*row) for row in rows]


def last_unsent(ledger: Ledger) -> str | None:
    """Return the name of the last week whose summary was kept, if it was for no destination."""
    row = ledger.connection.execute(
        "SELECT period, id IN (SELECT summary FROM deliveries) FROM summaries WHERE report = ?"
        " ORDER BY period DESC LIMIT 1",
        (_REPORT,),
    ).fetchone()
    return row[0] if row and not row[1] else None


def waiting(ledger: Ledger, now: int) -> list[Delivery]:
    """Return the deliveries to be tried (again) at ``now``: failed ones, and claims whose lease is over."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE report = ? AND state IN ('failed', 'claimed')"  # noqa: S608  # no input
        " AND next_attempt_at <= ? ORDER BY period, destination",
        (_REPORT, now),
    )
    return [Delivery(*row) for row in rows]


def unsent(ledger: Ledger, period: str, destination: str) -> list[str]:
    """Return the weeks before ``period`` that ``destination`` was not given since the last that it was."""
    rows = ledger.connection.execute(
        "SELECT period FROM deliveries WHERE report = ?1 AND destination = ?2 AND period < ?3 AND state = 'gave_up'"
        " AND period > (SELECT coalesce(max(period), '') FROM deliveries"
        "   WHERE report = ?1 AND destination = ?2 AND period < ?3 AND state = 'sent') ORDER BY period",
        (_REPORT, destination, period),
    )
    return [name for (name,) in rows]


def claim(connection: sqlite3.Connection, wanted: Delivery, *, lease_until: int, now: int) -> bool:
    """Claim ``wanted``, inside an open write transaction; True where whoever asks may send it.

    ``wanted.attempts`` counts the attempts known of, this one not included (0: there is no row yet): where another
    was faster, it is more.
    """
    return bool(
        connection.execute(
            "INSERT INTO deliveries(report, period, destination, state, summary, attempts, claimed_at,"
            " next_attempt_at, content) SELECT ?1, ?2, ?3, 'claimed', id, 1, ?4, ?5, ?6 FROM summaries"
            " WHERE report = ?1 AND period = ?2"
            " ON CONFLICT(report, period, destination) DO UPDATE SET state = 'claimed', attempts = attempts + 1,"
            " claimed_at = ?4, next_attempt_at = ?5, error = NULL, content = ?6"
            " WHERE attempts = ?7 AND state != 'sent'",
            (_REPORT, wanted.period, wanted.destination, now, lease_until, wanted.content, wanted.attempts),
        ).rowcount
    )


def settle(connection: sqlite3.Connection, done: Delivery) -> None:
    """Write down how an attempt ended, inside an open write transaction; ``done.attempts`` includes it."""
    connection.execute(
        "UPDATE deliveries SET state = ?, next_attempt_at = ?, sent_at = ?, error = ?, content = ?"
        " WHERE report = ? AND period = ? AND destination = ? AND attempts = ?",
        (
            *(done.state, done.next_attempt_at, done.sent_at, done.error, done.content),
            *(_REPORT, done.period, done.destination, done.attempts),
        ),
    )


def supersede(connection: sqlite3.Connection, period: str, now: int) -> None:
    """Give up, inside an open write transaction, what could not be sent of the weeks before ``period``."""
    connection.execute(
        "UPDATE deliveries SET state = 'gave_up', next_attempt_at = NULL,"
        " error = coalesce(error || ' ', '') || '(superseded by ' || ?2 || ')'"
        " WHERE report = ?1 AND period < ?2 AND (state = 'failed' OR (state = 'claimed' AND next_attempt_at <= ?3))",
        (_REPORT, period, now),
    )


def revive(connection: sqlite3.Connection, now: int) -> None:
    """Let what was given up of the last week sent anywhere be tried once more, inside an open write transaction."""
    connection.execute(
        "UPDATE deliveries SET state = 'failed', next_attempt_at = ?2 WHERE report = ?1 AND state = 'gave_up'"
        " AND period = (SELECT max(period) FROM deliveries WHERE report = ?1)",
        (_REPORT, now),
    )


def _packed(summary: Summary) -> str:
    beside = {"zone": summary.zone, "notes": summary.notes, "names": dict(summary.names), "hint": summary.hint}
    return json.dumps({**as_json(summary), **beside, "trend": [asdict(point) for point in summary.trend]})


def _unpacked(text: str) -> Summary:
    held = json.loads(text)
    return Summary(
        week=held["week"],
        start=held["start"],
        end=held["end"],
        complete=held["complete"],
        currency=held["currency"],
        figures=msgspec.convert(held, Figures),
        health=msgspec.convert(held["health"], Health),
        other_currencies=msgspec.convert(held["other_currencies"], dict[str, Figures]),
        zone=held["zone"],
        notes=tuple(held["notes"]),
        together=msgspec.convert(held.get("together"), Together | None),
        targets=msgspec.convert(held.get("targets", []), tuple[Progress, ...]),
        hint=held.get("hint", ""),
        names=held.get("names", {}),  # summaries of before 2026-11-25 have none
        trend=msgspec.convert(held.get("trend", []), tuple[Point, ...]),
    )
