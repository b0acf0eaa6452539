"""The inbox: many requests, one commit, and no answer before it is durable."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from receiving import event, stored

from upswell.errors import LedgerBusy, LedgerError
from upswell.store import events
from upswell.store.ledger import Ledger
from upswell_webhooks.inbox import Inbox


def envelope(name):
    """Return an event with the id ``name``, as it is accepted."""
    return events.envelope(event(name))


@pytest.fixture
def path(config):
    """Where a new ledger lies."""
    return config.ledger.path


@pytest.fixture
def inbox(path):
    """An inbox that waits long for the lock."""
    inbox = Inbox(path, patience=10, capacity=20)
    yield inbox
    inbox.close()


def waiting(inbox, count):
    """Wait until ``count`` events wait behind the commit that runs."""
    with inbox._changed:
        while len(inbox._waiting) < count:
            inbox._changed.wait(0.01)


def test_what_is_answered_is_in_the_ledger(inbox, path):
    """Once ``accept`` returns, another connection finds the event."""
    assert inbox.accept(envelope("evt_1")) == "accepted"
    assert stored(path) == {"evt_1": "received"}
    assert inbox.accept(envelope("evt_1")) == "duplicate"


def test_requests_that_come_together_share_a_commit(inbox, path, commits):
    """While one commit waits for the lock, all that come later wait for the next one, together."""
    with ThreadPoolExecutor(11) as threads, Ledger(path) as other:
        with other.write():
            first = threads.submit(inbox.accept, envelope("evt_first"))
            while not commits:
                threading.Event().wait(0.005)
            rest = [threads.submit(inbox.accept, envelope(f"evt_{number}")) for number in range(10)]
            waiting(inbox, 10)
        assert {request.result() for request in (first, *rest)} == {"accepted"}
    assert commits == [1, 10]
    assert len(stored(path)) == 11


def test_a_full_inbox_refuses_at_once(path):
    """Where as many wait as may, the next is told to try again, and those that wait are stored."""
    inbox = Inbox(path, patience=10, capacity=2)
    with ThreadPoolExecutor(3) as threads, Ledger(path) as other:
        with other.write():
            requests = [threads.submit(inbox.accept, envelope("evt_first"))]
            while inbox._thread is None or inbox._waiting:
                threading.Event().wait(0.005)
            requests += [threads.submit(inbox.accept, envelope(f"evt_{number}")) for number in range(2)]
            waiting(inbox, 2)
            with pytest.raises(LedgerBusy, match="try again"):
                inbox.accept(envelope("evt_late"))
        assert [request.result() for request in requests] == ["accepted"] * 3
    inbox.close()


def test_closing_stores_what_waits(path, commits):
    """Closing ends the thread only after everything that was taken in is durable; afterwards nothing is taken in."""
    inbox = Inbox(path, patience=10)
    with ThreadPoolExecutor(6) as threads, Ledger(path) as other:
        with other.write():
            requests = [threads.submit(inbox.accept, envelope("evt_first"))]
            while not commits:
                threading.Event().wait(0.005)
            requests += [threads.submit(inbox.accept, envelope(f"evt_{number}")) for number in range(4)]
            waiting(inbox, 4)
            closing = threads.submit(inbox.close)
        closing.result()
    assert [request.result() for request in requests] == ["accepted"] * 5
    with pytest.raises(LedgerError, match="stopping"):
        inbox.accept(envelope("evt_late"))


def test_closing_an_inbox_that_never_started_is_fine(path):
    """There is no thread and no connection before the first event."""
    Inbox(path).close()


def test_a_locked_ledger_is_given_up_after_the_patience(path):
    """Beside a writer that does not let go, the request fails after the deadline, and the next one succeeds."""
    inbox = Inbox(path, patience=0.05)
    with Ledger(path) as other, other.write(), pytest.raises(LedgerBusy, match="locked"):
        inbox.accept(envelope("evt_1"))
    assert inbox.accept(envelope("evt_1")) == "accepted"
    inbox.close()


def test_a_replaced_ledger_is_opened_anew(inbox, path):
    """After the file was replaced, for instance by a backup, events go into the new one."""
    inbox.accept(envelope("evt_old"))
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).rename(path.with_name("old" + suffix))
    with pytest.raises(LedgerError, match="no ledger"):
        inbox.accept(envelope("evt_lost"))
    Ledger(path, create=True).close()
    inbox.accept(envelope("evt_new"))
    assert stored(path) == {"evt_new": "received"}


def test_the_thread_outlives_a_fault(inbox, monkeypatch):
    """A fault nobody thought of fails the requests it hit, without its details, and no later one."""
    with monkeypatch.context() as patched:
        patched.setattr(events, "receive", lambda *_, **__: 1 / 0)
        with pytest.raises(LedgerError, match="see the log"):
            inbox.accept(envelope("evt_1"))
    assert inbox.accept(envelope("evt_1")) == "accepted"
