"""What was read from Stripe: a table of kinds, and sentences under it."""

from collections.abc import Iterable, Sequence
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upswell.render.plain import plain

_HEADINGS = ("read from Stripe", "objects", "requests")


def show(rows: Sequence[tuple[str, int, int]], sentences: Iterable[str], console: Console) -> None:
    """Print a row a kind with its objects and requests, then ``sentences``, on ``console``."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for place, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for name, objects, requests in rows:
        table.add_row(name, f"{objects:,}", f"{requests:,}")
    console.print(table, highlight=False)
    for sentence in sentences:
        console.print(Text(sentence))


def text(rows: Sequence[tuple[str, int, int]], sentences: Iterable[str]) -> str:
    """Return the same as plain text; a sentence is one line."""
    return plain(partial(show, rows, ()), 80) + "".join(f"{sentence}\n" for sentence in sentences)
