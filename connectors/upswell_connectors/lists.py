"""Reading Stripe's lists whole, in parallel: pages in any order, each with what is left to read after it."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from upswell.errors import Refused
from upswell_connectors.client import Answer, Client
from upswell_connectors.lanes import LANES, work
from upswell_connectors.windows import BEGINNING, PAGE, Window, remaining

_SLACK = 1.25
_SMOOTHING = 0.2

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: its path, what is asked of it, and the nested list of its objects that may go on elsewhere.

    ``nested`` is the key of that list, and ``rest`` where all of it is, with ``{id}`` for the object's. ``expand``
    names what is to come whole, ``wish`` what is done without where Stripe does not know it.
    """

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    expand: tuple[str, ...] = ()
    wish: tuple[str, ...] = ()
    nested: str | None = None
    rest: str = ""


class _Nested(msgspec.Struct):
    has_more: bool = False


class _Listed(msgspec.Struct):
    id: str
    created: int = 0
    lines: _Nested | None = None
    items: _Nested | None = None


class _Head(msgspec.Struct):
    data: list[_Listed]
    has_more: bool = False


class _Bodies(msgspec.Struct):
    data: list[msgspec.Raw]


_heads = msgspec.json.Decoder(_Head)
_bodies = msgspec.json.Decoder(_Bodies)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came: ``body``, asked for ``at`` (unix seconds UTC, Stripe's clock), holds ``count`` objects.

    It was read of ``window``, in whose place stands ``left`` from now on. ``rest`` are the whole nested lists, page
    by page, of the objects that carried a part of theirs. ``oldest`` is when the first of its objects was created.
    """

    window: Window
    left: tuple[Window, ...]
    body: bytes
    at: int
    count: int
    oldest: int | None
    rest: Mapping[str, tuple[bytes, ...]]

    def bodies(self) -> Iterator[bytes]:
        """Yield the raw JSON of each object."""
        return (bytes(raw) for raw in _bodies.decode(self.body).data)

    def objects(self, nested: str | None) -> Iterator[Json]:
        """Yield the objects, their list ``nested`` completed."""
        for found in msgspec.json.decode(self.body)["data"]:
            if nested and (bodies := self.rest.get(found["id"])):
                whole = [one for body in bodies for one in msgspec.json.decode(body)["data"]]
                found[nested] = {"object": "list", "data": whole, "has_more": False}
            yield found


def read(client: Client, listing: Listing, windows: Iterable[Window], floor: int = BEGINNING) -> Iterator[Page]:
    """Yield the pages of ``listing`` that lie in ``windows``, each object once.

    A page comes after all pages from whose ``left`` its window is, so that whoever stores pages in this order can
    store beside each what is left to read. ``floor`` is where the list is believed to begin, which costs nothing but
    requests where it is wrong. Raises Refused and Unreachable once the pages that were read before have been yielded.
    """
    given = list(windows)
    return work(given, _Reader(client, listing, floor, len(given)).turn)


def read_each(client: Client, paths: Iterable[str], params: Mapping[str, Any]) -> Iterator[tuple[str, Answer | None]]:
    """Yield each of ``paths`` with what Stripe answers, None where it does not know it. Raises as ``read`` does."""
    return work(paths, partial(_one, client, params))


def _one(client: Client, params: Mapping[str, Any], path: str) -> tuple[tuple[str, Answer | None], tuple[str, ...]]:
    try:
        return (path, client.read(path, params, _checked)), ()
    except Refused as error:
        if error.status != 404:
            raise
        return (path, None), ()


def _checked(answer: Answer) -> Answer:
    msgspec.json.decode(answer.body, type=Json)
    return answer


class _Reader:
    """Reads one list. ``_open`` windows are waiting or being read; ``_seconds`` is how long an answer takes."""

    def __init__(self, client: Client, listing: Listing, floor: int, windows: int) -> None:
        self._client = client
        self._listing = listing
        self._floor = floor
        self._expand = (*listing.expand, *listing.wish)
        self._divides = True
        self._open = windows
        self._seconds = 0.0
        self._lock = threading.Lock()

    def turn(self, window: Window) -> tuple[Page, tuple[Window, ...]]:
        """Read the next page of ``window``, and divide what is left of it among the lanes that are free."""
        answer, head = self._ask(window)
        found = head.data
        if found and window.until is not None and found[0].created >= window.until:
            return self._undivided(window, answer)
        rest = {one.id: self._whole(one.id) for one in found if self._goes_on(one)}
        left: tuple[Window, ...] = ()
        with self._lock:
            self._seconds += (answer.seconds - self._seconds) * (_SMOOTHING if self._seconds else 1)
            if head.has_more and found:
                parts = 1 + max(0, self._lanes() - self._open) if self._divides else 1
                left = remaining(window, found[0].created, found[-1].created, found[-1].id, self._floor, parts)
            self._open += len(left) - 1
        oldest = found[-1].created if found else None
        return Page(window, left, answer.body, answer.at, len(found), oldest, rest), left

    def _undivided(self, window: Window, answer: Answer) -> tuple[Page, tuple[Window, ...]]:
        """Give a window up where the API does not cut this list by time: whoever reads on from the top reads it all."""
        with self._lock:
            self._divides = False
            self._open -= 1
        return Page(window, (), b'{"data": []}', answer.at, 0, None, {}), ()

    def _lanes(self) -> int:
        """Return how many requests have to be under way to use the rate that is allowed."""
        return min(LANES, math.ceil(self._client.rate * self._seconds * _SLACK) + 1)

    def _ask(self, window: Window) -> tuple[Answer, _Head]:
        expand = self._expand
        params = {"limit": PAGE, **self._listing.params, "expand[]": expand, **window.params}
        try:
            return self._client.read(self._listing.path, params, _headed)
        except Refused as error:
            if error.param == "starting_after" and window.after is not None:
                window = window.without_cursor()
            elif error.status == 400 and expand != self._listing.expand:
                self._expand = self._listing.expand
            else:
                raise
        return self._ask(window)

    def _goes_on(self, one: _Listed) -> bool:
        part = getattr(one, self._listing.nested, None) if self._listing.nested else None
        return bool(part and part.has_more)

    def _whole(self, name: str) -> tuple[bytes, ...]:
        """Return the pages of the nested list of the object ``name``; none where it was deleted meanwhile."""
        path, _, query = self._listing.rest.replace("{id}", quote(name)).partition("?")
        params: dict[str, Any] = {"limit": PAGE, **dict(parse_qsl(query))}
        bodies: list[bytes] = []
        try:
            while True:
                answer, head = self._client.read(path, params, _headed)
                bodies.append(answer.body)
                if not (head.has_more and head.data):
                    return tuple(bodies)
                params["starting_after"] = head.data[-1].id
        except Refused as error:
            if error.status != 404:
                raise
            return ()


def _headed(answer: Answer) -> tuple[Answer, _Head]:
    return answer, _heads.decode(answer.body)
