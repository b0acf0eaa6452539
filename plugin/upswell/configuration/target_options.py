"""What ``[targets]`` may hold: one class a section, one field a key."""

from typing import Annotated

from upswell.configuration.option_types import Amount, Section, Segment, Text, note


class SegmentTarget(Section, frozen=True):
    """A target for one value of a segment, such as one team or one owner of customers. As many as you need."""

    segment: Annotated[Segment, note("The segment, as in [report] segments.", "customer.metadata.team")]
    value: Annotated[Text, note("Its value.", "emea")]
    month: Annotated[Amount | None, note("For each month.", 2000)] = None
    quarter: Annotated[Amount | None, note("For each quarter.", 6000)] = None


class Targets(Section, frozen=True):
    """Expansion to be won, in units of [report] currency a month; the summary says how far it has come."""

    month: Annotated[Amount | None, note("In each calendar month. Left out: no target.", 5000)] = None
    quarter: Annotated[Amount | None, note("In each calendar quarter. Left out: no target.", 15000)] = None
    segment: tuple[SegmentTarget, ...] = ()
