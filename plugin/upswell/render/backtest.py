"""What came of the signals in the past, as text: a table for people, JSON and CSV for programs."""

import csv
import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import IO, Any

from upswell.render.grid import Grid
from upswell.render.words import count, number, share
from upswell.signals.backtest import Backtest, Row, Sample

_GRID = Grid(("Signal", "Within", "Told of", "Others", "Lift"), numbers=("Told of", "Others", "Lift"))


def table(found: Backtest, out: IO[str]) -> None:
    """Write a table for people, and what it does not say."""
    _GRID.write([_cells(row) for row in found.rows()], out)
    out.write(
        f"{count(found.customers, 'customer')}, told of {count(found.told, 'time')}. "
        "This says how often expansion followed, not that a signal brought it.\n"
    )


def _cells(row: Row) -> tuple[str, ...]:
    lift = "–" if row.lift is None else f"{number(float(row.lift))}×"
    return row.signal, f"{row.days} days", _sample(row.told), _sample(row.others), lift


def _sample(sample: Sample) -> str:
    if sample.rate is None:
        return f"too few ({sample.count})"
    return f"{sample.expanded:,} of {sample.count:,} ({share(float(sample.rate))})"


def as_json(found: Backtest) -> list[dict[str, Any]]:
    """Return each row: counts, rates to six places (null: too few), and the lift."""
    return [_row(row) for row in found.rows()]


def _row(row: Row) -> dict[str, Any]:
    return {
        "signal": row.signal,
        "days": row.days,
        "told": row.told.count,
        "told_expanded": row.told.expanded,
        "told_rate": _figure(row.told.rate),
        "others": row.others.count,
        "others_expanded": row.others.expanded,
        "others_rate": _figure(row.others.rate),
        "lift": _figure(row.lift),
    }


def _figure(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _json(found: Backtest, out: IO[str]) -> None:
    out.write(json.dumps(as_json(found), indent=2) + "\n")


def _comma_separated(found: Backtest, out: IO[str]) -> None:
    rows = as_json(found)
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


FORMATS: Mapping[str, Callable[[Backtest, IO[str]], None]] = {"table": table, "json": _json, "csv": _comma_separated}
