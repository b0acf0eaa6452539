"""Random lives of one customer, for hypothesis, and what they must come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import strategies as st

from scenarios.invoices import bill, void
from scenarios.story import Story
from scenarios.streams import DAY, Line, Price, Record
from scenarios.subscriptions import Item, Subscription

GAPS = (0, 0, 0, 1, 600, 3599, 3600, DAY, 20 * DAY, 31 * DAY)
HOUR, FOREVER = 3600, 2**40
PLANS = (
    ("Pro", 10, "month"),
    ("Pro", 12, "month"),
    ("Pro", 100, "year"),
    ("Free", 0, "month"),
    ("Gold", 33.33, "3 month"),
)
STATUSES = ("active", "active", "past_due", "unpaid", "paused", "trialing", "incomplete")
PAUSES = (None, "keep_as_draft", "void", "mark_uncollectible")
ACTIONS = (
    *("subscribe", "subscribe", "seats", "seats", "swap", "swap", "add", "remove", "replace", "cancel"),
    *("status", "pause", "discount", "undiscount", "item discount", "favour", "renew", "archive", "family", "note"),
)
USAGE = (*ACTIONS, "bill", "bill", "bill", "void", "account")


@dataclass
class Life:
    """A story being told by random steps: ``numbers`` of a step choose among what there is."""

    story: Story
    prices: list[Price] = field(default_factory=list)
    coupons: list[Record] = field(default_factory=list)
    customers: list[Record] = field(default_factory=list)
    subs: list[Subscription] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)
    invoices: list[Record] = field(default_factory=list)
    quiet: list[tuple[int, dict[str, int]]] = field(default_factory=list)

    def furnish(self, *, metered: bool) -> None:
        """Make the catalogue; meters, tiers, amounts off and a second customer are what ``worth`` does not reckon."""
        story = self.story
        self.prices = [story.price(name, amount, every) for name, amount, every in PLANS]
        self.prices.append(story.price("Extra", 3, metadata={"upswell_role": "seat"}))
        self.prices.append(story.price("Euro", 9, currency="eur"))
        self.coupons = [story.coupon(percent=20), story.coupon(percent=100), story.coupon(percent=33, months=1)]
        self.coupons.append(story.coupon(percent=50, products=[self.prices[0]]))
        self.coupons.append(story.coupon(percent=50, duration="once"))
        self.customers = [story.customer]
        if metered:
            self.prices.append(story.price("Calls", 0.01, metered=True))
            self.prices.append(story.price("Tiers", tiers=[(2, 7, 10), (None, 5)], mode="volume"))
            self.coupons.append(story.coupon(off=15.55))
            self.customers.append(story.join("cus_2"))

    def step(self, gap: int, action: str, one: int, two: int) -> None:
        """Let time pass and something happen, where there is something for it to happen to.

        Where an hour passes in which nothing happens, note what the customer is worth at the end of it.
        """
        self.story.clock += gap
        now = self.story.clock
        if gap >= HOUR and len(self.customers) == 1 and not any(now - HOUR < end <= now for end in self._ends()):
            self.quiet.append((now, self.worth(now - 1)))
        live = [sub for sub in self.subs if sub.fields["status"] != "canceled"]
        coupon = self.coupons[two % len(self.coupons)]
        if action == "subscribe":
            coupons = [coupon] if one % 3 == 0 else []
            price, customer = self.prices[one % len(self.prices)], self.customers[two // 4 % len(self.customers)]
            self.subs.append(self.story.subscribe(price * (two % 4), customer=customer, coupons=coupons))
        elif action == "favour":
            self.story.favour(None if self.story.customer.fields["discount"] else coupon)
        elif action == "archive":
            self.prices[one % len(self.prices)].change(active=bool(two % 2))
        elif action == "family":
            name = list(self.story.products)[one % len(self.story.products)]
            self.story.products[name].change(metadata={"upswell_plan": "ab"[two % 2]})
        elif action == "account":
            customer = self.customers[one % len(self.customers)]
            customer.change(metadata={"account_id": "xyz"[two % 3]})
        elif action == "void":
            if self.invoices:
                void(self.invoices.pop())
        elif live:
            self._change(live[one % len(live)], action, one, two, coupon)
        self.counted |= {sub.id for sub in self.subs if counting(sub, self.counted)}

    def _change(self, sub: Subscription, action: str, one: int, two: int, coupon: Record) -> None:
        item = sub.items[two % len(sub.items)]
        fitting = [price for price in self.prices if price.fields["currency"] == sub.fields["currency"]]
        price = fitting[two % len(fitting)]
        if action == "cancel":
            sub.cancel(lag=one % 2)
        elif action == "renew":
            sub.renew()
        elif action == "bill":
            usage = {held.price: float(two) for held in sub.items if held.quantity is None}
            self.invoices.append(bill(sub, usage, hours=one % 2))
        else:
            with sub.updated():
                self._edit(sub, item, action, price * (one % 5), coupon)

    def _edit(self, sub: Subscription, item: Item, action: str, line: Line, coupon: Record) -> None:
        number = line.quantity or 0
        pause = PAUSES[number % len(PAUSES)]
        status = STATUSES[(number + self.coupons.index(coupon)) % len(STATUSES)]
        {
            "seats": lambda: item.quantity is None or item.hold(item.price * number),
            "swap": lambda: item.hold(line),
            "add": lambda: sub.put(line),
            "replace": lambda: (sub.put(line), sub.items.remove(item)),
            "remove": lambda: len(sub.items) > 1 and sub.items.remove(item),
            "status": lambda: sub.fields.update(status=status),
            "pause": lambda: sub.fields.update(pause_collection=pause and {"behavior": pause, "resumes_at": None}),
            "discount": lambda: sub.grant(coupon),
            "item discount": lambda: item.grant(coupon),
            "undiscount": sub.discounts.clear,
            "note": lambda: sub.fields.update(metadata={"note": str(number)}),
        }[action]()

    def _ends(self) -> list[int]:
        return [one.fields["end"] for one in self.story.discounts.values() if one.fields["end"]]

    def worth(self, at: int = FOREVER) -> dict[str, int]:
        """Return the customer's MRR by currency as things stand, with the discounts in force at ``at``; no usage."""
        total: dict[str, int] = {}
        for sub in self.subs:
            if counting(sub, self.counted):
                for item in sub.items:
                    code = sub.fields["currency"]
                    total[code] = total.get(code, 0) + self._worth(sub, item, at)
        return {code: amount for code, amount in total.items() if amount}

    def _worth(self, sub: Subscription, item: Item, at: int) -> int:
        recurring = item.price.fields["recurring"]
        months = recurring["interval_count"] * {"month": 1, "year": 12}[recurring["interval"]]
        amount = Fraction(item.price.fields["unit_amount"] * (item.quantity or 0), months)
        customers = self.story.customer.fields["discount"]
        own = [name for name in sub.discounts if self._in_force(name, at)]
        for name in [*item.discounts, *(own or ([customers["id"]] if customers else []))]:
            amount *= 1 - self._share(self._coupon(name), item.price.product) * self._in_force(name, at)
        return round(amount)

    def _in_force(self, discount: str, at: int) -> bool:
        end = self.story.discounts[discount].fields["end"]
        return end is None or at < end

    def _coupon(self, discount: str) -> Record:
        told = self.story.discounts[discount].fields
        name = told["source"]["coupon"] if "source" in told else told["coupon"]["id"]
        return next(one for one in self.coupons if one.id == name)

    def _share(self, coupon: Record, product: str) -> Fraction:
        limited = coupon.extra.get("applies_to")
        if coupon.fields["duration"] == "once" or (limited and product not in limited["products"]):
            return Fraction(0)
        return Fraction(coupon.fields["percent_off"], 100)


def counting(sub: Subscription, counted: set[str]) -> bool:
    """Say whether a subscription counts: by its status, its collection pause, and a trial laid over."""
    pause = sub.fields["pause_collection"] or {}
    if pause.get("behavior") in ("void", "mark_uncollectible"):
        return False
    status = sub.fields["status"]
    return status in ("active", "past_due") or (status == "trialing" and sub.id in counted)


Step = tuple[int, str, int, int]


def lived(shape: str, steps: Sequence[Step], *, metered: bool = False) -> Life:
    """Let the steps happen in an account of that shape."""
    life = Life(Story(shape))
    life.furnish(metered=metered)
    life.story.at("2026-01-10 12:00")
    for step in steps:
        life.step(*step)
    return life


@st.composite
def steps(draw: st.DrawFn, *, most: int, metered: bool = False, actions: Sequence[str] | None = None) -> list[Step]:
    """Draw the steps of a life, with gaps that make groups, seconds and months; ``actions`` are all that happens."""
    small = st.integers(0, 23)
    happening = st.sampled_from(actions or (USAGE if metered else ACTIONS))
    later = st.lists(st.tuples(st.sampled_from(GAPS), happening, small, small), max_size=most)
    return [(0, "subscribe", draw(small), draw(small)), *draw(later)]
