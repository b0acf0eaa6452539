"""What was posted: the summaries as they were, and one row a period and destination, claimed before anything is sent.

A claim is a row of ``deliveries`` in state ``claimed`` with the time its lease ends in ``next_attempt_at``. Whoever
inserts it, or takes over one whose time has come, may send; the UNIQUE key and the count of attempts let one do so.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import LedgerError
from upswell.report.figures import Figures
from upswell.report.periods import Reported, parse
from upswell.report.restated import Post
from upswell.report.summary import KEYS, Health, Summary, as_json
from upswell.report.targets import Progress
from upswell.report.together import Together
from upswell.report.trend import Point
from upswell.store.ledger import Ledger

_COLUMNS = "report, period, destination, state, attempts, next_attempt_at, sent_at, error, content"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The summary of one ``period`` (its name), of the ``report`` on such, on its way to one destination.

    ``state``: ``claimed`` (being sent; or it may have arrived, and ``error`` says why nobody knows), ``sent``,
    ``failed`` or ``gave_up``. What is not at its end is tried again at ``next_attempt_at`` (unix seconds UTC).
    ``content`` is JSON, as handed over.
    """

    report: str
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
    """Keep ``summary`` as posted at ``now``, inside an open write transaction; False where there is one already."""
    period = summary.period
    return bool(
        connection.execute(
            "INSERT INTO summaries(report, period, made_at, figures) SELECT ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM summaries WHERE report = ? AND period = ?)",
            (period.report, period.name, now, _packed(summary), period.report, period.name),
        ).rowcount
    )


def recorded(ledger: Ledger, period: Reported) -> Summary:
    """Return the summary of ``period`` as it was kept. Raises LedgerError where none was."""
    row = ledger.connection.execute(
        "SELECT figures FROM summaries WHERE report = ? AND period = ?", (period.report, period.name)
    ).fetchone()
    if row is None:
        raise LedgerError(
            f"The ledger holds no summary of {period.name}: "
            f"`upswell summary --{period.word} {period.name} --post` keeps one"
        )
    return _unpacked(row[0])


def periods(ledger: Ledger, report: str) -> set[str]:
    """Return the names of the periods whose summary was kept, of one report (``weekly``, ``monthly``)."""
    rows = ledger.connection.execute("SELECT period FROM summaries WHERE report = ?", (report,))
    return {period for (period,) in rows}


def posts(ledger: Ledger, report: str) -> list[Post]:
    """Return the summaries of ``report`` that reached somebody, or had nowhere to go, as they were, oldest first."""
    rows = ledger.connection.execute(
        "SELECT made_at, figures FROM summaries WHERE report = ?"
        " AND (id IN (SELECT summary FROM deliveries WHERE state = 'sent')"
        "   OR id NOT IN (SELECT summary FROM deliveries)) ORDER BY made_at, id",
        (report,),
    )
    return [_post(made_at, _unpacked(figures)) for made_at, figures in rows]


def _post(made_at: int, summary: Summary) -> Post:
    figures = {summary.currency: summary.figures, **summary.other_currencies}
    return Post(summary.period, made_at, figures)


def arrivals(ledger: Ledger, causes: Iterable[str]) -> dict[str, int]:
    """Return when each of the events ``causes`` was received (unix seconds UTC); what is none is left out."""
    rows = ledger.connection.execute(
        "SELECT events.id, received_at FROM json_each(?) JOIN events ON events.id = value", (json.dumps(list(causes)),)
    )
    return dict(rows.fetchall())


def find(ledger: Ledger, period: Reported, destination: str) -> Delivery | None:
    """Return the delivery of ``period`` to ``destination``, or None."""
    row = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE report = ? AND period = ? AND destination = ?",
        (period.report, period.name, destination),
    ).fetchone()
    return Delivery(*row) if row else None


def latest(ledger: Ledger) -> list[Delivery]:
    """Return the last delivery of each report to each destination there is."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries AS one WHERE period ="
        " (SELECT max(period) FROM deliveries WHERE report = one.report AND destination = one.destination)"
        " ORDER BY report DESC, destination",
    )
    return [Delivery(*row) for row in rows]


def last_unsent(ledger: Ledger) -> list[str]:
    """Return the name of the last period whose summary was kept, of each report where it was for no destination."""
    rows = ledger.connection.execute(
        "SELECT period FROM summaries AS one WHERE id NOT IN (SELECT summary FROM deliveries)"
        " AND period = (SELECT max(period) FROM summaries WHERE report = one.report) ORDER BY report DESC"
    )
    return [name for (name,) in rows]


def waiting(ledger: Ledger, report: str, now: int) -> list[Delivery]:
    """Return what of ``report`` is to be tried (again) at ``now``: what failed, and claims whose lease is over."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE report = ? AND state IN ('failed', 'claimed')"
        " AND next_attempt_at <= ? ORDER BY period, destination",
        (report, now),
    )
    return [Delivery(*row) for row in rows]


def unsent(ledger: Ledger, period: Reported, destination: str) -> list[str]:
    """Return the periods before ``period`` that ``destination`` was not given since the last that it was."""
    rows = ledger.connection.execute(
        "SELECT period FROM deliveries WHERE report = ?1 AND destination = ?2 AND period < ?3 AND state = 'gave_up'"
        " AND period > (SELECT coalesce(max(period), '') FROM deliveries"
        "   WHERE report = ?1 AND destination = ?2 AND period < ?3 AND state = 'sent') ORDER BY period",
        (period.report, destination, period.name),
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
            (wanted.report, wanted.period, wanted.destination, now, lease_until, wanted.content, wanted.attempts),
        ).rowcount
    )


def settle(connection: sqlite3.Connection, done: Delivery) -> None:
    """Write down how an attempt ended, inside an open write transaction; ``done.attempts`` includes it."""
    connection.execute(
        "UPDATE deliveries SET state = ?, next_attempt_at = ?, sent_at = ?, error = ?, content = ?"
        " WHERE report = ? AND period = ? AND destination = ? AND attempts = ?",
        (
            *(done.state, done.next_attempt_at, done.sent_at, done.error, done.content),
            *(done.report, done.period, done.destination, done.attempts),
        ),
    )


def supersede(connection: sqlite3.Connection, period: Reported, now: int) -> None:
    """Give up, inside an open write transaction, what could not be sent of the periods before ``period``."""
    connection.execute(
        "UPDATE deliveries SET state = 'gave_up', next_attempt_at = NULL,"
        " error = coalesce(error || ' ', '') || '(superseded by ' || ?2 || ')'"
        " WHERE report = ?1 AND period < ?2 AND (state = 'failed' OR (state = 'claimed' AND next_attempt_at <= ?3))",
        (period.report, period.name, now),
    )


def revive(connection: sqlite3.Connection, now: int) -> None:
    """Let what was given up of each report's last period be tried once more, inside an open write transaction."""
    connection.execute(
        "UPDATE deliveries SET state = 'failed', next_attempt_at = ? WHERE state = 'gave_up'"
        " AND period = (SELECT max(period) FROM deliveries AS one WHERE one.report = deliveries.report)",
        (now,),
    )


def _packed(summary: Summary) -> str:
    beside = {
        "zone": summary.period.zone.key,
        "notes": summary.notes,
        "names": dict(summary.names),
        "hint": summary.hint,
    }
    return json.dumps({**as_json(summary), **beside, "trend": [asdict(point) for point in summary.trend]})


def _unpacked(text: str) -> Summary:
    kept = json.loads(text)
    names = kept.pop("names", {})  # summaries of before 2026-11-25 have none
    held = _by_field(kept)
    return Summary(
        period=parse(held["period"], ZoneInfo(held["zone"])),
        complete=held["complete"],
        currency=held["currency"],
        figures=msgspec.convert(held, Figures),
        health=msgspec.convert(held["health"], Health),
        other_currencies=msgspec.convert(held["other_currencies"], dict[str, Figures]),
        notes=tuple(held["notes"]),
        together=msgspec.convert(held.get("together"), Together | None),
        targets=msgspec.convert(held.get("targets", []), tuple[Progress, ...]),
        hint=held.get("hint", ""),
        names=names,
        trend=msgspec.convert(held.get("trend", []), tuple[Point, ...]),
    )


# The first day of a trend's points was called monday before 2026-11-26.
_FIELDS = {key: field for keys in KEYS.values() for field, key in keys.items()} | {"monday": "first"}


def _by_field(value: Any) -> Any:
    """Call everything in JSON as the fields are called, whose names say neither week nor month (see ``KEYS``)."""
    if isinstance(value, dict):
        return {_FIELDS.get(key, key): _by_field(part) for key, part in value.items()}
    return [_by_field(part) for part in value] if isinstance(value, list) else value
