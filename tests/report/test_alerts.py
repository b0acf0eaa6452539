"""When somebody must look, and when not."""

import pytest

from upswell.report.alerts import Alert, Pulse, alerts, due, remembered

HOUR, DAY = 3600, 86_400
NOW = 1_800_000_000


def pulse(silent, pause=HOUR, days=30, **more):
    """Return a pulse that has been silent for so many seconds, after so many days of events."""
    return Pulse(NOW, NOW - silent - days * DAY, NOW - silent, pause, **more)


@pytest.mark.parametrize(
    ("held", "alarmed"),
    [
        (pulse(HOUR), False),
        (pulse(6 * HOUR), False),
        (pulse(6 * HOUR + 1), True),
        (pulse(2 * DAY, pause=DAY), False),
        (pulse(2 * DAY + 1, pause=DAY), True),
        (pulse(9 * DAY, days=6), False),
        (pulse(9 * DAY, days=7), True),
        (Pulse(NOW), False),
    ],
)
def test_silence_is_longer_than_twice_the_longest_pause(held, alarmed):
    """And longer than six hours; before a week of events nobody knows what is usual."""
    assert bool(alerts(held)) is alarmed


def test_a_silence_says_how_long_it_is_and_what_was_usual():
    """In the largest unit of which there are two; the name stays the same while it lasts."""
    (first,) = alerts(pulse(50 * HOUR, pause=90))
    assert first.sentence.startswith(
        "No event has come from Stripe for 2 days; in the four weeks before, the longest pause was 1 minute."
    )
    (same,) = alerts(Pulse(NOW + DAY, NOW - 40 * DAY, NOW - 50 * HOUR, 90))
    (other,) = alerts(Pulse(NOW + 9 * DAY, NOW - 40 * DAY, NOW, 90))
    assert first.incident == same.incident != other.incident


@pytest.mark.parametrize(("failed", "many"), [(0, 0), (1, 1), (9, 1), (10, 2), (99, 2), (100, 3)])
def test_failures_are_one_incident_a_digit(failed, many):
    """So that they are told at the first, the tenth, the hundredth, and not when they become fewer."""
    found = alerts(Pulse(NOW, failed=failed))
    assert len({alert.incident for alert in found}) == len(found) == many
    assert {alert.sentence.split(", ")[0] for alert in found} <= {
        f"{failed} {'event or customer' if failed == 1 else 'events or customers'} could not be applied"
    }


def test_a_disabled_endpoint_is_named():
    """Each by its id."""
    assert [alert.incident for alert in alerts(Pulse(NOW, disabled=("we_1", "we_2")))] == [
        "disabled we_1",
        "disabled we_2",
    ]


def test_what_is_over_is_forgotten_and_what_is_not_known_is_not():
    """An incident that comes again is told again; a disabled endpoint that nobody could ask for is not over."""
    told = ["failures of 1 digits", "disabled we_1", "silence since 5"]
    assert remembered(told, [], Pulse(NOW)) == ["disabled we_1"]
    assert remembered(told, [], Pulse(NOW, disabled=())) == []
    held = Pulse(NOW, failed=3, disabled=("we_1",))
    assert remembered(told, alerts(held), held) == ["failures of 1 digits", "disabled we_1"]


def test_what_was_told_is_not_due():
    """Only what is new."""
    lasting = (Alert("a", "A."), Alert("b", "B."))
    assert due(lasting, ["a", "gone"]) == (Alert("b", "B."),)
    assert due(lasting, []) == lasting


def test_a_hook_that_messages_were_given_up_for_is_an_incident():
    """One a hook, with what to do."""
    first, second = alerts(Pulse(NOW, lost=("campaigns", "crm")))
    assert (first.incident, second.incident) == ("hook campaigns", "hook crm")
    assert first.sentence.startswith("The hook campaigns did not take messages, and they were given up.")
