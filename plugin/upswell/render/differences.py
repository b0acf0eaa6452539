"""What a reclassification changes, on a terminal: one table a currency, plain where the output is no terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial, reduce
from itertools import groupby
from operator import add
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from upswell.render.plain import plain
from upswell.render.words import amount, count, signed
from upswell.store.tallies import Difference, Tally

_HEADINGS = ("", "before", "after", "difference", "movements")


def show(found: Sequence[Difference], title: str, console: Console) -> None:
    """Print ``found`` under ``title`` on ``console``, which decides about colour and width."""
    console.print(Group(*_blocks(found, title)), highlight=False)


def text(found: Sequence[Difference], title: str, width: int = 80) -> str:
    """Return ``found`` under ``title`` as plain text of at most ``width`` columns."""
    return plain(partial(show, found, title), width)


def headline(found: Sequence[Difference], *, done: bool) -> str:
    """Say in a sentence what changed, or would change."""
    changed = [one for one in found if one.before != one.after]
    if not changed:
        return "No kind changed." if done else "No kind would change."
    words = count(len({one.kind for one in changed}), "kind")
    return f"{words} {'changed' if done else 'would change'}."


def since(moment: int, applied: int, zone: ZoneInfo) -> str:
    """Say from when on changes are counted, and what else came since."""
    began = datetime.fromtimestamp(moment, zone)
    events = f"; {count(applied, 'event')} came since" if applied else ""
    return f"Counted from {began:%Y-%m-%d %H:%M}, when the rules changed{events}."


def _blocks(found: Sequence[Difference], title: str) -> Iterator[RenderableType]:
    yield Text(title, style="bold")
    for currency, rows in groupby(found, key=lambda one: one.currency):
        yield ""
        yield Text(currency.upper(), style="bold")
        yield Padding(_table(list(rows)), (0, 0, 0, 2))


def _table(rows: Sequence[Difference]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for place, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row), style="" if row.before != row.after else "dim")
    before, after = (reduce(add, (getattr(row, side) for row in rows), Tally()) for side in ("before", "after"))
    table.add_row(*_cells(Difference(rows[0].currency, "all", before, after)), style="bold")
    return table


def _cells(row: Difference) -> tuple[str, ...]:
    before, after = row.before, row.after
    moved = f"{before.count:,} → {after.count:,}" if before.count != after.count else f"{after.count:,}"
    change = signed(after.amount - before.amount, row.currency)
    return (row.kind, amount(before.amount, row.currency), amount(after.amount, row.currency), change, moved)
