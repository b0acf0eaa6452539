"""Draws charts: ``python -m upswell.render.charts`` takes JSON on standard input and answers with images as JSON.

It is a program of its own: what it imports is large, and nothing but ``pictures`` runs it. One look for all: growth is
dark and filled, loss light with a dark edge, so that both are told apart in grey too; signs and labels say it again.
"""

import base64
import io
import json
import struct
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

Shown = Mapping[str, Any]
Row = dict[str, Any]

_FONT = "Helvetica, Arial, sans-serif"
_INK, _FAINT, _LINE, _GRID, _PAPER = "#1d2723", "#5f6c66", "#c9d2ce", "#e9eeeb", "#ffffff"
_BARS = {"level": ("#8b9691", "#8b9691"), "grew": ("#0d5c3d", "#0d5c3d"), "shrank": ("#fbd3b4", "#9a3d12")}
_CAUSES = ("#0b3c49", "#1f7f8c", "#7fc6b0", "#e4edc3")
_LINES = {"nrr": ("#0d5c3d", [1, 0]), "grr": ("#b9632a", [5, 3])}
_PNG = b"\x89PNG\r\n\x1a\n"
_EDGE, _TITLE = 16, 46
_ROW, _LABELS = 26, 104
_HIGH, _NAMES, _AXIS, _LABEL = 180, 18, 44, 15
_NARROW, _MARGIN = 0.25, 0.4
_LEGEND = 40


def draw(name: str, shown: Shown, width: int) -> alt.LayerChart:
    """Return the chart ``name`` (one of CHARTS) of what is ``shown``, ``width`` pixels wide in all."""
    marks, (left, inner, right), (height, below) = CHARTS[name](shown, width - 2 * _EDGE)
    heads = [
        _text([{"text": shown["title"]}], x=-left, y=-34, fontSize=14, fontWeight="bold"),
        _text([{"text": shown["when"]}], x=-left, y=-17, color=_FAINT),
    ]
    padding = {"left": _EDGE + left, "right": _EDGE + right, "top": _EDGE + _TITLE - 8, "bottom": _EDGE + below}
    drawn: alt.LayerChart = (
        alt.layer(*marks, *heads)
        .properties(width=inner, height=height, padding=padding, background=_PAPER, autosize="none")
        .configure(font=_FONT)
        .configure_view(strokeWidth=0)
        .configure_axis(labelColor=_FAINT, labelFontSize=11, labelFont=_FONT, domainColor=_LINE, ticks=False)
    )
    return drawn


Drawn = tuple[list[alt.Chart], tuple[int, int, int], tuple[int, int]]
"""The marks; how wide are the room before them, they, and the room behind them; how high are they and what is below."""


def _bridge(shown: Shown, width: int) -> Drawn:
    """Draw a waterfall that runs down the page: a row a step, its label before it and its amount behind."""
    rows = [_placed(row, place) for place, row in enumerate(shown["rows"])]
    low, high = _reach([row["to"] for row in rows])
    beside = 18 + 7 * max(len(row["text"]) for row in rows)
    inner, height = width - _LABELS - beside, _ROW * len(rows)
    x: Row = {"axis": None, "scale": alt.Scale(domain=[low, high], nice=False, zero=False)}
    y: Row = {"axis": None, "scale": alt.Scale(domain=[0, len(rows)], nice=False, reverse=True)}
    levels = [{**row, "from": low} for row in rows if row["bar"] == "level"]
    bars = [
        _chart(levels if bar == "level" else [row for row in rows if row["bar"] == bar])
        .mark_bar(fill=fill, stroke=edge, strokeWidth=1.5)
        .encode(x=alt.X("from:Q", **x), x2="to:Q", y=alt.Y("top:Q", **y), y2="foot:Q")
        for bar, (fill, edge) in _BARS.items()
    ]
    joints = _chart(rows[:-1]).mark_rule(color=_FAINT).encode(x=alt.X("to:Q", **x), y=alt.Y("foot:Q", **y), y2="next:Q")
    middle = alt.Y("middle:Q", **y)
    texts = [
        _text(rows, x=-_LABELS, y=middle, field="label"),
        _text(rows, x=inner + beside, y=middle, align="right"),
        _text(levels if low > 0 else [], x=8, y=middle, field="cut", color=_PAPER, fontSize=15, fontWeight="bold"),
    ]
    return [joints, *bars, *texts], (_LABELS, inner, beside), (height, 0)


def _placed(row: Row, place: int) -> Row:
    step = "from" in row
    bar = ("grew" if row["to"] >= row["from"] else "shrank") if step else "level"
    middle = {"top": place + 0.2, "middle": place + 0.5, "foot": place + 0.8, "next": place + 1.2}
    return {**row, **middle, "bar": bar, "cut": "//"}


def _reach(levels: Sequence[float]) -> tuple[float, float]:
    """Return what the bars reach from and to: not from 0 where steps would be too small to be seen beside it."""
    low, high = min(levels), max(levels)
    if low > 0 and high - low < _NARROW * high:
        return low - _MARGIN * (high - low), high
    return min(low, 0), max(high, 0)


def _causes(shown: Shown, width: int) -> Drawn:
    """Draw a column a period, in it a part for each cause, above it the period's total."""
    points, causes = shown["points"], [label for label, _ in shown["causes"]]
    parts = [
        {"place": place, "cause": cause, "order": order, "amount": amount}
        for place, point in enumerate(points)
        for order, (cause, amount) in enumerate(zip(causes, point["amounts"], strict=True))
        if amount
    ]
    totals = [
        {"place": place, "text": point["total"], "high": sum(point["amounts"])} for place, point in enumerate(points)
    ]
    most = max(total["high"] for total in totals)
    x = _along(points)
    y: Row = {"axis": None, "scale": alt.Scale(domain=[0, most], range=[_HIGH, _LEGEND])}
    colours = alt.Scale(domain=causes, range=[_CAUSES[colour] for _, colour in shown["causes"]])
    legend = alt.Legend(
        title=None,
        orient="none",
        legendX=0,
        legendY=-4,
        direction="horizontal",
        symbolType="square",
        symbolStrokeColor=_INK,
        symbolStrokeWidth=0.75,
        symbolOpacity=1,
        labelFontSize=11,
        labelColor=_INK,
        labelFont=_FONT,
    )
    columns = (
        _chart(parts)
        .mark_bar(stroke=_INK, strokeWidth=0.75)
        .encode(
            x=x, y=alt.Y("amount:Q", **y), color=alt.Color("cause:N", scale=colours, legend=legend), order="order:Q"
        )
    )
    above = _text(totals, x=x, y=alt.Y("high:Q", **y), align="center", dy=-8, fontSize=_small(totals))
    return [columns, above], (0, width, 0), (_HIGH, _NAMES)


def _small(totals: Sequence[Row]) -> float:
    """Return the font size at which the longest total fits above its column."""
    return min(10.5, 72 / max(len(total["text"]) for total in totals))


def _retention(shown: Shown, width: int) -> Drawn:
    """Draw a line for NRR and one for GRR, their last values written at their ends."""
    points, end = shown["points"], 10 + 8 * max(len(line["text"]) for line in shown["lines"])
    inner = width - _AXIS - end
    values = [point[key] for point in points for key in _LINES]
    low, high = min([*values, 1]), max([*values, 1])
    room = max(high - low, 0.02) * 0.12
    domain = [low - room, high + room]
    axis = alt.Axis(title=None, tickCount=4, gridColor=_GRID, domain=False, format=".0%" if high - low > 0.1 else ".1%")
    x = _along(points, every=2)
    y: Row = {"axis": axis, "scale": alt.Scale(domain=domain, nice=False, zero=False)}
    marks = [_chart([{"whole": 1}]).mark_rule(color=_FAINT).encode(y=alt.Y("whole:Q", **y))]
    for key, (colour, dashes) in reversed(_LINES.items()):
        dots = _chart([{"place": place, "share": point[key]} for place, point in enumerate(points)])
        line = dots.mark_line(
            color=colour, strokeWidth=2.5, strokeDash=dashes, point=alt.OverlayMarkDef(color=colour, size=30)
        )
        marks.append(line.encode(x=x, y=alt.Y("share:Q", **y)))
    ends = _apart([_HIGH * (domain[1] - points[-1][key]) / (domain[1] - domain[0]) for key in _LINES])
    for line, place in zip(shown["lines"], ends, strict=True):
        colour, _ = _LINES[line["key"]]
        marks.append(_text([line], x=inner + 8, y=place, color=colour, fontWeight="bold"))
    return marks, (_AXIS, inner, end), (_HIGH, _NAMES)


def _apart(ends: Sequence[float]) -> Sequence[float]:
    """Return where two labels stand, in pixels from the top: moved apart where one would cover the other."""
    first, second = ends
    if abs(first - second) >= _LABEL:
        return ends
    middle, down = (first + second) / 2, _LABEL / 2 if second >= first else -_LABEL / 2
    return middle - down, middle + down


def _along(points: Sequence[Row], every: int = 1) -> alt.X:
    """Return the periods as an axis, with the name of each, or of the last and ``every`` so many before it."""
    names = [point["name"] if (len(points) - 1 - place) % every == 0 else "" for place, point in enumerate(points)]
    axis = alt.Axis(
        title=None, labelAngle=0, labelPadding=6, labelOverlap=False, labelExpr=f"{json.dumps(names)}[datum.value]"
    )
    scale = alt.Scale(domain=list(range(len(points))), paddingInner=0.3, paddingOuter=0.1)
    return alt.X("place:O", axis=axis, scale=scale)


def _chart(values: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(values)))


def _text(values: Sequence[Row], *, x: Any, y: Any, field: str = "text", **look: Any) -> alt.Chart:
    """Return texts, each at a place of the chart in pixels or at what a channel says."""
    look = {"align": "left", "baseline": "middle", "fontSize": 12, "color": _INK, **look}
    place = {"x": x if isinstance(x, alt.X) else alt.value(x), "y": y if isinstance(y, alt.Y) else alt.value(y)}
    drawn: alt.Chart = _chart(values).mark_text(**look).encode(text=f"{field}:N", **place)
    return drawn


CHARTS: Mapping[str, Callable[[Shown, int], Drawn]] = {
    "bridge": _bridge,
    "causes": _causes,
    "retention": _retention,
}


def image(chart: alt.LayerChart, form: str) -> bytes:
    """Return the file: a PNG of two pixels for each of the chart's, or an SVG."""
    if form == "svg":
        text = io.StringIO()
        chart.save(text, format="svg")
        return text.getvalue().encode()
    drawn = io.BytesIO()
    chart.save(drawn, format="png", scale_factor=2)
    return packed(drawn.getvalue())


def packed(png: bytes) -> bytes:
    """Return the same PNG with its pixels compressed as far as they can be: a third of what the renderer writes."""
    parts, place = [], len(_PNG)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        parts.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += length + 12
    pixels = zlib.compress(zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT")), 9)
    kept = [part for part in parts if part[0] != b"IDAT"]
    chunks = [*kept[:-1], (b"IDAT", pixels), kept[-1]]
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def main() -> None:
    """Draw what standard input asks for."""
    asked = json.load(sys.stdin)
    images = [image(draw(name, shown, asked["width"]), asked["form"]) for name, shown in asked["charts"]]
    json.dump([base64.b64encode(each).decode() for each in images], sys.stdout)


if __name__ == "__main__":
    main()
