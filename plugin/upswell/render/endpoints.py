"""The webhook endpoints of an account as a table."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from rich.console import Console
from rich.table import Table

from upswell.render.plain import plain

_HEADINGS = ("endpoint", "address", "status", "version", "events", "to be mended")


class Endpoint(Protocol):
    """What a row is about."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def api_version(self) -> str | None: ...  # noqa: D102
    @property
    def enabled_events(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def faults(self) -> Sequence[str]: ...  # noqa: D102


def show(endpoints: Sequence[Endpoint], console: Console) -> None:
    """Print a row an endpoint on ``console``."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold", justify="right" if heading == "events" else "left")
    for one in endpoints:
        table.add_row(*_cells(one))
    console.print(table, highlight=False, markup=False)


def text(endpoints: Sequence[Endpoint]) -> str:
    """Return the same as plain text, a line an endpoint."""
    return plain(partial(show, endpoints), 400)


def _cells(one: Endpoint) -> tuple[str, ...]:
    events = "all" if "*" in one.enabled_events else str(len(one.enabled_events))
    return one.id, one.url, one.status, one.api_version or "the account's", events, "; ".join(one.faults) or "nothing"
