"""What ``config.toml`` may hold of signals; see ``options``."""

from typing import Annotated

from msgspec import Meta

from upswell.configuration.option_types import Section, note

Stretch = Annotated[int, Meta(ge=0, le=366)]
Share = Annotated[float, Meta(ge=0.1, lt=1, extra={"allowed": "a number from 0.1 to below 1, such as 0.8"})]
Points = Annotated[int, Meta(ge=0, le=100)]


class Weights(Section, frozen=True):
    """The most points that each signal adds to a customer's score. 0: it is never raised."""

    cheaper_plan: Annotated[Points, note("A higher plan would have cost less than the overage.")] = 40
    usage_limit: Annotated[Points, note("Usage near what is included, or more than it.")] = 35
    seat_limit: Annotated[Points, note("Seats near their limit, or the end of a tier.")] = 30
    milestone: Annotated[Points, note("A milestone that your app reported.")] = 20
    usage_growth: Annotated[Points, note("Billed usage that rose over three periods.")] = 20
    seats_added: Annotated[Points, note("Seats added in the last 90 days.")] = 20
    renewal: Annotated[Points, note("A yearly subscription that renews soon.")] = 15
    trial_ending: Annotated[Points, note("A trial that ends within a week.")] = 15
    discount_ending: Annotated[Points, note("A discount that ends within 30 days.")] = 10


class Signals(Section, frozen=True):
    """Which customers are ready for more: docs/signals.md."""

    usage_threshold: Annotated[Share, note("The share of a limit from which on usage, or seats, are near it.")] = 0.8
    onboarding_days: Annotated[Stretch, note("Nobody is told of in a customer's first days.")] = 30
    renewal_days: Annotated[Stretch, note("How long before its renewal a yearly subscription is a signal.")] = 60
    cooldown_days: Annotated[Stretch, note("For how long a customer that was told of is not told of anew.")] = 30
    notify: Annotated[
        bool, note("true: the channels of the summary are told at once, once a customer and cooldown.")
    ] = False
    weights: Weights = Weights()
