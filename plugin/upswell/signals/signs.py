"""Every signal: which signs of it a customer shows, and what to do next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from upswell.signals import dates, growth, included, offers, seats
from upswell.signals.known import Known
from upswell.signals.restraints import restraint
from upswell.signals.terms import Sign, Terms


@dataclass(frozen=True, slots=True)
class Signal:
    """How a signal is seen, and the suggested next step."""

    signs: Callable[[Known, Terms], Iterator[Sign]]
    next_step: str


SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        "cheaper_plan": Signal(offers.cheaper_plans, "Offer the higher plan: it saves the customer money"),
        "usage_limit": Signal(included.near_included, "Offer the plan that includes more, before the limit is met"),
        "seat_limit": Signal(seats.near_limit, "Offer more seats, or the plan that includes them"),
        "seats_added": Signal(seats.added, "Ask how the team grows, and offer a plan for its size"),
        "usage_growth": Signal(growth.growing, "Talk about what the usage will be, and which plan fits it"),
        "milestone": Signal(included.milestones, "Show what the next plan adds to what was just achieved"),
        "renewal": Signal(dates.renewals, "Use the renewal to talk about what has been outgrown"),
        "trial_ending": Signal(dates.trials, "Help with the first steps before the trial ends"),
        "discount_ending": Signal(dates.discounts, "Say what the price will be before the invoice does"),
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a customer found: its ``signs``, and why nobody is to be told of them (None: nothing)."""

    signs: tuple[Sign, ...]
    restraint: str | None


def look(known: Known, terms: Terms) -> Look:
    """Return the signs that a customer shows at a moment, of the signals whose weight is not 0."""
    found = [sign for name, signal in SIGNALS.items() if terms.weights[name] for sign in signal.signs(known, terms)]
    return Look(tuple(sorted(found, key=lambda sign: (sign.signal, sign.subject))), restraint(known, terms))
