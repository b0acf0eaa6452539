"""A run that is ended at any point, by anything, is finished by the next one, with the same ledger."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from backfill.conftest import KEY, configured, movements, rows, run
from upswell.errors import LedgerError
from upswell.store.ledger import Ledger, note_job
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving

_SECONDS = 120


class Process:
    """A real ``upswell backfill`` of the account at ``url`` into ``upswell.db``."""

    def __init__(self, url: str) -> None:
        configured(url)
        with Path("log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "upswell", "backfill"],
                env={**os.environ, "STRIPE_API_KEY": KEY},
                stdout=log,
                stderr=log,
            )

    def ended(self) -> int:
        """Wait until it ends; return its exit code."""
        return self.process.wait(_SECONDS)

    def said(self) -> str:
        """Return what it printed."""
        return Path("log").read_text()


@pytest.fixture
def whole(kites) -> list[tuple[object, ...]]:
    """What a run that nobody interrupts makes of the year."""
    with serving(kites) as url:
        run(url, ledger="whole.db")
    return movements("whole.db")


def test_killed_at_any_request_and_run_again(kites, whole):
    """Kill -9 right at a request, several times over: the run that gets through ends in the same movements."""
    started: list[Process] = []
    chance = Random(7)

    def kill(_account):
        started[-1].process.kill()

    for _ in range(6):
        with serving(kites, faults=Faults(meanwhile={chance.randrange(2, 7): kill})) as url:
            started.append(Process(url))
            if started[-1].ended() == 0:
                break
    assert len(started) > 3
    with serving(kites) as url:
        assert Process(url).ended() == 0
    assert movements() == whole
    assert rows("SELECT name FROM jobs WHERE name = 'backfill'") == []


def test_several_attempts_are_one_look(monkeypatch):
    """What nothing dates but the look is dated by the run's beginning: attempts say what one in one go says."""
    account = crowd(60, until=1_790_000_000)
    started: list[Process] = []

    def kill(_account):
        started[-1].process.kill()

    for point in (6, 4):
        with serving(account, faults=Faults(meanwhile={point: kill})) as url:
            started.append(Process(url))
            assert started[-1].ended() == -signal.SIGKILL
    with serving(account) as url:
        assert Process(url).ended() == 0
        ((begun,),) = rows("SELECT json_extract(value, '$.begun') FROM jobs WHERE name = 'backfilled'")
        monkeypatch.setattr("upswell.fetching.preflight.Client.now", lambda _self: begun + 1.5)
        run(url, ledger="whole.db")
    assert movements() == movements("whole.db")
    undated = "SELECT count(*) > 0 FROM movements WHERE reason LIKE '%nothing tells when%'"
    assert rows(undated) == rows(undated, "whole.db") == [(1,)]


def test_killed_while_customers_are_rebuilt(kites, whole):
    """Kill -9 after everything was read loses nothing of it either."""
    with serving(kites) as url:
        process = Process(url)
        until(lambda: Path("upswell.db").exists() and count() > 0)
        process.process.kill()
        process.ended()
        assert Process(url).ended() == 0
    assert movements() == whole


def count():
    """Return how many movements there are by now."""
    with closing(sqlite3.connect("upswell.db", timeout=5)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM movements").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def until(holds):
    """Wait until ``holds``."""
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_second_run_reads_no_page_again(kites):
    """What was committed is not asked for again: both runs together make hardly more requests than one."""
    alone, both = Tally(), Tally()
    with serving(kites, tally=alone) as url:
        run(url, ledger="alone.db")
    started: list[Process] = []
    with serving(kites, faults=Faults(meanwhile={13: lambda _: started[0].process.kill()}), tally=both) as url:
        started.append(Process(url))
        started[0].ended()
        assert Process(url).ended() == 0
    lists = {"GET /v1/products", "GET /v1/prices", "GET /v1/coupons", "GET /v1/customers", "GET /v1/subscriptions"}
    for name in lists:
        assert both.requests[name] == alone.requests[name], name


def test_ctrl_c_ends_it_quietly(kites, whole):
    """Ctrl-C ends the run with 130 and a sentence that says how to go on, and the next run goes on."""
    started: list[Process] = []
    with serving(kites, faults=Faults(meanwhile={9: lambda _: started[0].process.send_signal(signal.SIGINT)})) as url:
        started.append(Process(url))
        assert started[0].ended() == 130
        assert "`upswell backfill` goes on where it stopped\n" in started[0].said()
        assert Process(url).ended() == 0
    assert movements() == whole


def test_a_full_disk_ends_it_and_the_next_run_goes_on(kites, whole, monkeypatch):
    """Where the ledger cannot grow any more, one sentence says so, and with room the next run finishes."""
    opened = Ledger._prepare

    def small(ledger, **more):
        opened(ledger, **more)
        ledger.connection.execute("PRAGMA max_page_count = 220")

    with serving(kites) as url:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "_prepare", small)
            with pytest.raises(LedgerError, match=r"cannot be written .*full"):
                run(url)
        run(url)
    assert movements() == whole


def test_a_run_that_was_begun_long_ago_is_begun_again(kites, monkeypatch):
    """Events since its beginning are forgotten by then: everything is read anew."""
    with serving(kites, faults=Faults(revoked_after=8)) as url, pytest.raises(Exception, match="refused"):
        run(url)
    ((begun,),) = rows("SELECT json_extract(value, '$.begun') FROM jobs WHERE name = 'backfill'")
    tally = Tally()
    monkeypatch.setattr("upswell.fetching.preflight.Client.now", lambda _self: begun + 26.0 * 86_400)
    with serving(kites, tally=tally) as url:
        run(url)
    assert tally.requests["GET /v1/products"] == 1


def test_what_another_version_wrote_is_begun_again(kites):
    """A run that another version left in another form is no reason to stop: it is begun again."""
    configured("http://127.0.0.1:9")
    with Ledger(Path("upswell.db"), create=True) as ledger, ledger.write() as connection:
        note_job(connection, "backfill", {"begun": 1_790_000_000, "step": ["products"]})
    with serving(kites) as url:
        run(url)
    assert rows("SELECT name FROM jobs WHERE name = 'backfill'") == []
