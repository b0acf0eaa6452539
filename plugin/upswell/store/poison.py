"""What cannot be applied: undone alone, told from a fault of the ledger's file, and put into a sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import InvariantError, LedgerError, ShapeError
from upswell.store.ledger import FILE_ERRORS

_OF_THE_DATA = frozenset({1, 18, 19, 20, 25})  # SQLITE_ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE
_MOST = 300
_log = logging.getLogger("upswell.poison")


@contextmanager
def attempt(connection: sqlite3.Connection) -> Iterator[None]:
    """Undo what the block wrote if it fails, and nothing else of the open write transaction."""
    connection.execute("SAVEPOINT attempt")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk may have rolled everything back
            connection.execute("ROLLBACK TO attempt")
            connection.execute("RELEASE attempt")
        raise
    connection.execute("RELEASE attempt")


def reason(error: Exception) -> str:
    """Return in a sentence why something could not be applied. Raises ``error`` where the ledger itself is at fault.

    What is no fault of the ledger is one of the data, or ours: it must not hold up what comes after it.
    """
    if isinstance(error, ShapeError | InvariantError):
        return str(error)
    if isinstance(error, LedgerError) or _is_of_the_file(error):
        raise error
    if isinstance(error, OverflowError) or (type(error) is ValueError and "out of range" in str(error)):
        return f"an amount or a time is larger than the ledger can write down ({str(error)[:_MOST]})"
    if isinstance(error, LookupError):
        return f"{str(error)[:_MOST]} is needed, and nobody told of it"
    _log.error("What could not be applied is kept, with the reason, and is no fault of its own", exc_info=error)
    return f"nobody foresaw it: please report this ({type(error).__name__}: {str(error)[:_MOST]})"


def _is_of_the_file(error: Exception) -> bool:
    return type(error) in FILE_ERRORS and (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _OF_THE_DATA
