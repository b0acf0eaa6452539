"""The account: a store, a clock, ids, and the events emitted so far."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from upswell_connectors.fake_stripe.emission import KINDS, Event, Request, differences, event, render
from upswell_connectors.fake_stripe.ids import Ids
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Resource
from upswell_connectors.fake_stripe.versions import ENDIVE, Version

Action = Callable[[], object]


class Account:
    """A simulated Stripe account.

    ``now`` is its clock, unix seconds UTC; ``version`` the API version its events are rendered in, which may change
    over time; ``livemode`` says whether its data is live or for tests. The same ``seed`` and the same calls give the
    same ids and events. While ``recording`` is off nothing is emitted: the objects are all that tells of that time.
    """

    def __init__(self, *, seed: str, now: int, version: Version = ENDIVE, livemode: bool = False) -> None:
        self.now = now
        self.version = version
        self.store = Store(livemode)
        self.ids = Ids(seed)
        self.events: list[Event] = []
        self.recording = True
        self._request = Request()
        self._due: list[tuple[int, int, bool, Action]] = []
        self._order = count()

    def at(self, when: int, action: Action, *, asked: bool = False) -> None:
        """Let ``action`` happen at ``when`` (unix seconds); ``asked`` where an API request does it, not Stripe."""
        heappush(self._due, (when, next(self._order), asked, action))

    def advance(self, until: int) -> None:
        """Move the clock to ``until``, letting everything due up to and including it happen in order."""
        while self._due and self._due[0][0] <= until:
            when, _, asked, action = heappop(self._due)
            self.now = max(self.now, when)
            self._request = Request(self.ids.make("req"), self.ids.uuid()) if asked else Request()
            action()
        self.now = until
        self._request = Request()

    def add(self, value: Resource, *, silent: bool = False) -> None:
        """Store a new object and, unless ``silent``, emit its ``created`` event."""
        kind = KINDS[type(value)]
        getattr(self.store, kind.collection)[value.id] = value
        if not silent:
            self.emit(f"{kind.event}.created", value)

    def update(self, after: Resource, *, silent: bool = False) -> None:
        """Store a changed object and emit its ``updated`` event; nothing is emitted where nothing shows."""
        kind = KINDS[type(after)]
        collection = getattr(self.store, kind.collection)
        if silent or not self.recording:
            collection[after.id] = after
            return
        before, collection[after.id] = render(collection[after.id], self.store, self.version), after
        changed = differences(before, render(after, self.store, self.version))
        if changed:
            self.emit(f"{kind.event}.updated", after, changed)

    def delete(self, value: Resource) -> None:
        """Take an object away and emit its ``deleted`` event, with its last state."""
        kind = KINDS[type(value)]
        self.emit(f"{kind.event}.deleted", value)
        del getattr(self.store, kind.collection)[value.id]

    def emit(self, kind: str, value: Resource, before: dict[str, object] | None = None) -> None:
        """Emit an event of type ``kind`` about ``value``; ``before`` becomes its ``previous_attributes``."""
        if not self.recording:
            return
        self.events.append(
            event(
                self.ids.make("evt"),
                kind,
                render(value, self.store, self.version),
                at=self.now,
                version=self.version,
                request=self._request,
                livemode=self.store.livemode,
                before=before,
            )
        )
