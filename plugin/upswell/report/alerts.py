"""When somebody must look: no event for longer than usual, more and more failures, an endpoint that is lost."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

DAYS = 28
"""Over how many days it is learned what is usual."""

_HOUR, _DAY = 3600, 86_400
_LEAST_DAYS = 7
_LEAST_SILENCE = 6 * _HOUR
_TIMES_LONGER = 2
_DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Pulse:
    """How receiving goes at ``now``; times are unix seconds UTC.

    ``first_event_at`` and ``last_event_at`` are when events came (None: never), ``longest_pause`` how many seconds lay
    at most between two of them in the last 28 days. ``failed`` counts events and customers that could not be applied,
    ``disabled`` are the endpoints that Stripe sends to no more (None: nobody could ask), ``lost`` the outgoing hooks
    that messages were given up for.
    """

    now: int
    first_event_at: int | None = None
    last_event_at: int | None = None
    longest_pause: int = 0
    failed: int = 0
    disabled: tuple[str, ...] | None = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """An incident, by a name that stays the same as long as it lasts, and a sentence with the remedy."""

    incident: str
    sentence: str


def alerts(pulse: Pulse) -> tuple[Alert, ...]:
    """Return every incident that lasts at that moment; an empty tuple where all is as usual."""
    return (*_silence(pulse), *_failures(pulse), *_endpoints(pulse), *_hooks(pulse))


def due(lasting: Collection[Alert], told: Collection[str]) -> tuple[Alert, ...]:
    """Return those of the ``lasting`` incidents that are not among the ``told`` names yet."""
    return tuple(alert for alert in lasting if alert.incident not in told)


def remembered(told: Collection[str], lasting: Collection[Alert], pulse: Pulse) -> list[str]:
    """Return those of the ``told`` names whose incident lasts, or may last: nobody could ask for the endpoint."""
    names = {alert.incident for alert in lasting}
    unknown = pulse.disabled is None
    return [name for name in told if name in names or (unknown and name.startswith(_DISABLED))]


def _silence(pulse: Pulse) -> Iterator[Alert]:
    """After a week of events: a pause twice as long as the longest one lately, and of six hours at least."""
    first, last = pulse.first_event_at, pulse.last_event_at
    if first is None or last is None or last - first < _LEAST_DAYS * _DAY:
        return
    silent = pulse.now - last
    if silent > max(_LEAST_SILENCE, _TIMES_LONGER * pulse.longest_pause):
        yield Alert(
            f"silence since {last}",
            f"No event has come from Stripe for {_length(silent)}; in the four weeks before, the longest pause was "
            f"{_length(pulse.longest_pause)}. `upswell doctor` says what is wrong.",
        )


def _failures(pulse: Pulse) -> Iterator[Alert]:
    """From the first one on, and again each time they are ten times as many: one incident a digit."""
    what = "event or customer" if pulse.failed == 1 else "events or customers"
    for digits in range(1, len(str(pulse.failed)) + 1 if pulse.failed else 1):
        yield Alert(
            f"failures of {digits} digits",
            f"{pulse.failed} {what} could not be applied, and figures lack them. "
            "`upswell events --state failed` says why, `upswell retry` tries again.",
        )


def _endpoints(pulse: Pulse) -> Iterator[Alert]:
    for endpoint in pulse.disabled or ():
        yield Alert(
            f"{_DISABLED} {endpoint}",
            f"Stripe has disabled the webhook endpoint {endpoint}, as it does after days of failures. "
            "Once the receiver is reached again, `upswell connect` with its URL enables it.",
        )


def _hooks(pulse: Pulse) -> Iterator[Alert]:
    for name in pulse.lost:
        yield Alert(
            f"hook {name}",
            f"The hook {name} did not take messages, and they were given up. "
            "`upswell doctor` says why, `upswell hooks --resend all` sends them again.",
        )


def _length(seconds: int) -> str:
    """Write a duration in days where there are two, else in hours where there are two, else in minutes."""
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY} days"
    if seconds >= 2 * _HOUR:
        return f"{seconds // _HOUR} hours"
    minutes = seconds // 60
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
