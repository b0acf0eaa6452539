"""Replaying recorded events from files, through the same accept and apply as the webhook's."""

import codecs
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec

from upswell.core.rules import Rules
from upswell.errors import ShapeError, UpswellError
from upswell.intake.applying import Applied, Lookup, apply_pending
from upswell.intake.rebuild import Progress
from upswell.store.events import Accepted, accept, envelope
from upswell.store.ledger import Ledger

if TYPE_CHECKING:
    from io import BufferedReader

_BATCH = 500
_GZIP = b"\x1f\x8b"
_UNREADABLE = object()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the files: new and already known events, what could not be read, and what applying did.

    ``broken`` holds one ``FILE:LINE: what is wrong`` each.
    """

    new: int
    known: int
    broken: tuple[str, ...]
    applied: Applied


@dataclass(frozen=True, slots=True)
class _Broken:
    place: str
    what: str


def replay(
    ledger: Ledger,
    rules: Rules,
    files: Sequence[str],
    lookup: Lookup | None = None,
    *,
    progress: Progress | None = None,
) -> Replayed:
    """Accept and apply the events of ``files``; ``-`` is standard input.

    A file holds one JSON object, a list, a Stripe list object or JSON lines, also compressed with gzip. A broken
    line is reported and the rest goes in. Raises UpswellError where a file is missing; then nothing was taken in.
    """
    refuse_missing(files)
    new = known = 0
    broken: list[str] = []
    batch: list[Accepted] = []
    for found in (found for file in files for found in _events(file)):
        if isinstance(found, _Broken):
            broken.append(f"{found.place}: {found.what}")
            continue
        batch.append(found)
        if len(batch) == _BATCH:
            fresh = accept(ledger, batch, seconds=30)
            new, known, batch = new + fresh, known + len(batch) - fresh, []
    fresh = accept(ledger, batch, seconds=30)
    applied = apply_pending(ledger, rules, lookup, progress=progress)
    return Replayed(new + fresh, known + len(batch) - fresh, tuple(broken), applied)


def refuse_missing(files: Sequence[str], what: str = "Stripe events") -> None:
    """Raise UpswellError for the first of ``files``, which are to hold ``what``, that is not there."""
    for file in files:
        if file != "-" and not Path(file).exists():
            raise UpswellError(f"There is no file {file}: name a file with {what}, or - for standard input")


def _events(file: str) -> Iterator[Accepted | _Broken]:
    name = "standard input" if file == "-" else file
    try:
        with opened(file) as lines:
            yield from _read(lines, name)
    except (OSError, EOFError, zlib.error) as error:
        yield _Broken(name, f"cannot be read ({error})")


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """Open ``file``, unpacked where gzip packed it; standard input stays open."""
    with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as raw:
        if cast("BufferedReader", raw).peek(2)[:2] != _GZIP:
            yield raw
            return
        with gzip.open(raw) as unpacked:
            yield cast("BinaryIO", unpacked)


def _read(lines: BinaryIO, name: str) -> Iterator[Accepted | _Broken]:
    """Read JSON lines as they come; what does not begin with a whole line of JSON is read as one document."""
    first, number = lines.readline().removeprefix(codecs.BOM_UTF8), 1
    while first and not first.strip():
        first, number = lines.readline(), number + 1
    if not first or _parsed(first) is not _UNREADABLE:
        yield from _lines([first], name, number)
        yield from _lines(lines, name, number + 1)
        return
    whole = first + lines.read()
    document = _parsed(whole)
    if document is _UNREADABLE:
        yield from _unread(whole, name, number)
    else:
        yield from _unpacked(document, name, whole)


def _unread(whole: bytes, name: str, number: int) -> Iterator[Accepted | _Broken]:
    """Tell of every broken line, or once of the whole where no line is an event."""
    found = list(_lines(whole.splitlines(), name, number))
    if any(isinstance(one, Accepted) for one in found):
        yield from found
        return
    try:
        msgspec.json.decode(whole)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        yield _Broken(f"{name}:{number}", f"neither JSON nor JSON lines ({str(error)[:120]})")


def _lines(lines: Iterable[bytes], name: str, first: int) -> Iterator[Accepted | _Broken]:
    for number, line in enumerate(lines, first):
        if line.strip():
            document = _parsed(line)
            place = f"{name}:{number}"
            yield from [_Broken(place, "not JSON")] if document is _UNREADABLE else _unpacked(document, place, line)


def _parsed(text: bytes) -> Any:
    """Return the document that ``text`` is, or ``_UNREADABLE``."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _UNREADABLE


def _unpacked(document: Any, place: str, body: bytes) -> Iterator[Accepted | _Broken]:
    """Return the events of one document: itself, or those of a list or of Stripe's list object."""
    if isinstance(document, dict) and document.get("object") == "list" and isinstance(document.get("data"), list):
        document = document["data"]
    if not isinstance(document, list):
        yield _taken(body.strip(), place)
        return
    for index, event in enumerate(document, 1):
        yield _taken(msgspec.json.encode(event), f"{place} (event {index})")


def _taken(body: bytes, place: str) -> Accepted | _Broken:
    try:
        return envelope(body)
    except ShapeError as error:
        return _Broken(place, str(error))
