"""One kind of object by id, and in the order of creation, so that a page of a list is found without sorting."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


class Shelf(dict[str, T]):
    """Objects by id; what is deleted leaves, and stays in ``gone`` in its last state.

    Each object has a *position*: its place among all that ever were, oldest first. ``created`` reads its time from it
    (unix seconds UTC). Objects may be put in out of order; positions hold until that happens the next time.
    """

    def __init__(self, created: Callable[[Any], int] = attrgetter("created")) -> None:
        super().__init__()
        self.gone: dict[str, T] = {}
        self._created = created
        self._ids: list[str] = []
        self._times = array("q")
        self._in_order = True
        self._groups: dict[str, _Groups] = {}

    def __setitem__(self, id_: str, value: T) -> None:
        if id_ not in self:
            self.gone.pop(id_, None)
            time = self._created(value)
            self._in_order = self._in_order and (not self._times or self._times[-1] <= time)
            self._ids.append(id_)
            self._times.append(time)
        super().__setitem__(id_, value)

    def __delitem__(self, id_: str) -> None:
        self.gone[id_] = self[id_]
        super().__delitem__(id_)

    def known(self, id_: str) -> T:
        """Return an object that is or was there. Raises KeyError for any other."""
        return self[id_] if id_ in self else self.gone[id_]

    def first_at(self, time: int) -> int:
        """Return the first position that was created at ``time`` or later."""
        self._order()
        return bisect_left(self._times, time)

    def position(self, id_: str) -> int:
        """Return the position of what is or was there. Raises KeyError for any other id."""
        start = self.first_at(self._created(self.known(id_)))
        return self._ids.index(id_, start)

    def at(self, position: int) -> T | None:
        """Return the object at a position, or None where it was deleted."""
        found = self.get(self._ids[position])
        return found if found is not None and self._created(found) == self._times[position] else None

    def positions(self, field: str | None = None, value: str = "") -> Sequence[int]:
        """Return all positions, oldest first, or those of objects whose ``field`` (it never changes) is ``value``."""
        self._order()
        if field is None:
            return range(len(self._ids))
        groups = self._groups.setdefault(field, _Groups(attrgetter(field)))
        groups.cover(self._ids, self.known)
        return groups.positions.get(value, ())

    def _order(self) -> None:
        if self._in_order:
            return
        order = sorted(range(len(self._ids)), key=self._times.__getitem__)
        self._ids = [self._ids[place] for place in order]
        self._times = array("q", (self._times[place] for place in order))
        self._in_order = True
        self._groups.clear()


class _Groups:
    """The positions of objects by one field, extended as objects come."""

    def __init__(self, field: Callable[[Any], str]) -> None:
        self.positions: dict[str, array[int]] = {}
        self._field = field
        self._covered = 0

    def cover(self, ids: Sequence[str], known: Callable[[str], object]) -> None:
        """Take in what came since the last time."""
        for position in range(self._covered, len(ids)):
            value = self._field(known(ids[position]))
            self.positions.setdefault(value, array("l")).append(position)
        self._covered = len(ids)
