"""States: what one event, or one look at Stripe's list, says of a subscription."""

from dataclasses import dataclass
from operator import attrgetter

from upswell.core.portfolio import Subscription

CREATED = "customer.subscription.created"
DELETED = "customer.subscription.deleted"
LISTED = "list"
RANK = attrgetter("created", "event")
"""The order of states, but for those of one second: see ``chains``."""

SINCE = "upswell_since"
"""The metadata key that says since when a subscription counts."""

ENDED = frozenset({"canceled", "incomplete_expired"})
"""The statuses of subscriptions that are over."""

UNBEGUN = frozenset({"incomplete", "incomplete_expired"})
"""The statuses of subscriptions whose first payment never came, or not yet."""


@dataclass(frozen=True, slots=True)
class State:
    """What one event says: the subscription ``before`` (None: it does not say) and ``after``; unix seconds UTC."""

    created: int
    type: str
    event: str
    after: Subscription
    before: Subscription | None = None
    source: str = "observed"

    @property
    def views(self) -> tuple[Subscription, ...]:
        """The subscription as it was, where the event says, and as it is."""
        return (self.before, self.after) if self.before else (self.after,)

    @property
    def discounts(self) -> set[str]:
        """The ids of all discounts that the subscription or its items list."""
        return {name for view in self.views for name in view.all_discounts}

    @property
    def prices(self) -> set[str]:
        """The ids of all prices of its items."""
        return {item.price.id for view in self.views for item in view.items}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Stripe's list of subscriptions showed at ``at`` (unix seconds UTC, when it was asked)."""

    at: int
    subscription: Subscription
