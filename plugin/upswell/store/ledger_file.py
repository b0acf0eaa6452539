"""The ledger's file before it is opened: whether it is there, whose it is, and whether it has lost what was in it."""

import os
from pathlib import Path

from upswell.errors import LedgerError


def size(path: Path) -> int:
    """Return the bytes of the file at ``path``; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at ``path`` from one that takes its place; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def begin(path: Path) -> None:
    """Make a new file, empty, for its owner alone; a mark beside it says so until ``begun``. Raises OSError."""
    _mark(path).touch(0o600)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def begun(path: Path) -> None:
    """Take the mark away: from now on the file is never empty."""
    if _mark(path).exists():
        _mark(path).unlink(missing_ok=True)


def refuse_lost(path: Path) -> None:
    """Refuse a file that has lost all that was in it: a new ledger would take its place without a word.

    So it is where a write-ahead log is left of a ledger, for what is in it belongs to that one, and where the file is
    empty though nobody is making it. Raises LedgerError.
    """
    if size(path) == 0 and size(log := Path(f"{path}-wal")):
        raise LedgerError(
            f"The ledger {path} is gone or empty, and its write-ahead log {log} is not: "
            "bring the ledger back from a backup, or move the log away to begin a new one"
        )
    if _is_empty(path) and not _mark(path).exists() and _is_empty(path):  # somebody may have made it just now
        raise LedgerError(
            f"The ledger {path} is an empty file: bring it back from a backup, or remove it to begin anew"
        )


def _is_empty(path: Path) -> bool:
    return path.is_file() and size(path) == 0


def _mark(path: Path) -> Path:
    return Path(f"{path}.new")
