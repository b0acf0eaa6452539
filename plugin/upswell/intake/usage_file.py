"""Taking in usage from CSV files: row by row, each of which is kept or named with what is wrong."""

import codecs
import csv
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from upswell.core.readings import FILE, Reading
from upswell.core.reported import COLUMNS, NEEDED, reading
from upswell.errors import RowError, UpswellError
from upswell.intake.rebuild import PAUSE_SECONDS, Progress
from upswell.intake.replay import opened
from upswell.store.ledger import Ledger
from upswell.store.measures import Written, write_readings

_BATCH = 200
_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file's rows; ``bad`` is how many could not be read."""

    written: Written = field(default_factory=Written)
    bad: int = 0


def take_in(
    ledger: Ledger, file: str, now: int, tell: Callable[[str], object], *, progress: Progress | None = None
) -> Taken:
    """Write the readings of a CSV ``file``; ``-`` is standard input, and gzip is unpacked.

    ``tell`` is told each row that cannot be read, with its line; the others are kept. ``now`` is unix seconds UTC,
    ``progress`` is told of bytes. Raises UpswellError where the file is missing, or its header is no such header.
    """
    name = "standard input" if file == "-" else file
    whole = Path(file).stat().st_size if Path(file).is_file() else 0
    done, batch = Taken(), list[Reading]()
    try:
        with opened(file) as raw:
            lines = _Lines(raw)
            for line, found in _rows(lines, name, now):
                if isinstance(found, Reading):
                    batch.append(found)
                else:
                    tell(f"{name}:{line}: {found}")
                    done = replace(done, bad=done.bad + 1)
                if len(batch) == _BATCH:
                    done, batch = _written(ledger, batch, done), []
                    if progress:
                        progress(lines.bytes, max(whole, lines.bytes))
    except (OSError, EOFError, zlib.error) as error:
        raise UpswellError(f"{name} cannot be read ({error}): what came before is kept") from error
    return _written(ledger, batch, done)


def _written(ledger: Ledger, batch: list[Reading], done: Taken) -> Taken:
    """Write some in a short commit, and let others write."""
    with ledger.write() as connection:
        written = write_readings(connection, batch)
    time.sleep(PAUSE_SECONDS)
    return replace(done, written=done.written + written)


class _Lines:
    """The lines of a file as text; what is not UTF-8 stays recognizable. ``bytes`` is how many were read."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        self.bytes = 0
        self._raw = raw

    def __iter__(self) -> Iterator[str]:
        for line in self._raw:
            text = line if self.bytes else line.removeprefix(codecs.BOM_UTF8)
            self.bytes += len(line)
            yield text.decode(errors="surrogateescape")


def _rows(lines: _Lines, name: str, now: int) -> Iterator[tuple[int, Reading | RowError]]:
    """Yield each row's first line, and its reading or what is wrong with it."""
    told = iter(lines)
    header = next(told, "")
    separator = max(_SEPARATORS, key=header.count)
    columns = _columns(next(csv.reader([header], delimiter=separator), []), name)
    table = csv.reader(told, delimiter=separator)
    while True:
        line = table.line_num + 2
        try:
            fields = next(table, None)
        except csv.Error as error:
            yield line, RowError(f"no CSV ({error})")
            continue
        if fields is None:
            return
        if any(fields):
            yield line, _read(columns, fields, now)


def _read(columns: list[str], fields: list[str], now: int) -> Reading | RowError:
    if len(fields) != len(columns):
        return RowError(f"{len(fields)} fields where the header has {len(columns)}")
    try:
        return reading(dict(zip(columns, fields, strict=True)), FILE, now)
    except RowError as error:
        return error


def _columns(header: list[str], name: str) -> list[str]:
    """Return the names of the columns. Raises UpswellError where one is missing, unknown, or there twice."""
    columns = [one.strip().lower() for one in header]
    known = f"a file of usage has {', '.join(NEEDED)} and may have {', '.join(COLUMNS[len(NEEDED) :])}"
    if missing := [one for one in NEEDED if one not in columns]:
        raise UpswellError(f"The first line of {name} names no column {missing[0]}: {known}")
    if strange := [one for one in columns if one not in COLUMNS]:
        raise UpswellError(f"The first line of {name} names a column {strange[0]!r}: {known}")
    if len(set(columns)) < len(columns):
        raise UpswellError(f"The first line of {name} names a column twice: {known}")
    return columns
