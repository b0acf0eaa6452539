"""A ledger that another program replicates from its write-ahead log, as Litestream does."""

import os
import shutil
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from receiving import event, stored
from serving import Served, until

from upswell.store.ledger import Ledger

PAGES_BEFORE_A_CHECKPOINT = 1000
EVENTS = 60


def salts(path: Path) -> bytes:
    """Return what changes in the log's header whenever the log begins anew."""
    return Path(f"{path}-wal").read_bytes()[16:24]


def fill(served: Served, first: int = 0) -> set[str]:
    """Post enough to fill the log beyond the size at which SQLite checkpoints; return the events' ids."""
    names = [f"evt_{number}" for number in range(first, first + EVENTS)]
    assert {served.post(event(name, note=os.urandom(100_000).hex())) for name in names} == {200}
    until(lambda: set(stored(served.ledger).values()) == {"applied"})
    return set(names)


def test_the_log_is_left_to_the_replicator(launch, tmp_path: Path) -> None:
    """With checkpoints = false the log never begins anew under the replicator, which gets every event from it.

    It holds a read transaction, copies file and log, and checkpoints by itself; receiving goes on all the time.
    """
    Ledger(tmp_path / "upswell.db", create=True).close()
    served = launch(kept="checkpoints = false\n").ready()
    names = {"evt_first"}
    assert served.post(event("evt_first")) == 200
    with closing(sqlite3.connect(served.ledger, isolation_level=None)) as replicator:
        replicator.execute("BEGIN")
        replicator.execute("SELECT count(*) FROM events").fetchone()
        copy = tmp_path / "restored.db"
        shutil.copy(served.ledger, copy)
        before = salts(served.ledger)
        names |= fill(served)
        assert Path(f"{served.ledger}-wal").stat().st_size > PAGES_BEFORE_A_CHECKPOINT * 4096
        assert salts(served.ledger) == before
        assert served.ledger.read_bytes() == copy.read_bytes()
        shutil.copy(f"{served.ledger}-wal", f"{copy}-wal")
        assert set(stored(copy)) == names
        replicator.execute("COMMIT")
        (busy, *_) = replicator.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert busy == 0
    names |= fill(served, first=EVENTS)
    assert set(stored(served.ledger)) == names


@pytest.mark.parametrize(("kept", "anew"), [("", True), ("checkpoints = false\n", False)])
def test_who_checkpoints_is_a_setting(launch, tmp_path: Path, kept: str, anew: bool) -> None:
    """By itself `serve` keeps the log short; told not to, it leaves it alone."""
    Ledger(tmp_path / "upswell.db", create=True).close()
    served = launch(kept=kept).ready()
    assert served.post(event("evt_first")) == 200
    before = salts(served.ledger)
    fill(served)
    late = (event(f"evt_late_{number}") for number in count())
    if anew:
        until(lambda: served.post(next(late)) == 200 and salts(served.ledger) != before)
    else:
        assert [served.post(next(late)) for _ in range(3)] == [200] * 3
        assert salts(served.ledger) == before
