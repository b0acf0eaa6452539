"""What posted summaries said of a week and kind, one after the other, beside what its movements come to now."""

from collections.abc import Sequence
from dataclasses import dataclass

from upswell.restated import Post, statements
from upswell.weeks import utc


@dataclass(frozen=True, slots=True)
class Saying:
    """What the summary of the week ``summary``, made ``at`` (ISO 8601, UTC), said: minor units a month."""

    summary: str
    at: str
    amount: int


@dataclass(frozen=True, slots=True)
class Told:
    """All that was said of a ``week`` and ``kind``, the oldest first, and what its movements come to ``now``.

    Amounts are of all customers together, in minor units a month.
    """

    week: str
    kind: str
    currency: str
    said: tuple[Saying, ...]
    now: int

    @property
    def is_restated(self) -> bool:
        """Whether something else was said later, or is so now."""
        return {saying.amount for saying in self.said} != {self.now}


def sayings(posts: Sequence[Post], week: str, kind: str, currency: str) -> tuple[Saying, ...]:
    """Return what each of ``posts`` (oldest first) said of ``week`` and ``kind``: its own summary, and corrections."""
    return tuple(
        Saying(post.week.name, utc(post.made_at), amount)
        for post in posts
        for *about, amount in statements(post, currency)
        if about == [week, kind]
    )
