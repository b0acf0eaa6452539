"""Many plain customers, for benchmarks and for trying things: the same number gives the same account."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from upswell_connectors.fake_stripe import billing, catalogue, changes, coupons, customers, subscriptions
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.ids import Chance
from upswell_connectors.fake_stripe.subscriptions import Terms, Wanted
from upswell_connectors.fake_stripe.values import Subscription, Tier

MONTHS = 25
"""For how many months customers have been coming, if not told: ten customers then have had a hundred invoices."""

_MONTH = 30 * billing.DAY
_TURNS_MOST = 3
_PLANS = ("flat", "seats", "seats", "volume", "yearly")

Shop = dict[str, str]
Turn = Callable[[Account, Shop, Subscription, Chance], object]


def crowd(size: int, *, until: int, months: int = MONTHS, events: int = 0, seed: str = "crowd") -> Account:
    """Return an account at ``until`` (unix seconds UTC) that ``size`` customers came to in the months before, evenly.

    Each has one subscription, and now and then changes seats or plan, gets a coupon, pauses, does not pay or leaves.
    Of the last ``events`` days the events are recorded; they take far more room than the objects.
    """
    account = Account(seed=seed, now=until - months * _MONTH)
    account.recording = events * billing.DAY >= months * _MONTH
    shop = _open(account)
    if events:
        account.at(until - events * billing.DAY, partial(_record, account))
    with _uncollected():
        for number in range(size):
            arrival = account.now + months * _MONTH * number // size
            account.at(arrival, partial(_arrive, account, shop, number, until), asked=True)
        account.advance(until)
    _record(account)
    return account


def _record(account: Account) -> None:
    account.recording = True


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: there are no cycles among millions of values, and looking takes minutes."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def _open(account: Account) -> Shop:
    basic, team, scale = (catalogue.add_product(account, name) for name in ("Basic", "Team", "Scale"))
    calls = catalogue.add_product(account, "Calls", metadata={"upswell_role": "add_on"})
    meter = catalogue.add_meter(account, "Calls", "call")
    catalogue.add_coupon(account, "QUARTER", "A quarter off for three months", "repeating", months=3, percent_off="25")
    catalogue.add_coupon(account, "FIVE", "Five off", "forever", amount_off=500, currency="usd")
    tiers = (Tier(10, "2400"), Tier(50, "2100"), Tier(None, "1800"))
    price = partial(catalogue.add_price, account, currency="usd")
    return {
        "flat": price(basic, unit_amount="2900"),
        "seats": price(team, unit_amount="1200"),
        "yearly": price(team, unit_amount="13200", interval="year"),
        "volume": price(scale, tiers=tiers, tiers_mode="volume"),
        "calls": price(calls, unit_amount="0.25", meter=meter),
    }


def _arrive(account: Account, shop: Shop, number: int, until: int) -> None:
    chance = Chance(f"crowd/{number}")
    plan = chance.choose(_PLANS)
    customer = customers.add_customer(account, f"Customer {number:06d}", f"billing@customer-{number:06d}.example")
    wanted = [Wanted(shop[plan], 1 if plan == "flat" else chance.between(2, 30))]
    if plan == "volume" and chance.percent(30):
        wanted.append(Wanted(shop["calls"], None))
    terms = Terms(trial_days=14 if chance.percent(20) else 0, coupon="QUARTER" if chance.percent(8) else None)
    made = subscriptions.subscribe(account, customer, wanted, terms)
    for _ in range(chance.below(_TURNS_MOST + 1)):
        when = account.now + billing.DAY + chance.below(max(until - account.now, 1))
        account.at(when, partial(_turn, account, shop, made, chance), asked=True)


def _turn(account: Account, shop: Shop, id_: str, chance: Chance) -> None:
    """Let one of the turns happen to a subscription that runs."""
    found = account.store.subscriptions[id_]
    if found.status == "active" and found.cancel_at is None and found.pause is None:
        chance.choose(_TURNS)(account, shop, found, chance)


def _seats(account: Account, _shop: Shop, found: Subscription, chance: Chance) -> None:
    quantity = (found.items[0].quantity or 0) + chance.between(-1, 4)
    prorate = chance.choose(("create_prorations", "create_prorations", "always_invoice", "none"))
    changes.change(account, found.id, [Change(found.items[0].id, quantity=max(quantity, 1))], prorate=prorate)


def _up(account: Account, shop: Shop, found: Subscription, _chance: Chance) -> None:
    to = {shop["flat"]: "seats", shop["seats"]: "volume"}.get(found.items[0].price)
    if to is not None:
        changes.change(account, found.id, [Change(found.items[0].id, shop[to])], prorate="always_invoice")


def _coupon(account: Account, _shop: Shop, found: Subscription, _chance: Chance) -> None:
    coupons.apply(account, "FIVE", found.id)


def _leave(account: Account, _shop: Shop, found: Subscription, _chance: Chance) -> None:
    subscriptions.cancel_at_period_end(account, found.id)


def _pause(account: Account, _shop: Shop, found: Subscription, _chance: Chance) -> None:
    subscriptions.pause_collection(account, found.id, "void", account.now + 45 * billing.DAY)


def _use(account: Account, shop: Shop, found: Subscription, chance: Chance) -> None:
    for item in found.items:
        if item.price == shop["calls"]:
            subscriptions.use(account, item.id, chance.between(1_000, 90_000))


def _fail(account: Account, _shop: Shop, found: Subscription, _chance: Chance) -> None:
    billing.decline(account, found.customer)


_TURNS: Sequence[Turn] = (*(4 * (_seats,)), *(2 * (_up,)), _coupon, _leave, _pause, *(2 * (_use,)), _fail)
