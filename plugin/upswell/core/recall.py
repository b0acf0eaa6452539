"""Recalling: a long history is told again from where something new is known, not from its beginning.

A telling depends on nothing but what is compared here, so that the movements are the same as if all was told anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from upswell.core.booking import Life
from upswell.core.changes import Change, Stand, Walker
from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.movements import Chapter, tell
from upswell.core.rules import Rules

_EVERY, _KEPT = 32, 4


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment between two groups: where the walker and the life stood, and how many movements had been told."""

    stand: Stand
    life: Life
    following: Change
    told: int


class Recall:
    """What was told of one customer last time; see ``movements``."""

    def __init__(self) -> None:
        self._walker: Walker | None = None
        self._basis: object = None
        self._marks: list[_Mark] = []
        self._told: list[Movement] = []

    def movements(self, history: History, rules: Rules) -> list[Movement]:
        """Return what ``upswell.core.movements.movements`` returns, and remember it. Raises InvariantError."""
        walker = Walker(history, rules)
        basis = (history.customer, history.catalogue, history.quotes, walker.own, rules)
        marks = self._valid(walker) if basis == self._basis else []
        life, opened, same = _resumed(walker, history, marks)
        told = self._told[:same]
        self._walker, self._basis = None, None
        for number, (chapter, following) in enumerate(tell(walker, life, opened, history, rules), 1):
            told += chapter.movements
            if following and number % _EVERY == 0:
                marks = [*marks, _Mark(walker.stand.copy(), life.copy(), following, len(told))][-_KEPT:]
        self._walker, self._basis, self._marks, self._told = walker, basis, marks, told
        return list(told)

    def beyond(self, longer: History, rules: Rules) -> tuple[int, Iterator[Chapter]]:
        """Return how many movements ``longer`` has in common with what was told last, and its chapters from there on.

        ``longer`` is the history told last with states laid after it, and with at least its catalogue.
        """
        walker = Walker(longer, rules)
        marks = self._valid(walker) if self._walker and walker.own == self._walker.own else []
        life, opened, same = _resumed(walker, longer, marks)
        return same, (chapter for chapter, _ in tell(walker, life, opened, longer, rules))

    def _valid(self, walker: Walker) -> list[_Mark]:
        """Return the marks up to which ``walker`` walks through the same as last time."""
        if not self._walker:
            return []
        alike = walker.alike(self._walker)
        return [mark for mark in self._marks if mark.stand.done <= alike]


def _resumed(walker: Walker, history: History, marks: Sequence[_Mark]) -> tuple[Life, Sequence[Change], int]:
    """Put ``walker`` where the last of ``marks`` stood, or leave it at the beginning.

    Returns the life there, the change that had opened the group ahead, and how many movements had been told.
    """
    if not marks:
        return Life(quotes=history.quotes), (), 0
    last = marks[-1]
    walker.stand = last.stand.copy()
    return last.life.copy(), (last.following,), last.told
