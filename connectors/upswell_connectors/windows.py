"""Windows: the parts of a list that are yet to be read, and how what is left of one is divided among free lanes.

Stripe's lists come newest first and can be cut by ``created``. Windows never overlap, and together with what was read
they are the whole list.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

PAGE = 100
"""How many objects a page holds at most."""

_FEWEST_PAGES = 4

BEGINNING = 1_293_840_000
"""The first of January 2011: nothing at Stripe is older."""


@dataclass(frozen=True, slots=True)
class Window:
    """Objects created from ``since`` up to, not including, ``until`` (unix seconds UTC; None: without an end).

    ``after`` is the last object that was read of it, created at ``reached``; ``density`` how many objects a second
    were found around there, to guess from how many are left.
    """

    since: int | None = None
    until: int | None = None
    after: str | None = None
    reached: int | None = None
    density: float = 0.0

    @property
    def params(self) -> dict[str, str | int]:
        """The parameters that ask for the next page."""
        given = {"created[gte]": self.since, "created[lt]": self.until, "starting_after": self.after}
        return {name: value for name, value in given.items() if value is not None}

    def without_cursor(self) -> "Window":
        """Return the window for a cursor that is gone: its last second is read again."""
        return replace(self, after=None, until=None if self.reached is None else self.reached + 1)

    def left(self, floor: int) -> float:
        """Guess how many objects are left in it, if the list begins at ``floor``."""
        top = self.reached if self.reached is not None else self.until
        bottom = floor if self.since is None else self.since
        return 0.0 if top is None else max(0, top - bottom) * self.density


def remaining(window: Window, first: int, last: int, cursor: str, floor: int, parts: int) -> tuple[Window, ...]:
    """Return what is left of ``window`` after a page that goes on, cut into at most ``parts`` windows.

    The page's objects were created from ``first`` down to ``last``, the one named ``cursor``; ``floor`` is where the
    list is believed to begin. A window is worth a few pages at least, as far as can be guessed from this page.
    """
    rest = replace(window, after=cursor, reached=last, density=PAGE / max(1, first - last))
    bottom = floor if window.since is None else window.since
    worth = max(0, min(int(rest.left(floor) / PAGE) // _FEWEST_PAGES, last - bottom))
    edges = _halves(bottom, last, parts, worth) if bottom == BEGINNING else _equal(bottom, last, min(parts, worth))
    lower = [Window(since, until, density=rest.density) for since, until in pairwise([window.since, *edges])]
    return (replace(rest, since=edges[-1]) if edges else rest, *reversed(lower))


def _equal(bottom: int, top: int, parts: int) -> list[int]:
    """Return where to cut into parts of equal length, the lowest place first."""
    return [bottom + (top - bottom) * number // parts for number in range(1, parts)]


def _halves(bottom: int, top: int, parts: int, worth: int) -> list[int]:
    """Return where to cut off the lower half, half of the rest, and so on, the lowest place first.

    Nobody knows where the list begins: each window that turns out empty halves what it is looked for in.
    """
    return [top - ((top - bottom) >> halved) for halved in range(1, min(parts, worth.bit_length()))]
