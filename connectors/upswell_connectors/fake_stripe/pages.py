"""One page of a list, newest first, found from a cursor without looking at what lies before it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from upswell_connectors.fake_stripe import refusals
from upswell_connectors.fake_stripe.queries import Query
from upswell_connectors.fake_stripe.shelves import Shelf

T = TypeVar("T")


def page(
    shelf: Shelf[T], query: Query, kind: str, keep: Callable[[T], bool], group: tuple[str, str] | None = None
) -> tuple[list[T], bool]:
    """Return the objects of a page and whether more follow; ``group`` is a field and the value it must have.

    Raises Refused where the cursor names no ``kind`` of object that is or was there.
    """
    low, high = shelf.first_at(query.since), shelf.first_at(query.until)
    if query.starting_after is not None:
        high = min(high, _cursor(shelf, query.starting_after, kind, "starting_after"))
    if query.ending_before is not None:
        low = max(low, _cursor(shelf, query.ending_before, kind, "ending_before") + 1)
    positions = shelf.positions(*group) if group else shelf.positions()
    within = range(bisect_left(positions, low), bisect_left(positions, high))
    backwards = query.ending_before is None
    places = reversed(within) if backwards else iter(within)
    found, more = _first((shelf.at(positions[place]) for place in places), keep, query.limit)
    return (found if backwards else found[::-1]), more


def _cursor(shelf: Shelf[T], id_: str, kind: str, param: str) -> int:
    try:
        return shelf.position(id_)
    except KeyError:
        raise refusals.no_such(kind, id_, param=param, cursor=True) from None


def _first(objects: Iterable[T | None], keep: Callable[[T], bool], limit: int) -> tuple[list[T], bool]:
    """Return the first objects to keep, and whether there is another."""
    found: list[T] = []
    for one in objects:
        if one is None or not keep(one):
            continue
        if len(found) == limit:
            return found, True
        found.append(one)
    return found, False


def slice_of(rows: Sequence[T], query: Query, kind: str, id_: Callable[[T], str]) -> tuple[list[T], bool]:
    """Return a page of a short list that belongs to one object, in its own order. Raises Refused for a bad cursor."""
    ids = [id_(row) for row in rows]
    if query.ending_before is not None:
        end = _place(ids, query.ending_before, kind, "ending_before")
        start = max(0, end - query.limit)
        return list(rows[start:end]), start > 0
    start = 0 if query.starting_after is None else _place(ids, query.starting_after, kind, "starting_after") + 1
    end = start + query.limit
    return list(rows[start:end]), end < len(rows)


def _place(ids: Sequence[str], id_: str, kind: str, param: str) -> int:
    if id_ not in ids:
        raise refusals.no_such(kind, id_, param=param, cursor=True)
    return ids.index(id_)
