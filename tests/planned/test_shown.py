"""What is scheduled is shown by the summary and by explain, until its time, and by nothing that counts."""

import json

import pytest
import time_machine
from planned.conftest import feed
from scenarios.schedules import Schedule, phase

BASIC = "Pro → Basic: 20.00 − 30.00, less 50 %"
WAITS = "Pro → Enterprise: 80.00 − 30.00 (waits for payment until 2026-02-21 11:00 UTC)"


def scheduled(upswell) -> list[tuple[str, str, str, int]]:
    """Return what the running week's summary says is scheduled."""
    told = json.loads(upswell("summary", "--format", "json").out)
    return [(one["at"][:10], one["customer"], one["kind"], one["amount"]) for one in told["scheduled"]]


def asked(upswell, who: str) -> dict:
    """Return what `explain --format json` says of ``who``."""
    return json.loads(upswell("explain", who, "--format", "json").out)


def ahead(upswell, who: str) -> list[dict]:
    """Return the movements of ``who`` that lie ahead."""
    moments = asked(upswell, who)["moments"]
    return [movement for moment in moments if moment["scheduled"] for movement in moment["movements"]]


@pytest.mark.usefixtures("story")
def test_the_summary_lists_what_is_planned_and_counts_none_of_it(upswell) -> None:
    """Its key `scheduled` holds cancellations, phases and pending updates of the next 30 days; no figure moves."""
    told = json.loads(upswell("summary", "--format", "json").out)
    assert told["scheduled"] == [
        {"at": "2026-02-21T11:00:00Z", "customer": "cus_3", "kind": "upgrade", "amount": 5000, "reason": WAITS},
        {
            "at": "2026-03-03T12:00:00Z",
            "customer": "cus_2",
            "kind": "churn",
            "amount": -6000,
            "reason": "Gone: Pro × 2: 60.00 a month",
        },
        {"at": "2026-03-10T12:00:00Z", "customer": "cus_1", "kind": "downgrade", "amount": -500, "reason": BASIC},
    ]
    assert (told["closing_mrr"], told["churn"], told["contraction"]) == (10500, 0, 0)


@pytest.mark.parametrize("form", ["text", "slack", "html"])
@pytest.mark.usefixtures("story")
def test_every_face_shows_what_is_planned(upswell, form: str) -> None:
    """A pending update says that it waits for a payment, and until when."""
    shown = " ".join(upswell("summary", "--format", form).out.split())
    assert "waits for payment" in shown
    assert "Basic" in shown


@pytest.mark.usefixtures("story")
def test_the_list_of_movements_stays_what_is_counted(upswell) -> None:
    """Planned movements are in no list of `upswell movements`, however far it looks."""
    printed = upswell("movements", "--format", "jsonl", "--until", "2200-01-01").out
    kinds = [json.loads(line)["kind"] for line in printed.splitlines()]
    assert kinds == ["new", "new", "new", "discount"]


@pytest.mark.usefixtures("story")
def test_a_timeline_goes_on_with_what_is_planned(upswell) -> None:
    """Scheduled moments are marked; what plans overtake (a discount's end after the subscription's) is left out."""
    timeline = asked(upswell, "cus_1")
    assert timeline["mrr"] == {"usd": 1500}
    told = [(one["scheduled"], one["movements"][0]["kind"]) for one in timeline["moments"]]
    assert told == [(False, "new"), (True, "downgrade"), (True, "churn")]
    assert [one["held"][0]["mrr"] for one in timeline["moments"][:2]] == [1500, 1000]
    shown = upswell("explain", "cus_1").out
    assert "2026-03-10 12:00  scheduled" in shown
    assert "2026-04-10 12:00  scheduled" in shown
    assert "2026-05-10" not in shown
    assert WAITS in " ".join(upswell("explain", "cus_3").out.split())


def test_a_scheduled_movement_is_explained_like_a_real_one(upswell, story) -> None:
    """Its id leads to what is held before and after, the walk between, and the event that brought the plan."""
    (movement, _) = ahead(upswell, "cus_1")
    told = asked(upswell, movement["id"])
    found = told["explanation"]
    assert told["scheduled"] is True
    assert [one["name"] for one in (*found["before"], *found["after"])] == ["Pro", "Basic"]
    assert [(step["part"], step["amount"]) for step in found["steps"]] == [("price, at the old quantity", -500)]
    assert [one["type"] for one in told["evidence"]] == ["subscription_schedule.created"]
    assert f"2026-03-10 12:00 UTC (scheduled)\n{BASIC}" in upswell("explain", movement["id"]).out


@pytest.mark.usefixtures("story")
def test_readers_cut_at_the_instant_they_report_on(upswell) -> None:
    """A plan whose time has come is scheduled no more, whether its event has come or not."""
    with time_machine.travel("2026-03-03T12:00:00Z", tick=False):
        assert [one[1:3] for one in scheduled(upswell)] == [("cus_1", "downgrade")]
        assert ahead(upswell, "cus_2") == ahead(upswell, "cus_3") == []
    with time_machine.travel("2026-03-25T12:00:00Z", tick=False):
        assert scheduled(upswell) == [("2026-04-10", "cus_1", "churn", -1000)]


def test_a_start_in_another_currency_is_shown_there(upswell, story) -> None:
    """A subscription that is to begin is scheduled in its currency, even where nobody has paid in it yet."""
    euro = story.price("Euro", 9, currency="eur")
    Schedule(story, None, phase("2026-03-01 12:00", "2027-03-01 12:00", euro))
    feed(upswell, story)
    told = json.loads(upswell("summary", "--format", "json").out)
    (begins,) = told["other_currencies"]["eur"]["scheduled"]
    assert (begins["kind"], begins["amount"]) == ("add_on", 900)
    assert told["other_currencies"]["eur"]["closing_mrr"] == 0


def test_who_is_to_begin_has_a_timeline(upswell, story) -> None:
    """A customer of whom only a plan is known pays nothing now."""
    story.join("cus_4")
    Schedule(story, None, phase("2026-03-01 12:00", "2027-03-01 12:00", story.price("Gold", 50)), customer="cus_4")
    feed(upswell, story)
    assert asked(upswell, "cus_4")["mrr"] == {}
    (begins,) = ahead(upswell, "cus_4")
    assert begins["kind"] == "new"
    assert "Pays nothing a month now." in upswell("explain", "cus_4").out
