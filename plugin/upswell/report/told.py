"""What posted summaries said of a period and kind, one after the other, beside what its movements come to now."""

from collections.abc import Sequence
from dataclasses import dataclass

from upswell.core.clocks import utc
from upswell.report.restated import Post, statements


@dataclass(frozen=True, slots=True)
class Saying:
    """What the summary of the period ``summary``, made ``at`` (ISO 8601, UTC), said: minor units a month."""

    summary: str
    at: str
    amount: int


@dataclass(frozen=True, slots=True)
class Told:
    """All that was said of a ``period`` and ``kind``, the oldest first, and what its movements come to ``now``.

    Amounts are of all customers together, in minor units a month.
    """

    period: str
    kind: str
    currency: str
    said: tuple[Saying, ...]
    now: int

    @property
    def is_restated(self) -> bool:
        """Whether something else was said later, or is so now."""
        return {saying.amount for saying in self.said} != {self.now}


def sayings(posts: Sequence[Post], period: str, kind: str, currency: str) -> tuple[Saying, ...]:
    """Return what each of ``posts`` (oldest first) said of ``period`` and ``kind``: its own, and corrections."""
    return tuple(
        Saying(post.period.name, utc(post.made_at), amount)
        for post in posts
        for *about, amount in statements(post, currency)
        if about == [period, kind]
    )
