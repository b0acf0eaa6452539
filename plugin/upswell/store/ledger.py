"""The ledger file: opening it, and the one way to write it.

SQLite in WAL mode, ``synchronous=FULL`` but for what can be done again, foreign keys on. A connection belongs to the
thread that opened it.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import LedgerBusy, LedgerError
from upswell.store.ledger_file import begin, begun, identity, refuse_lost, size
from upswell.store.migrations import migrations, names

_RETRY_SECONDS = 0.0005
_LOCK_SECONDS = 0.05
_OLDEST_SQLITE = (3, 37)
_LARGE_WAL = 64 * 2**20
_LOOK_EVERY = 64  # commits
_ERASE, _ERASE_SECONDS = "erase", 0.2
_BESIDE = 256 * 2**20  # bytes that are written anew well within the five seconds for which a webhook waits

FILE_ERRORS = (sqlite3.OperationalError, sqlite3.DatabaseError)
"""What SQLite raises where the file may be at fault; not their other kinds, such as IntegrityError."""


class Ledger:
    """An open ledger. Use it as a context manager, or call ``close``.

    ``path`` is the file; ``create`` makes it where it is missing and brings an older schema up to date;
    ``checkpoints`` is for the one process that holds the ledger's lock; ``synced`` False is for work that can be done
    again: a commit is on disk with the next one of anybody else, and a power cut may take it back before.
    Raises LedgerError where the file is missing, no ledger, or cannot be opened.
    """

    def __init__(self, path: Path, *, create: bool = False, checkpoints: bool = False, synced: bool = True) -> None:
        self.path = path
        self._checkpoints, self._commits = checkpoints, 0
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise LedgerError(
                f"SQLite {sqlite3.sqlite_version} is too old for the ledger, which needs 3.37 or later: "
                "use a newer Python, or install pysqlite3-binary"
            )
        if not create and not path.exists():
            raise LedgerError(
                f"There is no ledger at {path}: `upswell serve`, `upswell backfill` or `upswell replay FILE` "
                "creates it, "
                "or name another under [ledger] path"
            )
        refuse_lost(path)
        try:
            if create and not path.exists():
                begin(path)
            self.connection: sqlite3.Connection = sqlite3.connect(path, isolation_level=None, timeout=0)
            self._file = identity(path)
            self._prepare(create=create, checkpoints=checkpoints, synced=synced)
            if create:
                begun(path)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise LedgerError(f"The ledger {path} cannot be opened ({error}): check the file and its folder") from error
        except LedgerError:
            self.close()
            raise

    def _prepare(self, *, create: bool, checkpoints: bool, synced: bool) -> None:
        execute = self.connection.execute
        database = Database(self.connection, execute_plugins=False)
        deadline = time.monotonic() + 5
        while True:
            try:
                self._check(database)
                execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
        execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
        execute("PRAGMA foreign_keys = ON")
        execute(f"PRAGMA wal_autocheckpoint = {1000 if checkpoints else 0}")
        if create and migrations.pending(database):
            with self.write(seconds=5):
                migrations.apply(database)
        if migrations.pending(database):
            raise LedgerError(
                f"{self.path} is no ledger of this version: run `upswell serve` once to bring it up to date"
            )

    def _check(self, database: Database) -> None:
        """Refuse a file that a newer Upswell wrote, or another program; neither is touched."""
        applied = {migration.name for migration in migrations.applied(database)}
        if applied - names():
            raise LedgerError(f"The ledger {self.path} was written by a newer Upswell: update this one")
        if not applied and database.table_names():
            raise LedgerError(f"{self.path} holds another program's tables: name another file under [ledger] path")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        if connection := getattr(self, "connection", None):
            connection.close()

    def is_replaced(self) -> bool:
        """Say whether the path names another file by now, or none: nobody would find what is written here."""
        return identity(self.path) != self._file

    @contextmanager
    def write(self, seconds: float = 30.0) -> Iterator[sqlite3.Connection]:
        """Open a write transaction, commit it at the end, roll it back on an error.

        Waits up to ``seconds`` for the write lock by trying every half millisecond: SQLite's own busy
        handler sleeps ever longer and starves beside a bulk writer. Raises LedgerBusy after that.
        """
        connection = self.connection
        deadline = time.monotonic() + seconds
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.DatabaseError as error:
                if not _is_busy(error):
                    raise LedgerError(f"The ledger {self.path} cannot be written ({error})") from error
                if time.monotonic() > deadline:
                    raise LedgerBusy(
                        f"The ledger {self.path} was locked by another process for {seconds:g} s: try again"
                    ) from error
                time.sleep(_RETRY_SECONDS)
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if type(error) in FILE_ERRORS:
                raise LedgerError(f"The ledger {self.path} cannot be written ({error})") from error
            raise
        self._commits += 1
        if self._commits % _LOOK_EVERY == 0:
            self.relieve()

    def relieve(self) -> None:
        """Bring a write-ahead log that has grown large into the ledger's file.

        That is for who holds the ledger's lock; where nobody does, for whoever writes.
        """
        if self._checkpoints and self.wants_erasing() and self.erases_beside():
            with suppress(LedgerError):
                self.erase(_ERASE_SECONDS)
        if size(Path(f"{self.path}-wal")) < _LARGE_WAL:
            return
        if self._checkpoints:
            # What is committed meanwhile is left over: the next tries find little, and then the log begins anew.
            for _ in range(3):
                self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return
        with suppress(LedgerError, sqlite3.OperationalError), hold(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def want_erased(self) -> None:
        """Note that what was deleted must leave the file too; who holds the ledger's lock sees to it."""
        self._note_erasing("file")

    def wants_erasing(self) -> bool:
        """Whether something deleted may still stand in the file or its log."""
        return self.job(_ERASE) is not None

    def erases_beside(self) -> bool:
        """Whether that is done beside others who write; where the file is large, only before they begin."""
        return self.job(_ERASE) == "log" or size(self.path) <= _BESIDE

    def erase(self, seconds: float = 20.0) -> None:
        """Write the file anew, without what was deleted, and empty its log; for who holds the ledger's lock.

        Others wait to write meanwhile. Raises LedgerBusy where somebody writes, or reads, for longer than ``seconds``;
        what was done by then is not done again.
        """
        deadline = time.monotonic() + seconds
        if self.job(_ERASE) != "log":
            self._insist("VACUUM", deadline)
            self._note_erasing("log")
        self._insist("PRAGMA wal_checkpoint(TRUNCATE)", deadline)
        with self.write() as connection:
            forget_job(connection, _ERASE)

    def _note_erasing(self, what: str) -> None:
        with self.write() as connection:
            note_job(connection, _ERASE, what)

    def _insist(self, statement: str, deadline: float) -> None:
        """Run ``statement`` as soon as nobody is in its way. Raises LedgerBusy after the ``deadline``."""
        while True:
            try:
                if not (self.connection.execute(statement).fetchone() or (False,))[0]:
                    return
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise LedgerError(f"The ledger {self.path} cannot be written anew ({error})") from error
            if time.monotonic() > deadline:
                raise LedgerBusy(f"The ledger {self.path} is being used: what was deleted is still in its file")
            time.sleep(_LOCK_SECONDS)

    @contextmanager
    def attempt(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction as ``write`` does, and take back all that was written in it."""
        with self.write() as connection:
            connection.execute("SAVEPOINT attempt")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK TO attempt")

    def job(self, name: str) -> Any:
        """Return what was noted under ``name`` in ``jobs``, or None."""
        return job(self.connection, name)


def job(connection: sqlite3.Connection, name: str) -> Any:
    """Return what was noted under ``name`` in ``jobs``, or None."""
    row = connection.execute("SELECT value FROM jobs WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def note_job(connection: sqlite3.Connection, name: str, value: Any) -> None:
    """Note ``value`` (anything JSON holds) under ``name``, inside an open write transaction."""
    connection.execute(
        "INSERT INTO jobs(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )


def forget_job(connection: sqlite3.Connection, name: str) -> None:
    """Forget what was noted under ``name``, inside an open write transaction."""
    connection.execute("DELETE FROM jobs WHERE name = ?", (name,))


def hold(path: Path, seconds: float = 0.0) -> IO[bytes]:
    """Take the exclusive lock of the ledger at ``path`` and return the file that holds it while it is open.

    Tries for so many ``seconds``: a command that writes much takes it for moments. Raises LedgerError where another
    process serves the same ledger.
    """
    deadline = time.monotonic() + seconds
    try:
        lock = Path(f"{path}.lock").open("ab")  # noqa: SIM115  # the caller closes it
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be locked ({error}): check its folder") from error
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < deadline:
                time.sleep(_LOCK_SECONDS)
                continue
            lock.close()
            raise LedgerError(
                f"Another `upswell serve` holds the ledger {path}: stop it, or name another ledger"
            ) from error
        return lock


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return "locked" in str(error) or "busy" in str(error)
