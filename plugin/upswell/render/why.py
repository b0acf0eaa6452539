"""An explanation on a terminal: a customer's timeline, or a movement's derivation, to be read aloud."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from upswell.core.kinds import Movement
from upswell.render.plain import plain
from upswell.render.words import amount, clean, read, signed
from upswell.report.explanation import BilledLine, Booked, Derivation, Evidence, Explanation, Moment, Timeline
from upswell.report.holdings import Holding
from upswell.report.told import Told

_STYLES = {"expansion": "green", "reactivation": "green", "new": "green", "contraction": "yellow", "churn": "red"}
_LONGEST_NAME, _LONGEST, _MOST_LINES = 60, 400, 5
_INDENT = (0, 0, 0, 2)
_ORIGINS = {
    "customer": "the customer",
    "sales": "the customer, through sales",
    "merchant": "the merchant: its own price change",
}
_INFERRED = "No event told of this change itself: it is inferred from what these show."


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table: figures stand at the right; what is ``whole`` is never broken."""

    heading: str
    figures: bool = False
    whole: bool = False


def show(told: Timeline | Derivation, zone: ZoneInfo, console: Console) -> None:
    """Print ``told`` with the times of ``zone`` on ``console``, which decides about colour and width."""
    parts = _timeline(told, zone) if isinstance(told, Timeline) else _derivation(told, zone)
    console.print(Group(*parts), highlight=False)


def text(told: Timeline | Derivation, zone: ZoneInfo, width: int = 120) -> str:
    """Return ``told`` as plain text of at most ``width`` columns."""
    return plain(partial(show, told, zone), width)


def _timeline(told: Timeline, zone: ZoneInfo) -> Iterator[RenderableType]:
    yield _title(clean(told.name, _LONGEST_NAME), told.customer, f"times in {zone.key}")
    yield Text(f"Pays {_sums(told)} a month now." if told.moments else "Has had no MRR so far.")
    for moment in told.moments:
        yield ""
        yield from _moment(moment, zone)
    yield from _posted("Posted summaries said something else", told.restated, zone)


def _sums(told: Timeline) -> str:
    paid = [amount(minor, currency) for currency, minor in sorted(told.mrr.items()) if minor]
    return " and ".join(paid) or "nothing"


def _moment(moment: Moment, zone: ZoneInfo) -> Iterator[RenderableType]:
    first = moment.movements[0]
    known = f"inferred from {first.cause}" if first.source == "reconstructed" else f"seen in {first.cause}"
    ahead = ("  scheduled", "yellow") if moment.scheduled else ("", "")
    yield Text.assemble((_when(first.occurred_at, zone), "bold"), ahead, (f"  {known}", "dim"))
    table = Table.grid(padding=(0, 2))
    for figures in (False, True, True, False):
        table.add_column(justify="right" if figures else "left", no_wrap=figures)
    for movement in moment.movements:
        table.add_row(*_movement_cells(movement), style=_STYLES.get(movement.group, ""))
    yield Padding(table, _INDENT)
    held = ", ".join(f"{clean(one.name, _LONGEST)} at {amount(one.mrr, one.currency)}" for one in moment.held)
    yield Padding(Text(f"holds {held or 'nothing'}", style="dim"), _INDENT)


def _movement_cells(movement: Movement) -> tuple[Text, ...]:
    around = f"{amount(movement.mrr_before, movement.currency)} → {amount(movement.mrr_after, movement.currency)}"
    cells = (movement.kind, signed(movement.amount, movement.currency), around, clean(movement.reason, _LONGEST))
    return tuple(Text(cell) for cell in cells)


def _derivation(told: Derivation, zone: ZoneInfo) -> Iterator[RenderableType]:
    found = told.explanation
    movement = found.movement
    moved = f"{movement.kind}  {signed(movement.amount, movement.currency)} a month"
    zoned = f" {zone.key}{' (scheduled)' if told.scheduled else ''}"
    yield Text(moved, style=f"bold {_STYLES.get(movement.group, '')}")
    yield _title(clean(told.name, _LONGEST_NAME), movement.customer, _when(movement.occurred_at, zone) + zoned)
    yield Text(clean(movement.reason, _LONGEST))
    discounted = any(one.before_discounts != one.mrr for one in (*found.before, *found.after))
    yield from _section("Held before", _holdings(found.before, discounted=discounted))
    yield from _section("Held after", _holdings(found.after, discounted=discounted))
    yield from _section("From before to after", _walk(found))
    yield from _section("Why it is named so", Group(Text(found.rule), Text(f"set by {_settings(found)}", style="dim")))
    yield from _section("Who moved", Text(_ORIGINS[movement.origin]))
    yield from _section("Known from", Group(*_known(told.evidence, movement, zone)))
    yield from _posted("What posted summaries said", told.posted, zone)


def _posted(title: str, told: Sequence[Told], zone: ZoneInfo) -> Iterator[RenderableType]:
    """Draw what summaries said of a period and kind, one after the other, and what is so now."""
    columns = [_Column("period"), _Column("kind"), _Column("said by"), _Column("all customers", figures=True)]
    rows = []
    for one in told:
        said = [(f"the summary of {saying.summary}, {_read(saying.at, zone)}", saying.amount) for saying in one.said]
        for number, (who, minor) in enumerate([*said, ("now", one.now)]):
            heads = ("", "") if number else (one.period, one.kind)
            rows.append((*heads, who, signed(minor, one.currency)))
    if rows:
        yield from _section(title, _table(columns, rows))


def _title(*parts: str) -> Text:
    first, *rest = parts
    return Text.assemble((first, "bold"), *((f"  ·  {part}", "dim") for part in rest))


def _settings(found: Explanation) -> str:
    return ", ".join(found.settings)


def _known(evidence: Iterable[Evidence], movement: Movement, zone: ZoneInfo) -> Iterator[Text]:
    if movement.source == "reconstructed":
        yield Text(_INFERRED)
    for one in evidence:
        yield Text(_source(one, zone))
        yield from (Text(f"  {_billed(line, zone)}") for line in one.lines[:_MOST_LINES])
        if more := len(one.lines[_MOST_LINES:]):
            yield Text(f"  and {more:,} more")
    yield Text("`--format json` shows them as Stripe sent them", style="dim")


def _source(one: Evidence, zone: ZoneInfo) -> str:
    if not one.event:
        return f"{one.id}  asked of Stripe" + (f": {one.type}, {_read(one.at, zone)}" if one.type else "")
    event = f"  told by {one.event}" if one.event != one.id else ""
    return f"{one.id}{event}  {one.type}, {_read(one.at, zone)}"


def _billed(line: BilledLine, zone: ZoneInfo) -> str:
    """Say what a line billed: ``$128.00 for 2026-10-19 – 2026-11-19``."""
    start, end = (f"{read(at, zone):%Y-%m-%d}" for at in (line.period_start, line.period_end))
    return f"{amount(line.amount, line.currency)} for {start} – {end}" + (", voided" if line.voided else "")


def _read(at: str, zone: ZoneInfo) -> str:
    return f"{read(at, zone):%Y-%m-%d %H:%M}"


def _holdings(held: Sequence[Holding], *, discounted: bool) -> RenderableType:
    """Draw what is held; the columns on discounts are there where either side has any."""
    if not held:
        return Text("nothing", style="dim")
    cuts = [_Column("in full", figures=True), _Column("discounts")] if discounted else []
    columns = [_Column("position"), _Column("price"), *cuts, _Column("MRR", figures=True), _Column("item", whole=True)]
    rows = []
    for one in held:
        full = [amount(one.before_discounts, one.currency), one.discounts] if discounted else []
        rows.append((one.name, one.terms, *full, amount(one.mrr, one.currency), one.item))
    return _table(columns, rows)


def _walk(found: Explanation) -> RenderableType:
    """Draw the walk: where it starts, each step, and the customer's MRR after it; those of the movement stand out."""
    others = any(not step.own for step in found.steps)
    columns = [_Column("step"), _Column("position"), _Column("change", figures=True), _Column("MRR", figures=True)]
    mark = [_Column("")] if others else []
    rows = [*_starts(found), *(_step_cells(step) for step in found.steps)]
    styles = ["dim"] * (len(rows) - len(found.steps)) + ["" if step.own else "dim" for step in found.steps]
    marks = [""] * (len(rows) - len(found.steps)) + ["← this movement" if step.own else "" for step in found.steps]
    marked = [(*row, *([note] if others else [])) for row, note in zip(rows, marks, strict=True)]
    return _table([*columns, *mark], marked, styles)


def _starts(found: Explanation) -> Iterator[tuple[str, ...]]:
    sums: defaultdict[str, int] = defaultdict(int)
    for one in found.before:
        sums[one.currency] += one.mrr
    for currency in sorted({*sums, *(step.currency for step in found.steps)}):
        yield ("before", "", "", amount(sums[currency], currency))


def _step_cells(step: Booked) -> tuple[str, ...]:
    return (step.part, step.position, signed(step.amount, step.currency), amount(step.total, step.currency))


def _table(columns: Sequence[_Column], rows: Sequence[Sequence[str]], styles: Sequence[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.figures else "left",
            no_wrap=column.figures or column.whole,
            overflow="fold",
        )
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        table.add_row(*(Text(clean(cell, _LONGEST)) for cell in row), style=style)
    return table


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield ""
    yield Text(title, style="bold")
    yield Padding(body, _INDENT)


def _when(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
