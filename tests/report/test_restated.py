"""Restatements: what posted summaries said, against what movements say now."""

from dataclasses import replace

import pytest
from booked import at, movements
from summaries import BERLIN, summary

from upswell.report.periods import Week
from upswell.report.restated import Past, Post

BEFORE = "2026-01-01 cus_1 new +10000\n2026-11-03 cus_1 seat +1200"
LATE = BEFORE + "\n2026-11-04 cus_1 seat +300 cause=evt_late reason=10_→_12_seats"
POSTED = at("2026-11-09T08:00")


def posted(text, week="2026-W45", made_at=POSTED, posts=()):
    """Return the post of what ``text`` told when it was made."""
    told = summary(text, week, now=made_at, past=Past(posts))
    return Post(Week.parse(week, BERLIN), made_at, {told.currency: told.figures, **told.other_currencies})


def corrections(text, posts, arrivals=None, week="2026-W46", rules_since=None):
    """Return the restatements in the summary of ``week``."""
    found = summary(text, week, past=Past(posts, arrivals or {}, rules_since)).figures.restated
    return [(again.period, again.kind, again.was, again.now, again.reason) for again in found]


def test_nothing_changed_is_nothing_to_restate():
    """While movements say what was posted, the next summary corrects nothing."""
    assert corrections(BEFORE, [posted(BEFORE)]) == []


def test_a_late_event_is_restated_with_its_reason():
    """A movement that came after the post is named with what was said, what is so now, and why."""
    assert corrections(LATE, [posted(BEFORE)], {"evt_late": POSTED + 60}) == [
        ("2026-W45", "seat", 1200, 1500, "arrived since: 10 → 12 seats")
    ]


def test_several_late_events_are_restated_by_the_largest():
    """Where several came since, the reason is that of the one that moved most, up or down, and the rest are counted."""
    late = "\n2026-11-04 cus_1 downgrade -100 cause=evt_1 reason=one"
    late += "\n2026-11-05 cus_1 downgrade -500 cause=evt_2 reason=two"
    arrivals = {"evt_1": POSTED + 60, "evt_2": POSTED + 60}
    assert corrections(BEFORE + late, [posted(BEFORE)], arrivals) == [
        ("2026-W45", "downgrade", 0, -600, "arrived since: two (and 1 more)")
    ]


def test_a_late_event_is_no_reason_for_another_kind():
    """What came late explains its own kind; another kind of that week has a reason of its own."""
    text = "2026-01-01 cus_1 new +10000\n2026-11-04 cus_1 downgrade -100 cause=evt_late reason=fewer"
    assert corrections(text, [posted(BEFORE)], {"evt_late": POSTED + 60}) == [
        ("2026-W45", "seat", 1200, 0, "its history changed since"),
        ("2026-W45", "downgrade", 0, -100, "arrived since: fewer"),
    ]


@pytest.mark.parametrize(
    ("rules_since", "reason"),
    [
        (None, "its history changed since"),
        (POSTED - 1, "its history changed since"),
        (POSTED, "the rules changed since"),
    ],
)
def test_a_change_without_a_late_event_says_why(rules_since, reason):
    """Where no event came late, the rules changed after the post, or its history did: a movement that is gone."""
    found = corrections("2026-01-01 cus_1 new +10000", [posted(BEFORE)], rules_since=rules_since)
    assert found == [("2026-W45", "seat", 1200, 0, reason)]


def test_what_was_restated_once_is_not_restated_again():
    """A restatement in a later post is what was last said of that week."""
    first = posted(BEFORE)
    second = posted(LATE, "2026-W46", at("2026-11-16T08:00"), [first])
    assert [again.now for again in second.figures["usd"].restated] == [1500]
    assert corrections(LATE, [first, second], week="2026-W47") == []
    undone = corrections(BEFORE, [first, second], week="2026-W47")
    assert [found[:4] for found in undone] == [("2026-W45", "seat", 1500, 1200)]


def test_weeks_are_restated_in_their_own_order():
    """Weeks are corrected the earliest first, in whatever order their summaries were made."""
    posts = [posted(BEFORE, "2026-W46", at("2026-11-16T08:00")), posted(BEFORE, made_at=at("2026-11-17T08:00"))]
    found = corrections(LATE + "\n2026-11-10 cus_1 seat +100", posts)
    assert [(week, was, now) for week, _, was, now, _ in found] == [("2026-W45", 1200, 1500), ("2026-W46", 0, 100)]


def test_later_posts_do_not_speak_of_earlier_weeks():
    """The summary of a week corrects that week and those before it, not those after."""
    assert corrections(LATE, [posted(BEFORE)], week="2026-W44") == []
    assert len(corrections(LATE, [posted(BEFORE)], week="2026-W45")) == 1


def test_a_kind_that_a_post_did_not_know_was_nothing():
    """A post made before there was a kind said 0 of it."""
    post = posted(BEFORE)
    bridge = {kind: amount for kind, amount in post.figures["usd"].bridge.items() if kind != "seat"}
    old = replace(post, figures={"usd": replace(post.figures["usd"], bridge=bridge)})
    assert corrections(BEFORE, [old]) == [("2026-W45", "seat", 0, 1200, "its history changed since")]
    assert corrections("2026-01-01 cus_1 new +10000", [old]) == []


def test_a_currency_that_was_not_posted_is_restated_from_nothing():
    """Movements that arrive late in a currency of their own are restated in that currency."""
    text = BEFORE + "\n2026-11-04 cus_2 new +500 currency=eur"
    told = summary(text, past=Past([posted(BEFORE)]))
    assert told.figures.restated == ()
    (again,) = told.other_currencies["eur"].restated
    assert (again.period, again.kind, again.was, again.now) == ("2026-W45", "new", 0, 500)
    assert len(movements(text)) == 3
