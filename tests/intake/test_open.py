"""What is asked each time an event comes costs the same, however many events there are."""

import pytest

from intake.told import BROKEN, applied, granted, subscribed, taken
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending, retry
from upswell.store import events
from upswell.store.backlog import backlog
from upswell.store.outbox import is_behind

ASKED = {
    "applying": lambda ledger: apply_pending(ledger, Rules()),
    "retrying": lambda ledger: retry(ledger, Rules()),
    "the backlog": backlog,
    "the health": events.counts,
    "what is told at once": lambda ledger: is_behind(ledger, 0),
}


@pytest.mark.parametrize("name", ASKED)
def test_no_question_reads_all_events(ledger, name):
    """Every statement that names the table takes an index, with events that are applied, wait and failed."""
    applied(ledger, subscribed(1), granted(1), BROKEN)
    taken(ledger, subscribed(2))
    asked = []
    ledger.connection.set_trace_callback(asked.append)
    ASKED[name](ledger)
    ledger.connection.set_trace_callback(None)
    named = [one for one in asked if " events" in one and not one.startswith(("INSERT", "EXPLAIN", "--"))]
    assert named
    for one in named:
        plan = [row[3] for row in ledger.connection.execute(f"EXPLAIN QUERY PLAN {one}")]
        assert not [step for step in plan if step == "SCAN events"], one
