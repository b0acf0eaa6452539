"""What each picture of a summary shows, in words and numbers: drawn by ``charts``, told in the picture's alt text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from upswell.render import words
from upswell.render.page import CAUSES, PRICES, days
from upswell.report.summary import Summary
from upswell.report.trend import Point

_BEFORE = {"new": "New", "reactivation": "Reactivated", **CAUSES}
_AFTER = {**PRICES, "downgrade": "Downgrades", "churn": "Churn"}
_KINDS = {**_BEFORE, **_AFTER}
_LINES = {"nrr": "NRR", "grr": "GRR"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture to be drawn: ``name`` says which chart, ``shown`` is what it takes, all of it plain values."""

    name: str
    title: str
    alt: str
    shown: dict[str, Any]


def drawings(summary: Summary) -> tuple[Drawing, ...]:
    """Return the pictures that there is something to show in; all amounts are of the main currency."""
    return tuple(one for one in (_bridge(summary), _causes(summary), _retention(summary)) if one)


def _bridge(summary: Summary) -> Drawing | None:
    """From opening to closing MRR: a step for each kind that there was."""
    figures, currency = summary.figures, summary.currency
    moved = {label: figures.bridge[kind] for kind, label in _KINDS.items() if figures.bridge[kind]}
    if not moved:
        return None
    rows = list(_steps(figures.opening_mrr, moved, currency))
    rows = [
        _level("Opening", figures.opening_mrr, currency),
        *rows,
        _level("Closing", figures.closing_mrr, currency),
    ]
    told = ", ".join(f"{row['label'].lower()} {row['text']}" for row in rows)
    return _drawing("bridge", "Monthly recurring revenue", days(summary), told, {"rows": rows})


def _level(label: str, amount: int, currency: str) -> dict[str, Any]:
    return {"label": label, "text": _fitting(words.amount(amount, currency), amount, currency), "to": amount}


def _steps(level: int, moved: dict[str, int], currency: str) -> Iterator[dict[str, Any]]:
    for label, amount in moved.items():
        text = _fitting(words.signed(amount, currency), amount, currency)
        yield {"label": label, "text": text, "from": level, "to": level + amount}
        level += amount


def _fitting(text: str, amount: int, currency: str) -> str:
    """Return ``text``, or the amount in short where it would not fit beside a bar."""
    sign = "+" if text.startswith("+") else ""
    return text if len(text) <= 20 else f"{sign}{words.short(amount, currency)}"


def _causes(summary: Summary) -> Drawing | None:
    """Expansion of each week, or month, by cause."""
    points, currency, word = summary.trend, summary.currency, summary.period.word
    held = [kind for kind in CAUSES if any(point.expansion.get(kind) for point in points)]
    if not held:
        return None
    totals = [sum(point.expansion.values()) for point in points]
    columns = [
        {
            "name": _name(point, word),
            "total": words.short(total, currency) if total else "",
            "amounts": [point.expansion.get(kind, 0) for kind in held],
        }
        for point, total in zip(points, totals, strict=True)
    ]
    told = ", ".join(
        f"{_name(one, word)} {words.short(total, currency)}" for one, total in zip(points, totals, strict=True)
    )
    shown = {
        "causes": [(label, place) for place, (kind, label) in enumerate(CAUSES.items()) if kind in held],
        "points": columns,
    }
    return _drawing("causes", "Expansion by cause", _over(points, word), told, shown)


def _retention(summary: Summary) -> Drawing | None:
    """NRR and GRR of the 30 days up to each week's, or month's, end."""
    word = summary.period.word
    points = [point for point in summary.trend if point.nrr is not None and point.grr is not None]
    if not points:
        return None
    shown = {
        "lines": [
            {"label": label, "text": f"{label} {words.share(getattr(points[-1], key))}", "key": key}
            for key, label in _LINES.items()
        ],
        "points": [{"name": _name(point, word), "nrr": point.nrr, "grr": point.grr} for point in points],
    }
    told = "; ".join(
        f"{label} " + ", ".join(f"{_name(point, word)} {words.share(getattr(point, key))}" for point in points)
        for key, label in _LINES.items()
    )
    return _drawing("retention", "Retention over 30 days", _over(points, word), told, shown)


def _drawing(name: str, title: str, when: str, told: str, shown: dict[str, Any]) -> Drawing:
    return Drawing(name, title, f"{title}, {when}: {told}.", {"title": title, "when": when, **shown})


def _name(point: Point, word: str) -> str:
    return words.beginning(word, date.fromisoformat(point.first))


def _over(points: Sequence[Point], word: str) -> str:
    """Say how many weeks or months are shown, and what stands below each where that is to be said."""
    if len(points) == 1:
        return f"one {word}"
    return f"{len(points)} {word}s" + (", each by its Monday" if word == "week" else "")
