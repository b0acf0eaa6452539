"""Reading one of Stripe's lists whole, in parallel: pages in any order, each with what is left to read after it."""

import math
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from upswell.errors import Refused
from upswell_connectors.client import Answer, Client
from upswell_connectors.windows import BEGINNING, PAGE, Window, remaining

LANES = 16
"""How many requests are under way at once, at most."""

_SLACK = 2.0
_SMOOTHING = 0.2
_POLL_SECONDS = 0.1
_END_SECONDS = 0.5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: its path, what is asked of it, and the nested list of its objects that may go on elsewhere.

    ``nested`` is the key of that list, and ``rest`` where all of it is, with ``{id}`` for the object's.
    """

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
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


_heads = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came: ``body``, answered ``at`` (unix seconds UTC, Stripe's clock), holds ``count`` objects.

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

    def objects(self, nested: str | None) -> Iterator[Json]:
        """Yield the objects, their list ``nested`` completed."""
        for found in msgspec.json.decode(self.body)["data"]:
            if nested and (bodies := self.rest.get(found["id"])):
                whole = [one for body in bodies for one in msgspec.json.decode(body)["data"]]
                found[nested] = {"object": "list", "data": whole, "has_more": False}
            yield found


@dataclass(slots=True)
class _Shared:
    """What the threads of one reading share, behind ``changed``.

    ``open`` windows are waiting or being read; ``seconds`` is how long an answer takes. After ``stopped`` no page is
    asked for any more, after ``gone`` none is wanted.
    """

    waiting: list[Window]
    open: int
    floor: int
    seconds: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)
    stopped: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    found: "queue.Queue[Page | Exception | None]" = field(default_factory=lambda: queue.Queue(LANES))


def read(client: Client, listing: Listing, windows: Iterable[Window], floor: int = BEGINNING) -> Iterator[Page]:
    """Yield the pages of ``listing`` that lie in ``windows``, each object once.

    A page comes after all pages from whose ``left`` its window is, so that whoever stores pages in this order can
    store beside each what is left to read. ``floor`` is where the list is believed to begin, which costs nothing but
    requests where it is wrong. Raises Refused and Unreachable once the pages that were read before have been yielded.
    """
    waiting = list(windows)
    shared = _Shared(waiting, len(waiting), floor)
    threads = [threading.Thread(target=_work, args=(client, listing, shared), daemon=True) for _ in range(LANES)]
    for thread in threads:
        thread.start()
    failure = None
    try:
        for _ in threads:
            while (got := shared.found.get()) is not None:
                if isinstance(got, Exception):
                    failure = failure or got
                else:
                    yield got
        if failure:
            raise failure
    finally:
        shared.stopped.set()
        shared.gone.set()
        for thread in threads:
            thread.join(_END_SECONDS / LANES)


def _work(client: Client, listing: Listing, shared: _Shared) -> None:
    """Read window after window until none is left, then say so with a None."""
    try:
        while (window := _next(shared)) is not None:
            page = _read_page(client, listing, window, shared)
            _hand_over(shared, page)
            with shared.changed:
                shared.waiting.extend(page.left)
                shared.changed.notify_all()
    except Exception as error:  # noqa: BLE001  # it is raised where the pages are wanted
        shared.stopped.set()
        _hand_over(shared, error)
    finally:
        _hand_over(shared, None)


def _next(shared: _Shared) -> Window | None:
    with shared.changed:
        while not shared.stopped.is_set():
            if shared.waiting:
                return shared.waiting.pop(0)
            if not shared.open:
                return None
            shared.changed.wait(_POLL_SECONDS)
    return None


def _hand_over(shared: _Shared, what: Page | Exception | None) -> None:
    """Give what was read to whoever wants it, who may be behind."""
    while not shared.gone.is_set():
        try:
            return shared.found.put(what, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
    return None


def _read_page(client: Client, listing: Listing, window: Window, shared: _Shared) -> Page:
    answer, head = _asked(client, listing, window)
    found = head.data
    rest = {one.id: _whole(client, listing, one.id) for one in found if _goes_on(one, listing.nested)}
    with shared.changed:
        shared.seconds += (answer.seconds - shared.seconds) * (_SMOOTHING if shared.seconds else 1)
        left: tuple[Window, ...] = ()
        if head.has_more and found:
            parts = 1 + max(0, _lanes(client, shared) - shared.open)
            left = remaining(window, found[0].created, found[-1].created, found[-1].id, shared.floor, parts)
        shared.open += len(left) - 1
    oldest = found[-1].created if found else None
    return Page(window, left, answer.body, answer.at, len(found), oldest, rest)


def _lanes(client: Client, shared: _Shared) -> int:
    """Return how many requests have to be under way to use the rate that is allowed."""
    return min(LANES, math.ceil(client.rate * shared.seconds * _SLACK) + 1)


def _asked(client: Client, listing: Listing, window: Window) -> tuple[Answer, _Head]:
    try:
        return client.read(listing.path, {"limit": PAGE, **listing.params, **window.params}, _headed)
    except Refused as error:
        if window.after is None or error.param != "starting_after":
            raise
    return _asked(client, listing, window.without_cursor())


def _headed(answer: Answer) -> tuple[Answer, _Head]:
    return answer, _heads.decode(answer.body)


def _goes_on(one: _Listed, nested: str | None) -> bool:
    part = getattr(one, nested, None) if nested else None
    return bool(part and part.has_more)


def _whole(client: Client, listing: Listing, name: str) -> tuple[bytes, ...]:
    """Return the pages of the nested list of the object ``name``; none where it was deleted meanwhile."""
    path, _, query = listing.rest.replace("{id}", quote(name)).partition("?")
    bodies: list[bytes] = []
    params: dict[str, Any] = {"limit": PAGE, **dict(parse_qsl(query))}
    try:
        while True:
            answer, head = client.read(path, params, _headed)
            bodies.append(answer.body)
            if not (head.has_more and head.data):
                return tuple(bodies)
            params["starting_after"] = head.data[-1].id
    except Refused as error:
        if error.status != 404:
            raise
        return ()
