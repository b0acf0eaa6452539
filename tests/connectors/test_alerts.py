"""Alerts of usage that Stripe triggers."""

import pytest

from connectors.sent import body
from upswell.core.facts import Facts
from upswell.core.readings import MILESTONE, Reading
from upswell.errors import ShapeError
from upswell_connectors.shapes import facts_of

KIND = "billing.alert.triggered"
ALERT = {"id": "alrt_1", "object": "billing.alert", "alert_type": "usage_threshold", "title": "10,000 API calls"}
TRIGGERED = {"object": "billing.alert_triggered", "alert": ALERT, "customer": "cus_1", "value": 10_012}


def test_a_triggered_alert_is_a_milestone():
    """What a customer reached is told under the alert's title, once an event."""
    told = Reading("stripe", "evt_1", "cus_1", MILESTONE, "alrt_1", 1_800_000_000, label="10,000 API calls")
    assert facts_of(body(TRIGGERED, KIND)) == Facts(reading=told)
    assert facts_of(
        body(TRIGGERED | {"customer": {"id": "cus_1"}, "alert": ALERT | {"title": None}}, KIND)
    ).reading.label


@pytest.mark.parametrize("left_out", ["alert", "customer"])
def test_an_alert_of_nobody_says_nothing(left_out):
    """An event that was stripped of whom or what it is about is read, and says nothing."""
    assert facts_of(body({key: value for key, value in TRIGGERED.items() if key != left_out}, KIND)) == Facts()


def test_an_alert_of_another_shape_fails():
    """An alert that carries something else in its place fails with a reason."""
    with pytest.raises(ShapeError, match="triggered alert"):
        facts_of(body(TRIGGERED | {"alert": {"title": 5}}, KIND))
