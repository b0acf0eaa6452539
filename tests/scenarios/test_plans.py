"""What holds for every life with plans in it: any order, the same schedule; and plans change nothing that is counted.

``UPSWELL_DEEP=3000 pytest tests/scenarios/test_plans.py`` looks that much further.
"""

import json
from collections import defaultdict

from hypothesis import given, note

from scenarios.histories import Step
from scenarios.planning import planned, planned_steps
from scenarios.runner import looked_at
from scenarios.story import told
from scenarios.streams import Json, instant
from scenarios.test_properties import MOST, arrivals, patient, seeds, shapes


def without_plans(event: Json) -> Json:
    """Return the event as it would be had nobody planned anything."""
    body = event["data"]["object"]
    if body["object"] == "subscription":
        plain = {"cancel_at": None, "cancel_at_period_end": False, "pending_update": None}
        changed = event["data"].get("previous_attributes")
        data = {"object": body | plain}
        if changed is not None:
            data["previous_attributes"] = {key: value for key, value in changed.items() if key not in plain}
        return event | {"data": data}
    return event


@patient
@given(shapes, planned_steps(most=MOST), seeds)
def test_any_order_gives_the_same_schedule(shape: str, drawn: list[Step], seed: int) -> None:
    """Applying the same events in any order, any number of times, gives the same ledger; what is scheduled included."""
    events = planned(shape, drawn).story.events
    for event in events:
        note(f"{event['created']} {event['id']} {event['type']} {event['data']['object']['id']}")
    first = looked_at([events])
    assert looked_at([events[::-1]]) == first
    assert looked_at(arrivals(events, seed)) == first


@patient
@given(shapes, planned_steps(most=MOST))
def test_plans_change_nothing_that_is_counted(shape: str, drawn: list[Step]) -> None:
    """What is planned is scheduled: it is shown, and never counted."""
    events = planned(shape, drawn).story.events
    counted, ahead = looked_at([events])
    plain = [without_plans(event) for event in events if not event["type"].startswith("subscription_schedule.")]
    note("; ".join(ahead))
    bare = looked_at([plain])
    assert bare == (counted, ())


@patient
@given(shapes, planned_steps(most=MOST))
def test_what_is_scheduled_goes_on_from_what_is_counted(shape: str, drawn: list[Step]) -> None:
    """Scheduled movements lie after all that is known, each adds up, and what is sure is one chain from today's MRR."""
    events = planned(shape, drawn).story.events
    counted, ahead = looked_at([events])
    known: defaultdict[str, list[Json]] = defaultdict(list)
    for event in events:
        if event["type"].startswith(("customer.subscription.", "subscription_schedule.", "invoice.")):
            known[event["data"]["object"]["customer"]].append(event)
    balance: dict[tuple[str, str], int] = {}
    overtaken = {line for line in ahead if not line.startswith("{")}
    scheduled = [json.loads(line) for line in ahead if line.startswith("{")]
    for one in [json.loads(line) for line in counted]:
        if one["id"] not in overtaken:
            balance[one["customer"], one["currency"]] = one["mrr_after"]
    for one in scheduled:
        note(f"{one['occurred_at']} {told(one)} {one['reason']}")
        assert one["id"].startswith("sch_")
        assert instant(one["occurred_at"][:-1]) > max(event["created"] for event in known[one["customer"]])
        assert one["mrr_after"] == one["mrr_before"] + one["amount"]
        if "waits for payment" not in one["reason"]:
            assert one["mrr_before"] == balance.get((one["customer"], one["currency"]), 0), told(one)
            balance[one["customer"], one["currency"]] = one["mrr_after"]
    assert len({one["id"] for one in scheduled}) == len(scheduled)
