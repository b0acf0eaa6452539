"""Random lives in which things are planned, taken back, and come to pass."""

from typing import Any

from hypothesis import strategies as st

from scenarios.histories import ACTIONS, GAPS, Life, Step
from scenarios.schedules import Schedule, pend, phase_of
from scenarios.story import Story
from scenarios.streams import DAY
from scenarios.subscriptions import Subscription

PLANS = ("to end", "to end", "to end then", "stay", "schedule", "schedule", "plan again", "release", "wait", "expire")


class PlannedLife(Life):
    """A life with plans; what is planned may come, or not."""

    def __init__(self, story: Story) -> None:
        super().__init__(story)
        self.schedules: list[Schedule] = []

    def step(self, gap: int, action: str, one: int, two: int) -> None:
        """Let time pass and something happen or be planned, where there is something for it to happen to."""
        if action not in PLANS:
            super().step(gap, action, one, two)
            return
        self.story.clock += gap
        live = [sub for sub in self.subs if sub.fields["status"] != "canceled"]
        if action in ("plan again", "release"):
            if self.schedules:
                self._replan(self.schedules[one % len(self.schedules)], action, one, two)
        elif live:
            self._plan(live[one % len(live)], action, one, two)

    def _plan(self, sub: Subscription, action: str, one: int, two: int) -> None:
        now, item = self.story.clock, sub.items[two % len(sub.items)]
        price = next(price for price in self.prices if price.fields["currency"] == sub.fields["currency"])
        {
            "to end": lambda: sub.change(cancel_at_period_end=True),
            "to end then": lambda: sub.change(cancel_at=now + two * DAY),
            "stay": lambda: sub.change(cancel_at_period_end=False, cancel_at=None),
            "schedule": lambda: self.schedules.append(Schedule(self.story, sub, *self._phases(sub, one, two))),
            "wait": lambda: pend(sub, item, price * (one % 4), now + 82_800),
            "expire": lambda: sub.change(pending_update=None),
        }[action]()

    def _replan(self, made: Schedule, action: str, one: int, two: int) -> None:
        sub = next(sub for sub in self.subs if sub.id == made.sub)
        if action == "release":
            made.release()
        else:
            made.plan(*self._phases(sub, one, two), end_behavior="cancel" if two % 2 else "release")

    def _phases(self, sub: Subscription, one: int, two: int) -> list[dict[str, Any]]:
        now, currency = self.story.clock, sub.fields["currency"]
        fitting = [price for price in self.prices if price.fields["currency"] == currency]
        lines = [fitting[(one + place) % len(fitting)] * (two % 3) for place in range(1 + two % 2)]
        coupons = [self.coupons[two % len(self.coupons)]] if one % 2 else []
        kept = phase_of(now - DAY, now + 3 * DAY, *(item.price * (item.quantity or 0) for item in sub.items))
        trial = now + 20 * DAY if one % 5 == 0 else None
        return [kept, phase_of(now + 3 * DAY, now + 40 * DAY, *lines, coupons=coupons, trial_end=trial)]


def planned(shape: str, drawn: list[Step]) -> PlannedLife:
    """Let the steps happen in an account of that shape."""
    life = PlannedLife(Story(shape))
    life.furnish(metered=True)
    life.story.at("2026-01-10 12:00")
    for step in drawn:
        life.step(*step)
    return life


@st.composite
def planned_steps(draw: st.DrawFn, *, most: int) -> list[Step]:
    """Draw the steps of a life with plans in it."""
    small = st.integers(0, 23)
    actions = st.sampled_from((*ACTIONS, *PLANS, *PLANS, "bill"))
    later = st.lists(st.tuples(st.sampled_from(GAPS), actions, small, small), max_size=most)
    return [(0, "subscribe", draw(small), draw(small)), *draw(later)]
