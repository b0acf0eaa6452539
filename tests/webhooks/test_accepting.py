"""Accepting: the raw event, once, in the ledger it belongs to."""

import pytest
from receiving import event

from upswell.errors import LedgerError, ShapeError
from upswell.store import events
from upswell.store.ledger import Ledger


@pytest.fixture
def ledger(config):
    """A new ledger."""
    with Ledger(config.ledger.path) as ledger:
        yield ledger


def receive(ledger, *bodies):
    """Accept raw events in one commit."""
    return events.receive(ledger, [events.envelope(body) for body in bodies])


def rows(ledger, columns):
    """Return ``columns`` of every stored event, by id."""
    return ledger.connection.execute(f"SELECT {columns} FROM events ORDER BY id").fetchall()  # noqa: S608  # constants


def test_each_event_is_stored_once(ledger):
    """An event id is stored once, in one commit and over several, and its raw bytes come back."""
    assert receive(ledger, event("evt_1"), event("evt_1"), event("evt_2")) == ["accepted", "duplicate", "accepted"]
    assert events.accept(ledger, [events.envelope(event("evt_2")), events.envelope(event("evt_3"))]) == 1
    assert events.bodies(ledger, ["evt_1", "evt_none"]) == {"evt_1": event("evt_1")}


def test_the_first_event_decides_mode_and_account(ledger):
    """What comes later of another mode or account is kept, ignored, with the reason."""
    others = (event("evt_2", livemode=True), event("evt_3", account="acct_1"))
    assert receive(ledger, event("evt_1"), *others) == ["accepted", "ignored", "ignored"]
    (_, first), (_, live), (_, account) = rows(ledger, "state, reason")
    assert first is None
    assert "live mode" in live
    assert "acct_1" in account


def test_the_key_decides_the_mode_of_a_new_ledger(ledger):
    """A ledger bound to live mode ignores test events, and takes its account from the first live one."""
    events.bind(ledger, livemode=True)
    live = {"livemode": True, "account": "acct_1"}
    outcomes = receive(ledger, event("evt_1"), event("evt_2", **live), event("evt_3", livemode=True))
    assert outcomes == ["ignored", "accepted", "ignored"]


def test_a_bound_ledger_stays_bound(ledger):
    """A key of another mode changes nothing once events are there."""
    receive(ledger, event("evt_1"))
    events.bind(ledger, livemode=True)
    assert receive(ledger, event("evt_2")) == ["accepted"]


def test_a_time_that_is_written_out_counts(ledger):
    """Thin events give their time as text: it is stored as unix seconds."""
    receive(ledger, event("evt_1", created="2026-01-01T01:00:00.123+01:00"))
    assert rows(ledger, "created") == [(1_767_225_600,)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{" * 100_000,
        b"[" * 100_000,
        event("evt_1")[:-1],
        event(""),
        event(kind=""),
        event(created=-1),
        event(created=2**60),
        event(created="2026-01-01T00:00:00"),
        event(created="0001-01-01T00:00:00Z"),
        event(created="yesterday"),
        event(created=None),
        event(livemode="no"),
        b'{"id":"\\ud800","type":"x","created":1}',
        b'{"id":"\xff","type":"x","created":1}',
    ],
)
def test_what_is_no_event_is_said_to_be_none(body):
    """Anything that lacks an event's id, type or time is no event, however it is broken."""
    with pytest.raises(ShapeError, match="not a Stripe event"):
        events.envelope(body)


def test_a_damaged_ledger_is_an_error_with_its_path(tmp_path):
    """A file that is no database is told by name."""
    path = tmp_path / "upswell.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerError, match=r"upswell\.db"):
        Ledger(path)
