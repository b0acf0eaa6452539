"""A week in which nothing happened: one short message, or none."""

import json
from dataclasses import replace

import desks
import pytest
from booked import at, put

from upswell.posting.delivery import note_serving, post_by_hand, post_due
from upswell.report.periods import Week
from upswell.store import deliveries
from upswell.store.ledger import Ledger

MONDAY = at("2026-11-16T08:00")
DAY, WEEK = 86_400, 7 * 86_400
STILL = '2026-W46 was quiet: it is recorded and sent nowhere ([report] quiet = "silent").'
CUSTOMER = "2025-12-01 cus_1 new +500000"


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger with one customer, served since before the week, in which nothing happened but a new customer."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        put(opened, f"{CUSTOMER}\n2026-11-13T14:00 cus_6 new +9900")
        note_serving(opened, at("2026-11-12"))
        yield opened


@pytest.fixture
def short(ledger, slack):
    """Give a configuration as it is without a word about quiet weeks."""
    return desks.config(ledger.path, slack=slack.settings)


@pytest.fixture
def silent(short):
    """Give a configuration that keeps quiet weeks to itself."""
    return quiet(short, "silent")


def quiet(config, how):
    """Return ``config`` with quiet weeks posted so."""
    return replace(config, report=replace(config.report, quiet=how))


def said(outcomes):
    """Return what is told of each destination; all of it is well."""
    assert all(outcome.ok for outcome in outcomes)
    return [outcome.text for outcome in outcomes]


def week(name="2026-W46"):
    """Return the week of that name."""
    return Week.parse(name, desks.BERLIN)


def test_a_quiet_week_is_one_short_message(ledger, short, slack):
    """Without a setting, a quiet week is told in a few blocks: that it was one, and where MRR stands."""
    assert said(post_due(ledger, short, MONDAY)) == ["slack: 2026-W46 is posted."]
    (message,) = slack.messages
    assert message["text"].startswith("Expansion in week 46: A quiet week: no existing customer grew, shrank or left.")
    assert [block["type"] for block in message["blocks"]] == ["header", "context", "section", "context"]


def test_a_silent_week_is_recorded_and_sent_nowhere(ledger, silent, slack):
    """With quiet = "silent" it is kept as a summary, said once, and never sent, not after a restart either."""
    assert said(post_due(ledger, silent, MONDAY)) == [STILL]
    note_serving(ledger, MONDAY + DAY)
    assert post_due(ledger, silent, MONDAY + DAY) == []
    assert slack.requests == []
    assert deliveries.recorded(ledger, desks.week("2026-W46")).figures.closing_mrr == 509_900
    assert deliveries.find(ledger, desks.week("2026-W46"), "slack") is None


def test_by_hand_a_silent_week_is_said_to_be_one(ledger, silent, slack):
    """`summary --post` is the same path: it records the week, or finds it recorded, and sends nothing."""
    for _ in range(2):
        assert said(post_by_hand(ledger, silent, week(), MONDAY)) == [STILL]
    assert post_due(ledger, silent, MONDAY) == []
    assert slack.requests == []


def test_who_wants_it_after_all_gets_it_by_hand(ledger, silent, short, slack):
    """Once quiet weeks are to be told, the recorded one is sent by hand, as it was."""
    post_due(ledger, silent, MONDAY)
    assert post_due(ledger, short, MONDAY + DAY) == []
    assert said(post_by_hand(ledger, short, week(), MONDAY + DAY)) == ["slack: 2026-W46 is posted."]
    assert said(post_by_hand(ledger, silent, week(), MONDAY + DAY)) == [
        "slack: 2026-W46 was posted on Tue, Nov 17, 09:00 and is not sent again."
    ]
    assert len(slack.messages) == 1


@pytest.mark.parametrize(
    "news",
    [
        f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200",
        f"{CUSTOMER}\n2026-11-11 cus_1 downgrade -1200",
        f"{CUSTOMER}\n2026-11-11 cus_1 churn -500000",
        "2025-12-01 cus_2 new +5000 currency=eur\n2026-11-11 cus_2 seat +1200 currency=eur",
        "2025-12-01 cus_2 new +5000 currency=eur\n2026-11-11 cus_2 downgrade -1200 currency=eur",
    ],
)
def test_what_happened_in_any_currency_is_told(ledger, silent, slack, news):
    """Growth, loss and departure are news, in whatever currency."""
    put(ledger, news)
    assert said(post_due(ledger, silent, MONDAY)) == ["slack: 2026-W46 is posted."]


def test_a_quiet_week_with_corrections_is_not_silent(ledger, silent, slack):
    """What changed of an earlier week is told in the next message: a quiet week then is one, and says it."""
    put(ledger, f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200")
    post_due(ledger, silent, MONDAY)
    put(ledger, f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200\n2026-11-12 cus_1 seat +300")
    assert said(post_due(ledger, silent, MONDAY + WEEK)) == ["slack: 2026-W47 is posted."]
    text = json.dumps(slack.messages[1], ensure_ascii=False)
    assert "A quiet week" in text
    assert "2026-W46 seat: +$12.00 is now +$15.00" in text
    assert said(post_due(ledger, silent, MONDAY + 2 * WEEK)) == [STILL.replace("W46", "W48")]


def test_a_silent_week_that_was_none_is_corrected(ledger, silent, slack):
    """Silence said that nothing happened: what came late for that week is told in the next message."""
    post_due(ledger, silent, MONDAY)
    put(ledger, f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200")
    assert said(post_due(ledger, silent, MONDAY + WEEK)) == ["slack: 2026-W47 is posted."]
    assert "2026-W46 seat: $0.00 is now +$12.00" in json.dumps(slack.messages[0])


def test_the_first_week_is_never_silent(tmp_path, slack):
    """The first customers are no expansion, and news all the same."""
    with Ledger(tmp_path / "first.db", create=True) as ledger:
        put(ledger, "2026-11-11 cus_1 new +5000")
        note_serving(ledger, at("2026-11-12"))
        config = quiet(desks.config(ledger.path, slack=slack.settings), "silent")
        assert said(post_due(ledger, config, MONDAY)) == ["slack: 2026-W46 is posted."]


def test_a_quiet_week_after_missed_ones_is_told(ledger, silent, slack):
    """Silence would hide that nobody served when it was time for earlier weeks."""
    assert said(post_due(ledger, silent, MONDAY + WEEK)) == ["slack: 2026-W47 is posted."]
    assert "Upswell was not running when it was time for 2026-W46." in json.dumps(slack.messages[0])


def test_a_silent_week_does_not_end_the_attempts_at_the_one_before(ledger, silent, slack):
    """What could not be posted is still tried when a silent week follows: no later message takes its place."""
    put(ledger, f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200")
    slack.answers = [(503, "", {})]
    post_due(ledger, silent, MONDAY)
    slack.answers = [(200, "ok", {})]
    assert said(post_due(ledger, silent, MONDAY + WEEK)) == [
        STILL.replace("W46", "W47"),
        "slack: 2026-W46 is posted.",
    ]
    (message,) = slack.messages
    assert message["text"].startswith("Expansion in week 46")


def test_what_was_given_up_before_a_silent_week_is_tried_again_after_a_restart(ledger, silent, slack):
    """Whoever restarts `serve` after mending a channel gets the last week that was to be sent."""
    put(ledger, f"{CUSTOMER}\n2026-11-11 cus_1 seat +1200")
    slack.answers = [(404, "no_service", {})]
    post_due(ledger, silent, MONDAY)
    post_due(ledger, silent, MONDAY + WEEK)
    note_serving(ledger, MONDAY + WEEK + DAY)
    slack.answers = [(200, "ok", {})]
    assert said(post_due(ledger, silent, MONDAY + WEEK + DAY)) == ["slack: 2026-W46 is posted."]


def test_of_two_who_find_a_silent_week_one_records_it(ledger, silent, monkeypatch):
    """A process that was slower records nothing twice, and says nothing."""
    post_due(ledger, silent, MONDAY)
    monkeypatch.setattr(deliveries, "periods", lambda *_: {"2026-W45"})
    assert post_due(ledger, silent, MONDAY) == []
    assert ledger.connection.execute("SELECT count(*) FROM summaries").fetchone() == (1,)


def test_without_a_channel_a_quiet_week_is_recorded_as_any_other(ledger):
    """Where nothing is ever sent, silence is no news."""
    bare = quiet(desks.config(ledger.path), "silent")
    assert said(post_by_hand(ledger, bare, week(), MONDAY)) == [
        "2026-W46 is recorded; no channel is configured to post it to."
    ]
