"""Movements, events and messages as text: tables for people, CSV and JSON for programs."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from upswell.core.clocks import utc
from upswell.core.kinds import Movement
from upswell.render.grid import Grid
from upswell.store.arrivals import Arrival
from upswell.store.books import as_json
from upswell.store.dispatches import Dispatch

COLUMNS = tuple(field.name for field in fields(Movement))

_GRID = Grid(("When", "Customer", "Kind", "Amount", "MRR after", "Why"), numbers=("Amount", "MRR after"))
_ARRIVALS = Grid(("Created", "State", "Type", "Id", "Why"))
_DISPATCHES = Grid(("Made", "Type", "Customer", "To", "State", "Attempts", "Id", "Why"), numbers=("Attempts",))
_STYLES = {"expansion": "green", "contraction": "yellow", "churn": "red"}
_LONGEST_NAME, _LONGEST_REASON = 40, 400


def json_lines(movements: Iterable[Movement], out: IO[str]) -> None:
    """Write one JSON object a line; amounts are integers in minor units a month."""
    for movement in movements:
        out.write(json.dumps(as_json(movement), ensure_ascii=False) + "\n")


def comma_separated(movements: Iterable[Movement], out: IO[str]) -> None:
    """Write CSV with a header; amounts are integers in minor units a month, what is absent is empty."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_json(movement) for movement in movements)


def table(movements: Sequence[Movement], names: Mapping[str, str], zone: ZoneInfo, out: IO[str]) -> None:
    """Write a table for people: times of ``zone``, ``names`` of customers by id, amounts a month in whole units.

    Plain text, one movement a line, where ``out`` is no terminal.
    """
    rows = [_cells(movement, names, zone) for movement in movements]
    _GRID.write(rows, out, [_STYLES.get(movement.group, "") for movement in movements])


def _cells(movement: Movement, names: Mapping[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    from upswell.render.words import amount, clean, signed  # babel, which CSV and JSON do without

    return (
        datetime.fromtimestamp(movement.occurred_at, zone).strftime("%Y-%m-%d %H:%M"),
        clean(names.get(movement.customer, movement.customer), _LONGEST_NAME),
        movement.kind,
        signed(movement.amount, movement.currency),
        amount(movement.mrr_after, movement.currency),
        clean(movement.reason, _LONGEST_REASON),
    )


def arrivals_as_json(arrivals: Iterable[Arrival]) -> str:
    """Return events as a JSON array; times are ISO 8601, UTC."""
    told = [
        asdict(arrival) | {"created": utc(arrival.created), "received_at": utc(arrival.received_at)}
        for arrival in arrivals
    ]
    return json.dumps(told, indent=2, ensure_ascii=False)


def arrivals_table(arrivals: Iterable[Arrival], zone: ZoneInfo, out: IO[str]) -> None:
    """Write events as a table for people, in times of ``zone``."""
    from upswell.render.words import clean

    _ARRIVALS.write(
        [
            (
                datetime.fromtimestamp(arrival.created, zone).strftime("%Y-%m-%d %H:%M:%S"),
                arrival.state,
                *(clean(text, _LONGEST_NAME) for text in (arrival.type, arrival.id)),
                clean(arrival.reason or "", _LONGEST_REASON),
            )
            for arrival in arrivals
        ],
        out,
    )


def dispatches_as_json(dispatches: Iterable[Dispatch]) -> str:
    """Return messages on their way as a JSON array; times are ISO 8601, UTC."""
    told = [
        {
            "id": one.notice.id,
            "type": one.notice.type,
            "customer": one.notice.customer,
            "made_at": utc(one.notice.made_at),
            "destination": one.destination,
            "state": one.state,
            "attempts": one.attempts,
            "next_attempt_at": None if one.next_attempt_at is None else utc(one.next_attempt_at),
            "sent_at": None if one.sent_at is None else utc(one.sent_at),
            "error": one.error,
        }
        for one in dispatches
    ]
    return json.dumps(told, indent=2, ensure_ascii=False)


def dispatches_table(dispatches: Iterable[Dispatch], zone: ZoneInfo, out: IO[str]) -> None:
    """Write messages on their way as a table for people, in times of ``zone``."""
    from upswell.render.words import clean

    _DISPATCHES.write(
        [
            (
                datetime.fromtimestamp(one.notice.made_at, zone).strftime("%Y-%m-%d %H:%M"),
                one.notice.type,
                clean(one.notice.customer, _LONGEST_NAME),
                one.destination,
                one.state,
                str(one.attempts),
                one.notice.id,
                clean(one.error or "", _LONGEST_REASON),
            )
            for one in dispatches
        ],
        out,
    )
