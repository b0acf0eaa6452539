"""What the year at Lumen Kites comes to, whatever the day: every kind of movement, and a busy last week."""

from collections import Counter
from datetime import date

import pytest

from upswell.configuration.config import load
from upswell.core.kinds import KINDS
from upswell.intake.applying import apply_pending
from upswell.store import books, events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe import lumen_kites
from upswell_connectors.fake_stripe.delivery import as_it_happens, bodies
from upswell_connectors.fake_stripe.ids import Chance
from upswell_connectors.fake_stripe.lumen_kites.days import DAY, Calendar
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.stripe_api import StripeApi

_CONFIG = """
[stripe]
api_base = "{}"
[rules.sales]
keys = ["sales_rep"]
"""


@pytest.fixture(scope="module", params=["2026-11-16", "2027-03-07"])
def told(request, tmp_path_factory):
    """The calendar of a year, and its movements with the customers' names."""
    folder, today = tmp_path_factory.mktemp("story"), date.fromisoformat(request.param)
    account = lumen_kites.year(today)
    path = folder / "config.toml"
    with serving(account) as api, Ledger(folder / "ledger.db", create=True, checkpoints=True) as ledger:
        path.write_text(_CONFIG.format(api))
        config = load(path, {"STRIPE_API_KEY": "sk_test_story"})
        sent = as_it_happens(list(bodies(account.events)), Chance("story"), within=40)
        events.accept(ledger, [events.envelope(body) for body in sent])
        done = apply_pending(ledger, config.rules, StripeApi(config.stripe))
        movements = books.movements(ledger, until=Calendar(today).last + 1)
        names = books.names(ledger, {movement.customer for movement in movements})
    assert (done.waiting, done.failed, done.reasons) == (0, 0, ())
    return Calendar(today), [(names[movement.customer], movement) for movement in movements]


def life(told, name):
    """Return kind, driver and amount of each of one customer's movements."""
    return [(movement.kind, movement.driver, movement.amount) for who, movement in told[1] if who == name]


def test_every_kind_occurs(told):
    """In the year every kind of movement occurs, and all but a change of term in the last week."""
    calendar, movements = told
    in_week = {m.kind for _, m in movements if calendar.monday <= m.occurred_at < calendar.monday + 7 * DAY}
    assert {movement.kind for _, movement in movements} == set(KINDS)
    assert set(KINDS) - {"term_change"} <= in_week


def test_the_last_week_is_the_busiest(told):
    """No earlier week brought as much expansion as the last complete one."""
    calendar, movements = told
    weeks = Counter()
    for _, movement in movements:
        if movement.group == "expansion" and movement.currency == "usd":
            weeks[(movement.occurred_at - calendar.monday) // (7 * DAY)] += movement.amount
    assert weeks.most_common(1)[0][0] == 0
    assert weeks[0] > 100_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Marigold's Submarine Kites",
            [("new", "plan", 2_900), ("upgrade", "plan", 1_900)],
        ),
        ("The Reluctant Zeppelin", [("new", "status", 2_900), ("churn", "plan", -2_900)]),
        (
            "Seventeen Owls Ltd",
            [
                ("new", "status", 6_000),
                ("add_on", "add_on", 4_900),
                ("price_change", "price", 1_200),
                ("downgrade", "add_on", -4_900),
            ],
        ),
        (
            "Umbrella Repair of Atlantis",
            [
                ("new", "status", 20_000),
                ("add_on", "add_on", 5_000),
                ("downgrade", "status", -20_000),
                ("reactivation", "status", 20_000),
            ],
        ),
        ("The Perpendicular Circus", [("new", "status", 2_900), ("upgrade", "plan", 4_300)]),
        (
            "Lighthouse Number Nine",
            [
                ("new", "status", 7_000),
                ("price_change", "price", 1_400),
                ("churn", "status", -8_400),
                ("reactivation", "status", 10_800),
            ],
        ),
        (
            "Annual Eclipse Society",
            [("new", "status", 5_000), ("price_change", "price", 1_000), ("term_change", "term", -1_000)],
        ),
        (
            "Dawn Chorus Deliveries",
            [("new", "status", 4_000), ("discount", "discount", 4_000), ("price_change", "price", 1_600)],
        ),
        (
            "Nearly Weightless",
            [("new", "status", 2_900), ("discount", "discount", -2_900), ("churn", "status", 0)],
        ),
        (
            "Seven League Socks",
            [("new", "status", 10_800), ("upgrade", "plan", 11_700), ("seat", "seats", 8_300)],
        ),
        ("Hither and Thither", [("new", "status", 5_000), ("price_change", "price", 1_000)]),
        ("Das Letzte Luftschiff", [("new", "status", 13_200), ("add_on", "add_on", 4_500)]),
        ("Bureau of Upward Affairs", [("new", "status", 52_800)]),
    ],
)
def test_each_episode_is_what_the_rule_book_says(told, name, expected):
    """The scripted lives give exactly the movements that were meant, by kind, driver and amount."""
    assert life(told, name) == expected


def test_a_new_price_is_no_expansion(told):
    """Whoever was moved to a new price has a price change by the merchant for it, and no upgrade."""
    calendar, movements = told
    moved = [m for _, m in movements if m.kind == "price_change" and m.occurred_at >= calendar.monday]
    assert len(moved) >= 5
    assert {(m.amount, m.origin) for m in moved} == {(500, "merchant")}
    assert not [m for _, m in movements if m.kind == "upgrade" and m.product_from == m.product_to]
