"""How far long work of many parts has come: bars on a terminal, a line now and then elsewhere, on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_SECONDS = 10.0

Watch = Callable[[str, int, int], None]
"""Is told the name of a part, how much of it was done, and how much there probably is in all."""


@contextmanager
def gauges() -> Iterator[Watch]:
    """Give what shows each part's progress, rate and remaining time while the block runs."""
    if not sys.stderr.isatty():
        yield Lines(time.monotonic)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f} of {task.fields[about]}{task.total:,.0f}", justify="right"),
        TextColumn("{task.fields[rate]}", justify="right"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield _Bars(bars)


class _Bars:
    """A bar a part."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._tasks: dict[str, tuple[TaskID, Pace]] = {}

    def __call__(self, name: str, done: int, whole: int) -> None:
        now = time.monotonic()
        if name not in self._tasks:
            self._tasks[name] = (self._bars.add_task(name, total=whole, about="", rate=""), Pace(now, done))
        task, pace = self._tasks[name]
        about = "" if done == whole else "about "
        rate = f"{pace.rate(now, done):,.0f}/s"
        self._bars.update(task, completed=done, total=whole, about=about, rate=rate)


class Lines:
    """A line a part, and one every few seconds while it lasts. ``clock`` tells the seconds since some moment."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._name: str | None = None
        self._pace = Pace(0.0, 0)
        self._said = 0.0
        self._line = ""

    def __call__(self, name: str, done: int, whole: int) -> None:
        """Say how far the part ``name`` is, where it is time to."""
        now = self._clock()
        if name != self._name:
            self._name, self._pace, self._said = name, Pace(now, 0), now
        finished = done >= whole
        if finished or now >= self._said + _LINE_SECONDS:
            before, self._line = self._line, _line(name, done, whole, self._pace.rate(now, done))
            self._said = now
            if self._line != before:
                click.echo(self._line, err=True)


class Pace:
    """How fast a part goes: ``done`` of it was done ``at`` some seconds."""

    def __init__(self, at: float, done: int) -> None:
        self._at = at
        self._done = done

    def rate(self, now: float, done: int) -> float:
        """Return how many a second were done since the beginning."""
        return (done - self._done) / max(now - self._at, 0.001)


def _line(name: str, done: int, whole: int, rate: float) -> str:
    if done >= whole:
        return f"{name}: {done:,}"
    left = f", {(whole - done) / rate:,.0f} s left" if rate else ""
    return f"{name}: {done:,} of about {whole:,}, {rate:,.0f}/s{left}"
