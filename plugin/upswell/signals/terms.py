"""The terms of signals: what a merchant can set, and the sign that a signal gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from zoneinfo import ZoneInfo

DAY = 86_400
_UTC = ZoneInfo("UTC")
WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "cheaper_plan": 40,
        "usage_limit": 35,
        "seat_limit": 30,
        "milestone": 20,
        "usage_growth": 20,
        "seats_added": 20,
        "renewal": 15,
        "trial_ending": 15,
        "discount_ending": 10,
    }
)
"""The most points that each signal gives."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Settings of the signals.

    ``threshold`` is the share of a limit from which on it is near. Nobody is told of in the first ``onboarding_days``;
    a yearly subscription's renewal is near for ``renewal_days``; who was told of is told of anew after
    ``cooldown_days``. ``weights`` are the most points by signal, 0: none is ever raised. Days in words are of ``zone``.
    """

    threshold: Fraction = Fraction(4, 5)
    onboarding_days: int = 30
    renewal_days: int = 60
    cooldown_days: int = 30
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    zone: ZoneInfo = _UTC


@dataclass(frozen=True, slots=True)
class Sign:
    """One signal of one customer: ``subject`` is the item or subscription it is about (Stripe's id).

    ``evidence`` is one line in words and numbers; ``strength`` from 0 to 1 is its share of the signal's weight.
    """

    signal: str
    subject: str
    evidence: str
    strength: Fraction
