"""The best offer through the ledger: plans that others hold, or nobody yet, told of by their own events."""

import json
from pathlib import Path

import pytest
import time_machine
from booked import at
from cli.conftest import upswell
from scenarios.invoices import bill
from scenarios.story import Story

__all__ = ["upswell"]

OFFER = "three months of overage averaged 64.00; Scale costs 40.00 more"


def billed(**scale):
    """Return the story of a Pro whose calls were billed 60, 64 and 68, and of a Scale with this metadata."""
    story = Story("endive")
    story.product("Scale", **scale)
    calls = story.price("Calls", 0.01, metered=True)
    pro = story.price("Pro", 50)
    story.scale = story.price("Scale", 90)
    story.pro = pro
    story.at("2026-01-01 00:00")
    sub = story.subscribe(pro * 1, calls)
    for month, units in (("02", 60), ("03", 64), ("04", 68)):
        story.at(f"2026-{month}-01 00:00")
        sub.renew()
        bill(sub, {calls: units})
    return story


def offers(upswell, story, settings=""):
    """Return the evidence of higher plans that are cheaper, on April 3."""
    Path("config.toml").write_text(settings)
    Path("events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in story.events))
    assert upswell("replay", "events.jsonl").code == 0
    with time_machine.travel(at("2026-04-03"), tick=False):
        found = json.loads(upswell("signals", "--format", "json").out)
    return [one["evidence"] for customer in found for one in customer["signals"] if one["signal"] == "cheaper_plan"]


@pytest.fixture
def families():
    """Give the configuration that says which plans Pro and Scale are."""
    return '[rules.families]\nprod_Pro = "pro"\nprod_Scale = "scale"\n'


def test_a_plan_that_nobody_holds_is_offered_where_it_is_declared(upswell, families):
    """The configuration names both plans, and Scale's metadata say how much it includes."""
    assert offers(upswell, billed(upswell_limit="10000"), families) == [OFFER]


def test_plans_may_be_declared_by_metadata(upswell):
    """``upswell_plan`` of the products says the same as the configuration."""
    story = billed(upswell_limit="10000", upswell_plan="scale")
    story.products["Pro"].change(metadata={"upswell_plan": "pro"})
    assert offers(upswell, story) == [OFFER]


def test_a_plan_that_nobody_declared_is_not_offered(upswell):
    """That it is dearer and includes more does not make it the plan above this one."""
    assert offers(upswell, billed(upswell_limit="10000")) == []


def test_an_archived_plan_is_not_offered(upswell, families):
    """What cannot be bought any more is no offer."""
    story = billed(upswell_limit="10000")
    story.scale.change(active=False)
    assert offers(upswell, story, families) == []
