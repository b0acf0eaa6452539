"""A few scenarios through the command line: the same lines as the functions behind it give."""

import json
from pathlib import Path

from scenarios.invoices import bill
from scenarios.runner import by_command, replayed, run, shuffled
from scenarios.story import Story, told
from scenarios.streams import SHAPES

FIELDS = [
    *("id", "occurred_at", "customer", "subscription", "item", "kind", "driver", "amount", "currency"),
    *("mrr_before", "mrr_after", "product_from", "product_to", "price_from", "price_to"),
    *("quantity_from", "quantity_to", "source", "cause", "origin", "reason"),
]


def lived(shape: str) -> Story:
    """Return a life with most kinds of movement in it."""
    story = Story(shape)
    pro, enterprise, reports = story.price("Pro", 10), story.price("Enterprise", 20), story.price("Reports", 20)
    calls, fifth = story.price("Calls", 0.01, metered=True), story.coupon(percent=20, months=12)
    story.at("2026-01-15 12:00")
    sub = story.subscribe(pro * 5, calls)
    story.expect("new", 50)
    story.at("2026-02-15 12:00")
    sub.renew()
    bill(sub, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-02-20 12:00")
    with sub.updated():
        sub.item(pro).hold(enterprise * 8)
        sub.put(reports)
    story.expect("upgrade", 50)
    story.expect("seat", 60)
    story.expect("add_on", 20)
    story.at("2026-03-01 12:00")
    sub.discount(fifth)
    story.expect("discount", -32)
    story.expect("discount", -6)
    story.expect("discount", -4)
    story.at("2026-04-01 12:00")
    sub.cancel()
    story.expect("churn", -168)
    return story


def test_the_command_prints_what_the_rule_book_says(tmp_path: Path) -> None:
    """A movement names customer, subscription and item, its time, amount, currency, and the customer's MRR before and after.

    It names product, price and quantity from and to, its source, its cause, its origin and its reason.
    """
    for shape in SHAPES:
        story, folder = lived(shape), tmp_path / shape
        folder.mkdir()
        half = len(story.events) // 2
        mixed = shuffled(story.events, 7)
        printed = by_command([mixed[:half], mixed[half:], mixed], folder)
        story.judge(printed, shape)
        objects = [json.loads(line) for line in printed]
        assert [list(one) for one in objects] == [FIELDS] * len(objects)
        assert objects == [json.loads(line) for line in replayed([story.events])]


def test_the_life_of_the_command_in_every_order(story: Story) -> None:
    """Applying the same events in any order, any number of times, gives the same ledger."""
    told_life = lived(story.shape)
    told_life.check()
    assert told(told_life.expected[0].fields) == "new +50.00 usd"


def test_reclassifying_changes_nothing(tmp_path: Path) -> None:
    """Movements may be thrown away and computed again at any time, with the same result, byte for byte."""
    story = lived("endive")
    printed = by_command([story.events], tmp_path)
    again = by_command([story.events], tmp_path)
    assert again == printed
    assert run(tmp_path, "movements", "--format", "jsonl", "--until", "2100-01-01").splitlines() == list(printed)


def test_readers_cut_at_the_instant_they_report_on(tmp_path: Path) -> None:
    """`--since` is inclusive, `--until` exclusive."""
    story = lived("basil")
    by_command([story.events], tmp_path)
    printed = run(tmp_path, "movements", "--format", "jsonl", "--since", "2026-02-15", "--until", "2026-03-01")
    assert [json.loads(line)["kind"] for line in printed.splitlines()] == ["new", "upgrade", "seat", "add_on"]
