"""upswell explain: every movement can be asked why, and so can a customer."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from cli.conftest import Terminal
from explain.conftest import asked, feed, lived
from scenarios.story import Story

from upswell.core.kinds import DRIVERS, KINDS


def plain(shown: str) -> str:
    """Return what a terminal shows, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def sums(held) -> dict[str, int]:
    """Return the MRR of what is held, by currency."""
    found: dict[str, int] = {}
    for one in held:
        found[one["currency"]] = found.get(one["currency"], 0) + one["mrr"]
    return found


def test_the_life_has_every_kind_and_driver(movements) -> None:
    """What is asked below is asked of every kind of movement, seen and inferred."""
    assert {movement["kind"] for movement in movements} == set(KINDS)
    assert {movement["driver"] for movement in movements} == set(DRIVERS)
    assert {movement["source"] for movement in movements} == {"observed", "reconstructed"}


def test_the_steps_add_up(upswell, movements) -> None:
    """Steps lead from what was held before to what is held after, each from where the last ended."""
    for movement in movements:
        told = asked(upswell, movement["id"])["explanation"]
        total = sums(told["before"]).get("usd", 0)
        for step in told["steps"]:
            total += step["amount"]
            assert step["total"] == total, movement["reason"]
        assert sums(told["after"]).get("usd", 0) == total


def test_a_movements_own_steps_are_its_amount(upswell, movements) -> None:
    """Those of its group's steps that make the movement are marked, and add up to it."""
    for movement in movements:
        told = asked(upswell, movement["id"])["explanation"]
        assert told["movement"] == movement
        assert sum(step["amount"] for step in told["steps"] if step["own"]) == movement["amount"]


def test_netted_steps_belong_together(upswell) -> None:
    """Seats that move from one subscription to another are steps of one movement, all of them its own."""
    story = Story("endive")
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro * 5), story.subscribe(pro * 2)
    story.at("2026-02-10 12:00")
    first.seats(pro, 1)
    second.seats(pro, 9)
    (_, seats) = feed(upswell, story)
    steps = asked(upswell, seats["id"])["explanation"]["steps"]
    assert [(step["amount"], step["own"]) for step in steps] == [(-4000, True), (7000, True)]


def test_alike_steps_are_told_apart(upswell) -> None:
    """Two subscriptions to one product that grow together are two movements, each with its own step."""
    story = Story("endive")
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro * 5), story.subscribe(pro * 2)
    story.at("2026-02-10 12:00")
    first.seats(pro, 6)
    second.seats(pro, 3)
    for place, seats in enumerate(feed(upswell, story)[1:]):
        steps = asked(upswell, seats["id"])["explanation"]["steps"]
        assert [step["own"] for step in steps] == [place == 0, place == 1]


def test_the_evidence_is_what_stripe_sent(upswell) -> None:
    """The events and invoices of the group are there as they came, the cause last."""
    story = lived()
    sent = {event["id"]: event for event in story.events}
    for movement in feed(upswell, story):
        evidence = asked(upswell, movement["id"])["evidence"]
        assert evidence[-1]["id"] == movement["cause"]
        for one in evidence:
            assert one["payload"] == sent[one["event"]]
            assert one["type"] == sent[one["event"]]["type"]
            assert one["id"] in (one["event"], one["payload"]["data"]["object"]["id"])


def test_each_name_is_given_a_rule_and_its_settings(upswell, movements) -> None:
    """Which rule named the movement, and with which settings, their values included, it would be otherwise."""
    rules = {}
    for movement in movements:
        told = asked(upswell, movement["id"])["explanation"]
        rules.setdefault(movement["reason"], (told["rule"], told["settings"][0]))
        assert told["settings"][-1] == "[rules] settle_minutes = 60"
    assert rules["Pro for 8 seats: 8 × (12.00 − 10.00) (declared in [[rules.price_change]])"] == (
        "the merchant's own price change: never expansion (declared in [[rules.price_change]])",
        "[[rules.price_change]]: 1",
    )
    assert rules["Calls: first billed usage, 30.00 a month"] == (
        "an item's first usage figure is of the kind that brought the item",
        '[rules] usage = "include"',
    )
    assert rules["Reports × 2 added: 2 × 20.00"][1] == "[rules.roles]: none"


def test_json_has_the_documented_keys(upswell, movements) -> None:
    """The keys of both forms are an interface, and the reference names each of them."""
    derivation, timeline = asked(upswell, movements[0]["id"]), asked(upswell, "cus_1")
    assert list(derivation) == ["name", "scheduled", "explanation", "evidence", "posted"]
    explanation = derivation["explanation"]
    assert list(explanation) == ["movement", "before", "after", "steps", "rule", "settings", "evidence"]
    assert list(explanation["after"][0]) == [
        *("name", "item", "subscription", "price", "quantity", "currency"),
        *("terms", "before_discounts", "discounts", "mrr"),
    ]
    assert list(explanation["steps"][0]) == ["part", "position", "amount", "currency", "total", "own"]
    assert list(derivation["evidence"][0]) == ["id", "event", "type", "at", "payload", "lines"]
    assert list(timeline) == ["customer", "name", "mrr", "moments", "restated"]
    assert list(timeline["moments"][0]) == ["movements", "scheduled", "held"]
    reference = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
    section = reference.split("### upswell explain\n")[1].split("\n### ")[0]
    (usage, *_) = (movement for movement in movements if movement["driver"] == "usage")
    (line,) = asked(upswell, usage["id"])["evidence"][-1]["lines"]
    assert list(line) == ["amount", "currency", "period_start", "period_end", "voided"]
    shown = (explanation["after"][0], explanation["steps"][0], derivation["evidence"][0], line)
    for part in (derivation, explanation, *shown):
        assert [key for key in part if f"`{key}`" not in section] == []
    assert [key for key in (*timeline, *timeline["moments"][0]) if f"`{key}`" not in section] == []


def test_a_customers_timeline_is_all_its_movements(upswell, movements) -> None:
    """Each movement once, oldest first; what is held after each moment adds up to the MRR after it."""
    told = asked(upswell, "cus_1")
    assert (told["customer"], told["name"], told["mrr"]) == ("cus_1", "Tiny Telescopes", {"usd": 0})
    assert [movement for moment in told["moments"] for movement in moment["movements"]] == movements
    for moment in told["moments"]:
        assert sums(moment["held"]).get("usd", 0) == moment["movements"][-1]["mrr_after"]


def test_both_forms_are_the_same_twice(upswell, movements) -> None:
    """Asking again gives the same bytes."""
    for who in (movements[6]["id"], "cus_1"):
        for form in ("text", "json"):
            assert upswell("explain", who, "--format", form) == upswell("explain", who, "--format", form)


def test_a_movement_is_read_from_top_to_bottom(upswell, movements) -> None:
    """What moved, whose, when and why; before, after, the walk; rule, who, evidence. Piped, it is plain text."""
    (upgrade,) = (movement for movement in movements if movement["kind"] == "upgrade")
    assert upswell("explain", upgrade["id"]).out == (
        f"""\
upgrade  +$64.00 a month
Tiny Telescopes  ·  cus_1  ·  2026-04-24 12:00 UTC
Pro → Enterprise for 8 seats: 8 × (20.00 − 12.00)

Held before
  position  price                  MRR  item
  Pro × 8   12.00 a month each  $96.00  {upgrade["item"]}
  Calls     billed usage        $25.00  si_023

Held after
  position         price                   MRR  item
  Enterprise × 10  20.00 a month each  $200.00  {upgrade["item"]}
  Calls            billed usage         $25.00  si_023

From before to after
  step                        position                           change      MRR
  before                                                                 $121.00
  price, at the old quantity  Pro × 8 → Enterprise × 8          +$64.00  $185.00  ← this movement
  quantity                    Enterprise × 8 → Enterprise × 10  +$40.00  $225.00

Why it is named so
  one plan was swapped for another (neither declared nor shown to be a price change)
  set by [[rules.price_change]]: 1, [rules.families]: none, [rules] settle_minutes = 60

Who moved
  the customer

Known from
  {upgrade["cause"]}  customer.subscription.updated, 2026-04-24 12:00
  `--format json` shows them as Stripe sent them
"""
    )


def test_a_timeline_is_read_from_top_to_bottom(upswell, movements) -> None:
    """Who it is and what it pays; then each moment with its movements, and what was held after it."""
    shown = upswell("explain", "cus_1").out
    assert shown.startswith(
        "Tiny Telescopes  ·  cus_1  ·  times in UTC\nPays nothing a month now.\n\n2026-01-15 12:00  seen in evt_"
    )
    assert "\n  new  +$50.00  $0.00 → $50.00  Starts with Pro × 5, Calls: 50.00 a month\n" in shown
    assert "\n  holds Pro × 5 at $50.00, Calls at $0.00\n" in shown
    assert shown.endswith("122.40 a month\n  holds nothing\n")
    assert all(movement["reason"] in shown for movement in movements)


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(upswell, movements, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """No line is longer than the terminal, amounts and ids are never broken, and expansion is green."""
    for movement in movements:
        screen = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("rich.console.Console.width", property(lambda _: columns))
            shown = upswell("explain", movement["id"], screen=screen).out
        lines = plain(shown).splitlines()
        assert max(map(len, lines)) <= columns
        assert movement["item"] in plain(shown)
        assert movement["cause"] in plain(shown)
    screen = Terminal()
    assert "\x1b[32m" in upswell("explain", "cus_1", screen=screen).out


def test_piped_there_is_no_colour(upswell, movements) -> None:
    """Neither form holds control characters where it is no terminal's."""
    for who in (movements[0]["id"], "cus_1"):
        assert "\x1b" not in upswell("explain", who).out


def test_what_is_inferred_says_so(upswell, movements) -> None:
    """A movement that no event told of says that it is inferred, and from what."""
    (inferred,) = (movement for movement in movements if movement["source"] == "reconstructed")
    shown = upswell("explain", inferred["id"]).out
    assert f"No event told of this change itself: it is inferred from what these show.\n  {inferred['cause']}" in shown
    timeline = upswell("explain", "cus_1").out
    assert timeline.count(f"2026-05-06 12:00  inferred from {inferred['cause']}\n") == 1
    assert timeline.count("inferred from") == 1


def test_what_lies_ahead_says_so(upswell) -> None:
    """The known end of a discount is scheduled until its date, and not part of what is paid now."""
    story = Story("endive")
    pro, fifth = story.price("Pro", 10), story.coupon(percent=20, months=3)
    story.at("2026-01-10 12:00")
    story.subscribe(pro * 5, coupons=[fifth])
    _, ends = feed(upswell, story)
    with time_machine.travel("2026-03-01T00:00:00Z", tick=False):
        assert asked(upswell, "cus_1")["mrr"] == {"usd": 4000}
        assert [moment["scheduled"] for moment in asked(upswell, "cus_1")["moments"]] == [False, True]
        assert "Pays $40.00 a month now." in upswell("explain", "cus_1").out
        assert "2026-04-10 12:00  scheduled" in upswell("explain", "cus_1").out
        assert "2026-04-10 12:00 UTC (scheduled)" in upswell("explain", ends["id"]).out
    with time_machine.travel("2026-04-10T12:00:00Z", tick=False):
        assert asked(upswell, "cus_1")["mrr"] == {"usd": 5000}
        assert "scheduled" not in upswell("explain", ends["id"]).out


def test_times_are_those_of_the_report(upswell, movements) -> None:
    """People read their own clock; JSON stays in UTC."""
    text = Path("config.toml").read_text()
    Path("config.toml").write_text(f'[report]\ntimezone = "Asia/Tokyo"\n{text}')
    assert "2026-01-15 21:00" in upswell("explain", movements[0]["id"]).out
    assert asked(upswell, movements[0]["id"])["explanation"]["movement"]["occurred_at"] == "2026-01-15T12:00:00Z"


@pytest.mark.parametrize("who", ["cus_9", "mov_9", "", "' OR 1=1 --"])
def test_an_unknown_id_is_one_sentence(upswell, movements, who: str) -> None:
    """What is neither a customer nor a movement ends with exit code 1 and what to do."""
    said = f"The ledger upswell.db knows no customer and no movement {who}: take an id from `upswell movements`\n"
    assert upswell("explain", who) == (1, "", said)


def test_a_customer_without_mrr_is_known(upswell) -> None:
    """A customer that never subscribed has a timeline of nothing, and is no error."""
    feed(upswell, Story("endive"))
    assert upswell("explain", "cus_1") == (0, "cus_1  ·  cus_1  ·  times in UTC\nHas had no MRR so far.\n", "")


def test_a_joined_customer_is_found_by_either_id(upswell) -> None:
    """Where `customer_key` joins Stripe customers, each of their ids leads to the one timeline."""
    story = Story("endive")
    pro = story.price("Pro", 10)
    story.settings = '[rules]\ncustomer_key = "metadata.team"\n'
    second = story.join("cus_2", team="tilt")
    story.at("2026-01-10 12:00")
    story.subscribe(pro, customer=second)
    feed(upswell, story)
    assert asked(upswell, "cus_2") == asked(upswell, "tilt")
    assert asked(upswell, "tilt")["customer"] == "tilt"


@pytest.mark.parametrize(
    "name", ["Tilt\x1b[2J\nInc", "[bold]Tilt[/bold] " + "and Sons " * 40, "観覧車 🎡\u202e ", "<b>&"]
)
def test_odd_names_are_safe(upswell, name: str) -> None:
    """Control characters, markup, other scripts and very long names neither break the lines nor drive the terminal."""
    story = Story("endive")
    story.customer.change(name=name)
    story.product("Pro")
    story.products["Pro"].change(name=name)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 10) * 3)
    (new,) = feed(upswell, story)
    for who in (new["id"], "cus_1"):
        shown = upswell("explain", who).out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", shown)
        assert re.split(r"\s|\x1b", name, maxsplit=1)[0] in shown
        assert upswell("explain", who, screen=Terminal()).code == 0
    assert asked(upswell, new["id"])["name"] == name


def test_a_movement_of_other_rules_is_told_apart(upswell, movements) -> None:
    """Where the rules changed and nothing was rebuilt yet, that is said instead of explaining what would be."""
    Path("config.toml").write_text("")
    (price,) = (movement for movement in movements if movement["kind"] == "price_change")
    ended = upswell("explain", price["id"])
    assert (ended.code, ended.out) == (1, "")
    said = f"The movement {price['id']} was made under other rules: run `upswell reclassify` to rebuild all"
    assert ended.err == f"{said}, and look again\n"


def test_customers_of_two_currencies_add_up_in_each(upswell) -> None:
    """A switch of currency is a walk in both: each starts at what was held in it."""
    story = Story("endive")
    dollars, euros = story.price("Pro", 10), story.price("Pro", 9, currency="eur")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(dollars * 2)
    story.at("2026-02-10 12:00")
    with sub.updated(currency="eur"):
        sub.item(dollars).hold(euros * 2)
    _, *moved = feed(upswell, story)
    for movement in moved:
        shown = upswell("explain", movement["id"]).out
        assert [line.split()[1] for line in shown.splitlines() if line.startswith("  before ")] == ["€0.00", "$20.00"]
        steps = asked(upswell, movement["id"])["explanation"]["steps"]
        assert {step["currency"]: step["total"] for step in steps} == {"usd": 0, "eur": 1800}
        assert [step["currency"] for step in steps if step["own"]] == [movement["currency"]]
    assert "Pays €18.00 a month now." in upswell("explain", "cus_1").out


@pytest.mark.parametrize(
    ("price", "terms", "full"),
    [
        ({"amount": 120, "every": "year"}, "120.00 a year each", 3000),
        ({"amount": 30, "every": "3 month"}, "30.00 every 3 months each", 3000),
        ({"amount": 5, "divide": (2, "up")}, "5.00 a month per 2", 1000),
        (
            {"tiers": [(2, 10, None), (None, 5, None)], "mode": "graduated"},
            "2 × 10.00 + 1 × 5.00 a month (graduated tiers)",
            2500,
        ),
        ({"tiers": [(2, 10, 1), (None, 5, 4)], "mode": "volume"}, "3 × 5.00 + 4.00 flat a month (volume tiers)", 1900),
        ({"amount": "0.005"}, "0.005 a month each", 2),
    ],
)
def test_the_price_is_said_as_it_asks(upswell, price, terms: str, full: int) -> None:
    """What a position costs can be followed from its price: per unit, in packs, by tiers, at any interval."""
    story = Story("endive")
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", **price) * 3)
    (new,) = feed(upswell, story)
    (held,) = asked(upswell, new["id"])["explanation"]["after"]
    assert (held["terms"], held["before_discounts"]) == (terms, full)


def test_a_discount_is_called_by_its_coupons_name(upswell) -> None:
    """Who reads it to a customer can say which offer it was."""
    story = Story("endive")
    pro, launch = story.price("Pro", 100), story.coupon(percent=20, name="Launch offer")
    story.at("2026-01-10 12:00")
    story.subscribe(pro, coupons=[launch, story.coupon(off=5)])
    (new,) = feed(upswell, story)
    (held,) = asked(upswell, new["id"])["explanation"]["after"]
    assert held["discounts"] == "20 % off (Launch offer) and 5.00 off (coupon_7)"


def test_what_ran_out_says_so(upswell) -> None:
    """A discount that ran out names the event that brought it, months before, and why."""
    story = Story("endive")
    pro, launch = story.price("Pro", 100), story.coupon(percent=20, months=2)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[launch])
    story.at("2026-04-10 12:00")
    sub.seats(pro, 2)
    told = [asked(upswell, movement["id"])["explanation"]["rule"] for movement in feed(upswell, story)]
    assert ["it ran out at its end date, which was known since it began" in rule for rule in told] == [
        *(False, True, False)
    ]


def test_a_price_change_shows_what_archived_the_old_price(upswell) -> None:
    """The event that archived the old price decided how the change is named, and is among the evidence."""
    story = Story("endive")
    pro, dearer = story.price("Pro", 10), story.price("Pro", 12)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.at("2026-02-10 12:00")
    pro.change(active=False)
    archived = story.events[-1]["id"]
    pro.change(nickname="Old Pro")
    story.at("2026-03-10 12:00")
    sub.swap(pro, dearer)
    (_, change) = feed(upswell, story)
    assert change["kind"] == "price_change"
    assert [one["id"] for one in asked(upswell, change["id"])["evidence"]] == [archived, change["cause"]]


def test_movements_of_one_moment_stand_together(upswell, movements) -> None:
    """A timeline's moments are one after the other, never two of one cause and time."""
    moments = asked(upswell, "cus_1")["moments"]
    times = [(moment["movements"][0]["occurred_at"], moment["movements"][0]["source"]) for moment in moments]
    assert all(earlier != later and earlier[0] <= later[0] for earlier, later in pairwise(times))
    assert json.dumps(moments).count('"id"') == len(movements)
