"""Catching up: what no webhook delivered arrives all the same."""

from threading import Event

import pytest
from shop import DAY
from standin import Standin, standing_in

from upswell.configuration.settings import Secret, StripeSettings
from upswell.errors import Refused, Unreachable
from upswell.fetching.catchup import catch_up, standing, told_gap
from upswell.intake.applying import apply_pending
from upswell.store import events
from upswell.store.ledger import note_job
from upswell_connectors.client import Client
from upswell_connectors.event_types import EVENT_TYPES
from upswell_connectors.fake_stripe.delivery import bodies

NEVER = Event()


def held(ledger):
    """Return the ids of the events in the ledger."""
    return {name for (name,) in ledger.connection.execute("SELECT id FROM events")}


def read_by_upswell(shop, since=0):
    """Return the ids of the account's events that Upswell reads, created at ``since`` or later."""
    return {one["id"] for one in shop.account.events if one["type"] in EVENT_TYPES and one["created"] >= since}


def came_to(ledger, through, types=EVENT_TYPES):
    """Let the ledger have caught up to the moment ``through``."""
    with ledger.write() as connection:
        note_job(connection, "catch_up", {"through": through, "types": types})


@pytest.fixture
def standin():
    """An account without events; ``url`` is where it answers, ``client`` who asks it."""
    found = Standin(events=[])
    with standing_in(found) as url:
        found.client = Client(StripeSettings(Secret("sk_test_1"), (), url, 100, webhooks=True))
        yield found


def asked(standin):
    """Return of each request for events the moment from which on it asked."""
    return [int(query["created[gte]"][0]) for _, query in standin.asked]


def test_all_that_stripe_keeps_is_read_the_first_time(shop, ledger, client):
    """A ledger that never caught up gets the events of the last 30 days, and none of those that nobody reads."""
    for _ in range(3):
        shop.subscribe()
        shop.later(5)
    caught = catch_up(ledger, client, NEVER)
    assert held(ledger) == read_by_upswell(shop)
    assert (caught.new, caught.gap) == (len(held(ledger)), None)
    assert caught == standing(ledger)
    assert caught.through == pytest.approx(shop.now, abs=60)


def test_what_was_caught_up_makes_movements(shop, ledger, client, config):
    """Events from the list go the webhook's own way: accepted, then applied."""
    subscription = shop.subscribe(5)
    catch_up(ledger, client, NEVER)
    assert apply_pending(ledger, config.rules).failed == 0
    rows = ledger.connection.execute("SELECT kind, amount, source, subscription FROM movements")
    assert rows.fetchall() == [("new", 5000, "observed", subscription)]


def test_what_a_webhook_brought_is_not_new(shop, ledger, client):
    """An event that was delivered is kept as it came, once."""
    shop.subscribe()
    delivered = [events.envelope(body) for body in bodies(shop.account.events)]
    events.accept(ledger, delivered)
    assert catch_up(ledger, client, NEVER).new == 0
    assert events.bodies(ledger, [delivered[0].id])[delivered[0].id] == delivered[0].body


def test_a_hole_behind_what_was_delivered_is_filled(shop, ledger, client):
    """That the newest event is known says nothing of those before: all since the last catch-up are looked at."""
    subscription = shop.subscribe()
    shop.later(10)
    shop.seats(subscription, 4)
    before = shop.account.now - DAY
    events.accept(ledger, [events.envelope(body) for body in list(bodies(shop.account.events))[-1:]])
    came_to(ledger, before)
    assert catch_up(ledger, client, NEVER).new == len(read_by_upswell(shop, before)) - 1
    assert held(ledger) == read_by_upswell(shop, before)


def test_later_only_what_is_new_is_asked_for(ledger, standin):
    """The second time, events are read from ten minutes before the first on, in one request for twenty types each."""
    first = catch_up(ledger, standin.client, NEVER)
    standin.asked.clear()
    catch_up(ledger, standin.client, NEVER)
    assert asked(standin) == [first.through - 600] * 2
    types = [query["types[]"] for _, query in standin.asked]
    assert sorted(kind for some in types for kind in some) == sorted(EVENT_TYPES)
    assert all(len(some) <= 20 for some in types)


def test_a_type_that_was_not_read_before_is_read_from_the_beginning(ledger, standin):
    """A newer Upswell that reads more types of events looks at all that Stripe still has of them."""
    catch_up(ledger, standin.client, NEVER)
    now = standing(ledger).through
    came_to(ledger, now, EVENT_TYPES[1:])
    standin.asked.clear()
    catch_up(ledger, standin.client, NEVER)
    assert asked(standin) == [pytest.approx(now - 30 * DAY, abs=60)] * 2


def test_a_backfill_counts_as_a_catch_up_to_when_it_began(ledger, standin, caplog):
    """Who ran a backfill 40 days ago, and nothing since, misses ten days."""
    catch_up(ledger, standin.client, NEVER)
    now = standing(ledger).through
    with ledger.write() as connection:
        note_job(connection, "catch_up", None)
        note_job(connection, "backfilled", {"begun": now - 40 * DAY, "finished": now - 39 * DAY})
    assert catch_up(ledger, standin.client, NEVER).gap == (now - 40 * DAY, pytest.approx(now - 30 * DAY, abs=60))


def test_a_time_that_no_event_tells_of_is_said(ledger, standin, caplog):
    """Down for longer than 30 days: the log says from when to when, and it stays known until it is closed."""
    now = catch_up(ledger, standin.client, NEVER).through
    came_to(ledger, now - 33 * DAY)
    gap = catch_up(ledger, standin.client, NEVER).gap
    assert gap == (now - 33 * DAY, pytest.approx(now - 30 * DAY, abs=60))
    assert told_gap(gap) in caplog.text
    assert catch_up(ledger, standin.client, NEVER).gap == gap


def test_what_is_no_event_does_not_keep_the_others_out(ledger, standin, caplog):
    """An entry of the list that cannot be read is logged and left out."""
    good = {"id": "evt_1", "object": "event", "type": "price.created", "created": 1, "livemode": False}
    standin.lists["/v1/events"] = [good | {"created": 4102444800}, good | {"id": "", "created": 4102444801}]
    assert catch_up(ledger, standin.client, NEVER).new == 1
    assert held(ledger) == {"evt_1"}
    assert "id, type or created is empty" in caplog.text


def test_an_interrupted_catch_up_is_none(shop, ledger, client, standin):
    """What was read before a stop, or before Stripe fell silent, is kept; the next time begins where this one did."""
    shop.subscribe()
    stopped = Event()
    stopped.set()
    before = standing(ledger)
    assert catch_up(ledger, client, stopped) == before == standing(ledger)
    standin.fault = lambda _number, _path: (500, {})
    with pytest.raises(Unreachable):
        catch_up(ledger, standin.client, NEVER)
    assert standing(ledger) == before
    catch_up(ledger, client, NEVER)
    assert held(ledger) == read_by_upswell(shop)


def test_a_long_time_is_read_whole(shop, ledger, client):
    """More than a page of events comes in, each once."""
    for _ in range(60):
        shop.subscribe()
    assert catch_up(ledger, client, NEVER).new == len(read_by_upswell(shop)) > 200


def test_a_stand_in_without_events_has_none(ledger, standin):
    """Whoever offers no list of events has nothing to catch up with; any other refusal is one."""
    del standin.lists["/v1/events"]
    assert catch_up(ledger, standin.client, NEVER).new == 0
    standin.fault = lambda _number, _path: (403, {})
    with pytest.raises(Refused, match="read access to Events"):
        catch_up(ledger, standin.client, NEVER)
