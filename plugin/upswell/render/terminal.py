"""The summary on a terminal: rich tables that fit 80 columns, plain where the output is no terminal."""

from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from upswell.render.page import Line, Page, page
from upswell.render.plain import plain
from upswell.report.summary import Summary

_BAR = 14
_EIGHTHS = " ▏▎▍▌▋▊▉"
_INDENT = (0, 0, 0, 2)


def show(summary: Summary, console: Console) -> None:
    """Print ``summary`` on ``console``, which decides about colour and width."""
    said = page(summary)
    console.print(Group(*_blocks(said)), highlight=False)


def text(summary: Summary, width: int = 80) -> str:
    """Return ``summary`` as plain text of at most ``width`` columns."""
    return plain(partial(show, summary), width)


def _blocks(said: Page) -> Iterator[RenderableType]:
    yield Text.assemble((said.title, "bold"), ("  ·  ", "dim"), (said.period, "dim"))
    yield ""
    yield Text(said.headline, style=f"bold {_colour(said.net)}")
    yield Text(said.lead)
    for note in said.notes:
        yield Text(f"! {note}", style="yellow")
    yield from _section("Monthly recurring revenue", _bridge(said))
    if said.causes:
        yield from _section("Why it grew", _causes(said))
    if not said.quiet:
        yield from _section(f"{said.word.title()} by {said.word}", _figures(said.compared, ("", *said.columns)))
    if said.retention:
        yield from _section("Retention", _figures(said.retention, ("", "30 days", "12 months")))
    if said.customers:
        yield from _section("Who grew most", _customers(said))
    for heading, lines in (
        ("Also", (*said.facts, *said.further)),
        ("Targets", said.targets),
        ("Other currencies", said.others),
        ("Changed since posted", said.corrections),
        ("Ready for more", said.ready),
        ("Scheduled", said.ahead),
    ):
        if lines:
            yield from _section(heading, Group(*(Text(line) for line in lines)))
    yield ""
    if said.hint and not said.quiet:
        yield Text(said.hint, style="dim")
    yield Text(said.health, style="dim")


def _section(heading: str, body: RenderableType) -> Iterator[RenderableType]:
    yield ""
    yield Text(heading, style="bold cyan")
    yield Padding(body, _INDENT, expand=False)


def _grid(*justify: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for side in justify:
        table.add_column(justify="right" if side == "r" else "left", no_wrap=side == "r")
    return table


def _bridge(said: Page) -> Table:
    widest = max((abs(step.amount) for step in said.steps), default=0)
    table = _grid("l", "r", *("l" if widest else ""))  # an empty column would take its room from the first
    table.add_row("Opening", said.opening)
    for step in said.steps:
        table.add_row(step.label, step.text, *([_bar(step, widest)] if widest else []))
    table.add_row(Text("Closing", "bold"), Text(said.closing, "bold"))
    return table


def _causes(said: Page) -> Group:
    table = _grid("l", "r", "r", "r", "l")
    widest = max(abs(cause.amount) for cause in said.causes)
    if any(cause.last for cause in said.causes):
        table.add_row(*(Text(heading, "dim") for heading in ("", *said.columns[:2], "share")))
    for cause in said.causes:
        table.add_row(cause.label, cause.text, Text(cause.last, "dim"), Text(cause.share, "dim"), _bar(cause, widest))
    return Group(table, *(Text(line, style="dim") for line in (said.origins, *said.parts)))


def _bar(line: Line, widest: int) -> Text:
    """Draw the amount's size in eighths of a cell: anything but 0 shows."""
    if not line.amount:
        return Text()
    eighths = max(1, abs(line.amount) * _BAR * 8 // widest)
    whole, rest = divmod(eighths, 8)
    return Text("█" * whole + (_EIGHTHS[rest] if rest else ""), style=_colour(line.amount))


def _colour(amount: int) -> str:
    return "green" if amount > 0 else "red" if amount < 0 else "default"


def _figures(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> Table:
    table = _grid("l", *"r" * (len(headings) - 1))
    table.add_row(*(Text(heading, "dim") for heading in headings))
    for row in rows:
        table.add_row(*row)
    return table


def _customers(said: Page) -> Table:
    table = _grid("l", "r", "l")
    table.columns[0].max_width = 26
    for customer in said.customers:
        table.add_row(Text(customer.name), Text(customer.text), Text(customer.reason, "dim"))
    return table
