"""The ledger's file: who may read it, and what is said of files that are none."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from intake.told import applied, movements, subscribed, tables, taken
from upswell.errors import LedgerBusy, LedgerError
from upswell.store import ledger as ledgers
from upswell.store import ledger_file
from upswell.store.ledger import Ledger, hold, note_job


def modes(folder):
    """Return the permissions of each file in ``folder``."""
    return {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()}


def test_a_new_ledger_is_its_owner_s_alone(tmp_path):
    """A new ledger and what SQLite puts beside it can be read by their owner alone: customers' names stand in them."""
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        taken(ledger, subscribed(1))
        assert modes(tmp_path) == dict.fromkeys(["upswell.db", "upswell.db-wal", "upswell.db-shm"], "0o600")


def test_a_ledger_is_safe_on_disk(ledger):
    """WAL, every commit synced, foreign keys on."""
    names = ("journal_mode", "synchronous", "foreign_keys")
    found = [ledger.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert found == ["wal", 2, 1]


def test_only_one_checkpoints(ledger):
    """Only who holds the ledger's lock checkpoints; the others leave it alone."""
    found = [ledger.connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0]]
    with Ledger(ledger.path, checkpoints=True) as other:
        found.append(other.connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0])
    assert found == [0, 1000]


NO_LEDGER = {
    "text": b"Dear diary,\n" * 100,
    "binary": bytes(range(256)) * 16,
    "an SQLite header and nothing else": b"SQLite format 3\x00" + b"\x07" * 200,
}


@pytest.mark.parametrize("create", [True, False], ids=["serve", "summary"])
@pytest.mark.parametrize("content", NO_LEDGER.values(), ids=NO_LEDGER)
def test_a_file_that_is_no_database_is_left_alone(tmp_path, content, create):
    """A file that is no database gives one sentence that names it, and is never replaced."""
    path = tmp_path / "upswell.db"
    path.write_bytes(content)
    with pytest.raises(
        LedgerError, match=f"The ledger {path} cannot be opened .*: check the file and its folder"
    ) as caught:
        Ledger(path, create=create)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("create", [True, False], ids=["serve", "summary"])
def test_a_file_that_was_emptied_is_refused(tmp_path, create):
    """No new ledger takes the place of one that has lost all its bytes: one sentence names the remedies."""
    path = tmp_path / "upswell.db"
    path.touch()
    with pytest.raises(LedgerError, match=r"upswell\.db is an empty file: bring it back from a backup, or remove it"):
        Ledger(path, create=create)
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("upswell.db", 0)]


def test_who_was_ended_while_the_file_was_made_makes_it_the_next_time(tmp_path):
    """A new file is empty for a moment, and says so: whoever is killed then goes on, and no reader takes it for one."""
    path = tmp_path / "upswell.db"
    ledger_file.begin(path)
    with pytest.raises(LedgerError, match=r"upswell\.db is no ledger of this version: run `upswell serve` once"):
        Ledger(path)
    Ledger(path, create=True).close()
    assert [file.name for file in tmp_path.iterdir()] == ["upswell.db"]


def test_an_older_ledger_is_brought_up_to_date_by_who_may(tmp_path, monkeypatch):
    """A ledger of an older schema is brought up to date by `upswell serve`, and its rows stay."""
    path = tmp_path / "upswell.db"
    with Ledger(path, create=True) as ledger:
        applied(ledger, subscribed(1))
        before = tables(ledger)
    newer = type(migrations())("upswell")
    newer._migrations = [*migrations()._migrations]
    newer()(add_column)
    monkeypatch.setattr("upswell.store.ledger.migrations", newer)
    with pytest.raises(LedgerError, match="run `upswell serve` once to bring it up to date"):
        Ledger(path)
    with Ledger(path, create=True) as ledger:
        assert "mood" in Database(ledger.connection, execute_plugins=False)["movements"].columns_dict
        assert tables(ledger, without=["mood"]) == before


def migrations():
    """Return the ledger's own migrations."""
    from upswell.store.migrations import migrations

    return migrations


def add_column(database):
    """Change the schema, as a later version may."""
    database.execute("ALTER TABLE movements ADD COLUMN mood TEXT")


def test_a_ledger_that_cannot_be_made_is_told(tmp_path):
    """A folder that is not there gives one sentence that names the ledger."""
    path = tmp_path / "nowhere" / "upswell.db"
    with pytest.raises(LedgerError, match=f"The ledger {path} cannot be opened"):
        Ledger(path, create=True)
    with pytest.raises(LedgerError, match=f"The ledger {path} cannot be locked .*: check its folder"):
        hold(path)


def test_a_folder_is_no_ledger(tmp_path):
    """A folder in the ledger's place gives one sentence that names it."""
    with pytest.raises(LedgerError, match=f"The ledger {tmp_path} cannot be opened"):
        Ledger(tmp_path, create=True)


def test_a_ledger_that_is_not_there_is_told_with_the_remedy(tmp_path):
    """Only commands that write create a ledger; the others say which do."""
    with pytest.raises(LedgerError, match="`upswell serve`, `upswell backfill` or `upswell replay FILE` creates it"):
        Ledger(tmp_path / "upswell.db")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_cannot_be_written_is_told(ledger):
    """Where the file can only be read, writing gives one sentence that names it, and reading goes on."""
    applied(ledger, subscribed(1))
    ledger.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match=f"The ledger {ledger.path} cannot be written .*readonly"):
        taken(ledger, subscribed(2))
    assert movements(ledger) == [("cus_1", "new", 5000)]


def half_written(ledger):
    """Write, and fail before it is committed."""
    with ledger.write() as connection:
        note_job(connection, "half", 1)
        raise KeyError


def test_what_fails_is_rolled_back(ledger):
    """A write that fails half way leaves nothing behind, and the ledger can be written again."""
    with pytest.raises(KeyError):
        half_written(ledger)
    assert ledger.job("half") is None
    with ledger.write() as connection:
        note_job(connection, "whole", {"a": [1]})
    assert ledger.job("whole") == {"a": [1]}


def test_a_file_that_breaks_while_it_is_written_is_told(ledger):
    """What SQLite says of the file in the middle of a write is told as the ledger's fault."""
    broken = pytest.raises(LedgerError, match=r"cannot be written \(no such table: nowhere\)")
    with broken, ledger.write() as connection:
        connection.execute("INSERT INTO nowhere VALUES (1)")


def test_a_lock_that_stays_is_told(ledger):
    """Where somebody else writes for longer than one would wait, one sentence says so and nothing is written."""
    busy = pytest.raises(LedgerBusy, match=r"locked by another process for 0\.01 s")
    with Ledger(ledger.path) as other, other.write(), busy, ledger.write(0.01):
        pytest.fail("two wrote at once")
    taken(ledger, subscribed(1))


def test_a_lock_that_goes_is_waited_for(ledger):
    """Who writes while somebody else does waits for its turn."""
    held, done = threading.Event(), threading.Event()

    def write():
        with Ledger(ledger.path) as other, other.write() as connection:
            note_job(connection, "other", 1)
            held.set()
            done.wait(60)

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(60)
    threading.Timer(0.02, done.set).start()
    with ledger.write() as connection:
        note_job(connection, "mine", 2)
    writer.join()
    assert (ledger.job("other"), ledger.job("mine")) == (1, 2)


def test_a_ledger_is_served_once(tmp_path):
    """Two processes cannot serve one ledger; the lock is free again when its holder is gone."""
    path = tmp_path / "upswell.db"
    with hold(path), pytest.raises(LedgerError, match="Another `upswell serve` holds the ledger"):
        hold(path)
    hold(path).close()


def test_a_ledger_that_was_replaced_is_noticed(ledger, tmp_path):
    """A ledger whose path names another file, or none, says so: nobody would find what is written there."""
    assert not ledger.is_replaced()
    ledger.path.rename(tmp_path / "moved.db")
    assert ledger.is_replaced()
    ledger.path.write_bytes(b"")
    assert ledger.is_replaced()


def test_closing_twice_is_fine(ledger):
    """A ledger may be closed more than once."""
    ledger.close()
    ledger.close()


@pytest.mark.parametrize("create", [True, False], ids=["serve", "summary"])
def test_another_program_s_database_is_left_alone(tmp_path, create):
    """A database that is no ledger gives one sentence with the remedy, and not one byte of it changes."""
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs(name)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"holds another program's tables: name another file under \[ledger\] path"):
        Ledger(path, create=create)
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [True, False], ids=["serve", "summary"])
def test_a_ledger_of_a_newer_version_is_left_alone(ledger, create):
    """A ledger that a newer Upswell has changed gives one sentence with the remedy, and is not touched."""
    with ledger.write() as connection:
        row = ("upswell", "of_the_future", "2030-01-01")
        connection.execute("INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES (?, ?, ?)", row)
    ledger.close()
    before = ledger.path.read_bytes()
    with pytest.raises(LedgerError, match="newer"):
        Ledger(ledger.path, create=create)
    assert ledger.path.read_bytes() == before


@pytest.fixture
def large(monkeypatch):
    """Every write-ahead log counts as large, and is looked at after each commit."""
    monkeypatch.setattr(ledgers, "_LARGE_WAL", 1)
    monkeypatch.setattr(ledgers, "_LOOK_EVERY", 1)


def written(ledger):
    """Write something, and return the sizes of the ledger's file and of its write-ahead log."""
    with ledger.write() as connection:
        connection.executemany("INSERT INTO accounts VALUES (?, 'a')", [(f"cus_{n}",) for n in range(5_000)])
    return ledger.path.stat().st_size, Path(f"{ledger.path}-wal").stat().st_size


def test_a_large_log_goes_into_the_file_where_nobody_serves(ledger, large):
    """A command that writes much does not let the write-ahead log grow without end."""
    before = ledger.path.stat().st_size
    after, log = written(ledger)
    assert after > before
    assert log == 0


def test_a_large_log_is_left_to_whoever_serves(ledger, large):
    """Who holds the ledger's lock checkpoints, and nobody else: two at once have corrupted databases."""
    with closing(hold(ledger.path)):
        before = ledger.path.stat().st_size
        after, log = written(ledger)
    assert after == before
    assert log > 100_000


def test_whoever_serves_relieves_the_log(ledger, large):
    """What another process wrote goes into the file too, and then the log begins anew."""
    with closing(hold(ledger.path)), Ledger(ledger.path, checkpoints=True) as serving:
        _, log = written(ledger)
        serving.relieve()
        with ledger.write() as connection:
            connection.execute("DELETE FROM accounts WHERE customer = 'cus_1'")
        assert Path(f"{ledger.path}-wal").stat().st_size == log


def test_the_lock_is_waited_for_a_moment(ledger):
    """A command that writes much takes the lock for moments, and whoever starts to serve waits for them."""
    lock = hold(ledger.path)
    threading.Timer(0.1, lock.close).start()
    hold(ledger.path, 10).close()


def test_only_what_can_be_done_again_is_not_synced(tmp_path):
    """Every commit is on disk when it returns, unless the ledger was opened for work that can be done again."""
    with Ledger(tmp_path / "a.db", create=True) as ledger, Ledger(tmp_path / "a.db", synced=False) as other:
        modes = [one.connection.execute("PRAGMA synchronous").fetchone()[0] for one in (ledger, other)]
    assert modes == [2, 1]  # FULL, NORMAL
