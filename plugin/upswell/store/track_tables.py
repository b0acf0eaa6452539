"""The table of tracks (see ``report.tracks``), and how it is first filled."""

from itertools import groupby
from operator import itemgetter

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.report.tracks import Track, tracks

TRACKS = (
    """
    CREATE TABLE tracks (                -- what whole-history figures are made of: made of a customer's movements
        customer TEXT NOT NULL,
        currency TEXT NOT NULL,
        since INTEGER NOT NULL,          -- its first movement in the currency, unix seconds UTC
        began INTEGER,                   -- its first new, in whatever currency
        grew INTEGER,                    -- its first expansion, in whatever currency
        grew_here INTEGER NOT NULL,      -- whether that one was in this currency
        times BLOB NOT NULL,             -- of its movements in all currencies: 64 bits each, the lowest first
        groups BLOB NOT NULL,            -- a letter for each movement
        alive BLOB NOT NULL,             -- 1 while it is a customer: before the first movement, after it, …
        sums BLOB NOT NULL,              -- MRR in the currency at the same places, in minor units: amounts added up,
        prices BLOB NOT NULL,            -- those of the price group alone,
        held BLOB NOT NULL,              -- and as movements state it
        PRIMARY KEY (customer, currency)
    ) STRICT
    """,
    # What a period's movements add up to, kind by kind, without looking at them.
    "CREATE INDEX movements_sums ON movements(currency, kind, occurred_at, amount)",
)

INSERT = "INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def row_of(track: Track) -> tuple[object, ...]:
    """Return a track as the table holds it."""
    return (
        track.customer,
        track.currency,
        track.since,
        track.began,
        track.grew,
        int(track.grew_here),
        track.times.tobytes(),
        track.groups,
        track.alive,
        *(numbers.tobytes() for numbers in (track.sums, track.prices, track.held)),
    )


def fill(connection: sqlite3.Connection) -> None:
    """Make the tracks of all movements that there are."""
    steps = connection.execute(
        "SELECT customer, CAST(strftime('%s', occurred_at) AS INTEGER), currency, kind, amount, mrr_after"
        " FROM movements ORDER BY customer, step"
    )
    for customer, held in groupby(steps, itemgetter(0)):
        rows = [row[1:] for row in held]
        connection.executemany(INSERT, [row_of(track) for track in tracks(customer, rows)])
