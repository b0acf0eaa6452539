"""Today's subscriptions as Stripe shows them."""

from threading import Event

import pytest
from connectors.sent import item, subscription
from standin import Standin, standing_in

from upswell.configuration.settings import Secret, StripeSettings
from upswell.fetching.todays import todays
from upswell_connectors.client import Client

NEVER = Event()


@pytest.fixture
def standin():
    """An account whose list knows no status: it shows all there are, whatever is asked for."""
    found = Standin(subscriptions=[subscription(id=f"sub_{number}") for number in range(3)])
    with standing_in(found) as url:
        found.client = Client(StripeSettings(Secret("sk_test_1"), (), url, 100, webhooks=True))
        yield found


def shown(standin, living=(), stopping=NEVER):
    """Return each subscription that is shown, by id; one twice is an error."""
    found = list(todays(standin.client, dict(living), stopping))
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def test_each_is_shown_once(standin):
    """A subscription that stands on both lists, as one that ends in between may, is compared once."""
    found = shown(standin, {"sub_1": "cus_1"})
    assert set(found) == {"sub_0", "sub_1", "sub_2"}
    assert {one.customer for one in found.values()} == {"cus_1"}
    assert found["sub_0"].subscription.items[0].quantity == 5


def test_the_lists_are_those_that_live_and_those_that_ended_lately(standin):
    """All that live, whenever they were made, and of those that ended the ones of the last 40 days; discounts whole."""
    shown(standin)
    (alive, ended) = [query for path, query in standin.asked if path == "/v1/subscriptions"]
    assert "status" not in alive
    assert "created[gte]" not in alive
    assert ended["status"] == ["canceled"]
    assert int(ended["created[gte]"][0]) == pytest.approx(standin.client.now() - 40 * 86_400, abs=60)
    for query in (alive, ended):
        assert {"data.discounts", "data.items.data.discounts"} <= set(query["expand[]"])


def test_the_ledgers_own_are_asked_for_by_id(standin):
    """Who is on neither list is asked for, each once; one that Stripe does not know is shown without facts."""
    gone = standin.lists["/v1/subscriptions"].pop()
    standin.lists["/v1/subscriptions"] += [gone | {"id": "sub_old", "created": 1_000_000_000}]
    found = shown(standin, {"sub_gone": "cus_9"})
    assert (found["sub_gone"].customer, found["sub_gone"].subscription) == ("cus_9", None)
    assert [path for path, _ in standin.asked if path.startswith("/v1/subscriptions/")] == [
        "/v1/subscriptions/sub_gone"
    ]


@pytest.mark.parametrize("listed", [True, False])
def test_items_are_whole(standin, listed):
    """Of more than ten items the rest is asked for, on the list and by id."""
    whole = subscription(*(item(id=f"si_{number:02}") for number in range(15)), id="sub_many")
    if listed:
        standin.lists["/v1/subscriptions"] = [whole]
    else:
        cut = whole | {"items": whole["items"] | {"data": whole["items"]["data"][:10], "has_more": True}}
        answer = standin.answer
        standin.answer = lambda path, query: (
            (200, cut)
            if path == "/v1/subscriptions/sub_many"
            else (200, whole["items"])
            if path == "/v1/subscription_items"
            else answer(path, query)
        )
    found = shown(standin, {"sub_many": "cus_1"})
    assert len(found["sub_many"].subscription.items) == 15


def test_what_cannot_be_read_is_logged_and_left_out(standin, caplog):
    """One subscription of a shape that nobody knows does not keep the others from being compared."""
    standin.lists["/v1/subscriptions"][0]["items"] = {"data": [{"id": "si_1"}]}
    assert set(shown(standin)) == {"sub_1", "sub_2"}
    assert "sub_0 cannot be compared: the subscription item si_1 carries neither price nor plan" in caplog.text


def test_it_ends_where_it_is_told_to(standin):
    """Once serve stops, nothing more is asked for."""
    stopping = Event()
    stopping.set()
    assert shown(standin, {"sub_gone": "cus_9"}, stopping) == {}
