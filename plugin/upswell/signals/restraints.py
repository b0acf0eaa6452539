"""What speaks against telling of a customer: then none of its signals is raised, and what was raised is cleared."""

from collections.abc import Callable, Sequence

from upswell.core.kinds import Movement
from upswell.signals import words
from upswell.signals.known import Known
from upswell.signals.terms import DAY, Terms

_TROUBLE_DAYS = 30
_CONTRACTION_DAYS = 90


def restraint(known: Known, terms: Terms) -> str | None:
    """Return in words why nobody is to be told of the customer now, or None."""
    return next((why for check in _CHECKS if (why := check(known, terms))), None)


def _cancels(known: Known, _terms: Terms) -> str | None:
    return "a cancellation is scheduled" if known.cancels else None


def _failed(known: Known, terms: Terms) -> str | None:
    if known.trouble is None or known.trouble[0] <= known.at - _TROUBLE_DAYS * DAY:
        return None
    at, word = known.trouble
    since = "now" if at >= known.at else f"until {words.day(at, known.at, terms)}"
    return f"payment trouble: {word} {since}"


def _onboards(known: Known, terms: Terms) -> str | None:
    """A customer in its first trial has not begun: its trial's end is all that can be told of it."""
    if known.begun is None or known.at >= known.begun + terms.onboarding_days * DAY:
        return None
    begun = words.day(known.begun, known.at, terms)
    return f"a customer since {begun}: within the first {words.count(terms.onboarding_days, 'day')}"


def _shrank(known: Known, terms: Terms) -> str | None:
    """Less billed usage is no word of the customer's: it counts where the last change of its usage was down."""
    lately = [one for one in known.movements if one.occurred_at > known.at - _CONTRACTION_DAYS * DAY]
    less = [one for one in lately if one.group in ("contraction", "churn") and one.driver != "usage"]
    less += [one for one in _last_of_usage(lately) if one.group == "contraction"]
    if not less:
        return None
    return f"contraction on {words.day(max(one.occurred_at for one in less), known.at, terms)}"


def _last_of_usage(lately: Sequence[Movement]) -> list[Movement]:
    return [one for one in lately if one.driver == "usage"][-1:]


_CHECKS: tuple[Callable[[Known, Terms], str | None], ...] = (_cancels, _failed, _onboards, _shrank)
