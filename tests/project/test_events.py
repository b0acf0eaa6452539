"""The events that Upswell reads are one list, in the code and in the reference."""

import re
from pathlib import Path

from upswell_connectors.event_types import EVENT_TYPES

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")


def test_the_reference_names_the_events_that_are_read():
    """Whoever chooses an endpoint's events by the reference chooses those that a backfill asks for."""
    section = REFERENCE.split("\n## Events\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `([a-z_.]+)` \|", section, flags=re.MULTILINE)) == EVENT_TYPES
    assert "invoice.created" not in EVENT_TYPES
