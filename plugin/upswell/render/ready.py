"""Who is ready for more, as text: a table for people, JSON and CSV for programs."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import IO, Any

from upswell.core.clocks import utc
from upswell.render.grid import Grid
from upswell.render.words import clean
from upswell.signals.raising import Raised
from upswell.signals.signs import SIGNALS

COLUMNS = ("customer", "name", "score", "signal", "points", "evidence", "next_step", "raised_at", "id")

_GRID = Grid(("Score", "Customer", "Points", "Signal", "Why and next step"), numbers=("Score", "Points"))
_LONGEST_NAME, _LONGEST_WHY = 40, 400


def table(found: Sequence[Raised], names: Mapping[str, str], out: IO[str]) -> None:
    """Write a table for people, the customer's name and score beside its first signal; plain where it is piped."""
    rows = []
    for customer, own in groupby(found, lambda one: one.customer):
        for place, one in enumerate(own):
            who = ("", "") if place else (str(one.score), clean(names.get(customer, customer), _LONGEST_NAME))
            why = f"{clean(one.evidence, _LONGEST_WHY)}. {SIGNALS[one.signal].next_step}"
            rows.append((*who, str(one.points), one.signal, why))
    _GRID.write(rows, out)


def as_json(found: Sequence[Raised], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each customer with its signals; times are ISO 8601, UTC."""
    told = []
    for customer, rows in groupby(found, lambda one: one.customer):
        own = list(rows)
        signals = [{name: value for name, value in _row(one, names).items() if name not in COLUMNS[:3]} for one in own]
        name = names.get(customer, customer)
        told.append({"customer": customer, "name": name, "score": own[0].score, "signals": signals})
    return told


def _row(one: Raised, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "customer": one.customer,
        "name": names.get(one.customer, one.customer),
        "score": one.score,
        "signal": one.signal,
        "points": one.points,
        "evidence": one.evidence,
        "next_step": SIGNALS[one.signal].next_step,
        "raised_at": utc(one.raised_at),
        "id": one.id,
    }


def _json(found: Sequence[Raised], names: Mapping[str, str], out: IO[str]) -> None:
    out.write(json.dumps(as_json(found, names), indent=2, ensure_ascii=False) + "\n")


def _comma_separated(found: Sequence[Raised], names: Mapping[str, str], out: IO[str]) -> None:
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(one, names) for one in found)


FORMATS: Mapping[str, Callable[[Sequence[Raised], Mapping[str, str], IO[str]], None]] = {
    "table": table,
    "json": _json,
    "csv": _comma_separated,
}
