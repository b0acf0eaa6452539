"""Copying the ledger while others use it: one moment of it, whole, checked, and only then under its name."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import UpswellError
from upswell.store.ledger import Ledger

_PAGES = 256  # 1 MB, then a pause: a receiver beside it has the disk meanwhile
_PAUSE_SECONDS = 0.001


def backup(
    ledger: Ledger, target: Path, *, force: bool = False, progress: Callable[[int, int], Any] | None = None
) -> int:
    """Copy ``ledger`` as it is now to ``target``, for its owner alone to read, and return the copy's size in bytes.

    ``force`` replaces a file that is there; ``progress`` is told how many pages are copied, and of how many. Raises
    UpswellError where the copy cannot be written or fails SQLite's own check; then ``target`` is as it was.
    """
    _refuse(ledger.path, target, force=force)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(ledger.connection, partial, progress or (lambda _done, _whole: None))
        _check(partial)
        _sync(partial)
        _put(partial, target, force=force)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise UpswellError(
            f"The ledger cannot be copied to {target} ({error}): check the folder and the room in it"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _refuse(source: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise UpswellError(f"{target} is a folder: name a file")
    if target.exists() and target.samefile(source):
        raise UpswellError(f"{target} is the ledger itself: name another file")
    if target.exists() and not force:
        raise _exists(target)
    if Path(f"{target}-wal").exists():
        raise UpswellError(f"{target}-wal lies there, of a ledger that is in use or was cut off: name another file")


def _exists(target: Path) -> UpswellError:
    return UpswellError(f"{target} exists: name another file, or replace it with --force")


def _copy(source: sqlite3.Connection, target: Path, progress: Callable[[int, int], Any]) -> None:
    """Copy what ``source`` shows now.

    An open read transaction keeps that moment: without one, SQLite begins anew each time somebody else has written.
    """

    def step(_status: int, left: int, whole: int) -> None:
        progress(whole - left, whole)
        time.sleep(_PAUSE_SECONDS)

    source.execute("BEGIN")
    try:
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # it is synced once, when it is whole
            source.backup(copy, pages=_PAGES, progress=step)
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, with no log beside it
    finally:
        source.execute("ROLLBACK")


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        (answer,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
    if answer != "ok":
        raise UpswellError(f"The copy is damaged ({answer}), and so may be the ledger: `upswell doctor` looks at it")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(partial: Path, target: Path, *, force: bool) -> None:
    """Give the copy its name; without ``force`` never in the place of a file that came up meanwhile."""
    if not force:
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise _exists(target) from None
    partial.replace(target)
