"""Windows: the parts of a list that are yet to be read, and how what is left of one is divided among free lanes.

Stripe's lists come newest first and can be cut by ``created``. Windows never overlap, and together with what was read
they are the whole list.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

PAGE = 100
"""How many objects a page holds at most."""

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

    The page's objects were created from ``first`` down to ``last``, the one named ``cursor``. The lowest window is half
    as long as what is left, the next one a quarter, and so on: where all objects lie at the upper end, each window that
    is empty halves what they are looked for in. The uppermost one should hold a page or more, as far as can be guessed
    from this page and from ``floor``, where the list is believed to begin.
    """
    rest = replace(window, after=cursor, reached=last, density=PAGE / max(1, first - last))
    length = last - (floor if window.since is None else window.since)
    pages = max(0, min(int(rest.left(floor) / PAGE) // 4, length))
    edges = [last - (length >> halved) for halved in range(1, min(parts, pages.bit_length()))]
    lower = [Window(since, until, density=rest.density) for since, until in pairwise([window.since, *edges])]
    return (replace(rest, since=edges[-1]) if edges else rest, *reversed(lower))
