"""Replaying files: every form a recorded event comes in, and what is said of what cannot be read."""

import codecs
import gzip
import io
import json
import os
import sys
import threading

import pytest

from intake.told import AT, BROKEN, DAY, OUR_CLOCK, Book, moved, movements, subscribed, tables
from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.intake.replay import replay
from upswell.store.events import bodies

EVENTS = [subscribed(1), moved(1, 5, 8, AT + DAY), subscribed(2), moved(2, 5, 1, AT + 2 * DAY)]
NAMES = [json.loads(event)["id"] for event in EVENTS]
BOOKED = [("cus_1", "new", 5000), ("cus_2", "new", 5000), ("cus_1", "seat", 3000), ("cus_2", "downgrade", -4000)]
LISTED = [json.loads(event) for event in EVENTS]


def pretty(document):
    """Return a document of many lines."""
    return json.dumps(document, indent=2).encode()


def page(events):
    """Return Stripe's list object, as ``/v1/events`` answers."""
    return {"object": "list", "url": "/v1/events", "has_more": False, "data": events}


def lines(*documents):
    """Return JSON lines."""
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


FORMS = {
    "JSON lines": b"\n".join(EVENTS) + b"\n",
    "JSON lines without a last line end": b"\n".join(EVENTS),
    "JSON lines of Windows": b"\r\n".join(EVENTS) + b"\r\n",
    "JSON lines with blank ones between": b"\n\n" + b"\n \n\t\n".join(EVENTS) + b"\n\n\n",
    "a list": json.dumps(LISTED).encode(),
    "a list of many lines": pretty(LISTED),
    "a list of Windows": pretty(LISTED).replace(b"\n", b"\r\n"),
    "a page": json.dumps(page(LISTED)).encode(),
    "a page of many lines": pretty(page(LISTED)),
    "lists as JSON lines": lines(LISTED[:1], LISTED[1:]),
    "pages as JSON lines": lines(page(LISTED[:3]), page(LISTED[3:])),
    "an event and a list as JSON lines": lines(LISTED[0], LISTED[1:]),
    "JSON lines behind a byte order mark": codecs.BOM_UTF8 + b"\n".join(EVENTS),
    "a list of many lines behind a byte order mark": codecs.BOM_UTF8 + pretty(LISTED),
    "a list of many lines behind blank ones": b"\n \r\n" + pretty(LISTED),
}


def replayed(ledger, tmp_path, *contents, **more):
    """Replay files of these contents."""
    files = [tmp_path / f"events_{number}" for number, _ in enumerate(contents)]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return replay(ledger, Rules(), [str(file) for file in files], **more)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_events_are_taken_in_whatever_form_they_come(ledger, tmp_path, form, packed):
    """One JSON object, a list, a Stripe list object, JSON lines of any of them, plain or with gzip: the same events."""
    content = FORMS[form]
    done = replayed(ledger, tmp_path, gzip.compress(content) if packed else content)
    assert (done.new, done.known, done.broken) == (4, 0, ())
    assert (done.applied.applied, done.applied.waiting, done.applied.failed) == (4, 0, 0)
    assert movements(ledger) == BOOKED


@pytest.mark.parametrize(
    "content",
    [EVENTS[0], pretty(LISTED[0]), pretty(LISTED[0]).replace(b"\n", b"\r\n")],
    ids=["one line", "many", "of Windows"],
)
def test_one_event_is_a_file(ledger, tmp_path, content):
    """A file may hold one JSON object, on one line or many."""
    assert replayed(ledger, tmp_path, content).new == 1
    assert movements(ledger) == BOOKED[:1]


def test_several_files_are_one_stream(ledger, tmp_path):
    """Several files are taken in together; an event that comes again is a known one."""
    done = replayed(ledger, tmp_path, EVENTS[0], FORMS["a list"], gzip.compress(EVENTS[1]))
    assert (done.new, done.known, done.broken) == (4, 2, ())
    again = replayed(ledger, tmp_path, FORMS["a page"])
    assert (again.new, again.known, again.applied.applied) == (0, 4, 0)


def test_replaying_twice_is_replaying_once(fresh, tmp_path):
    """Replay twice is replay once, in every row of every table."""
    once, twice = fresh(), fresh()
    replayed(once, tmp_path, FORMS["JSON lines"])
    replayed(twice, tmp_path, FORMS["a page of many lines"])
    replayed(twice, tmp_path, FORMS["JSON lines"])
    assert tables(once, without=(*OUR_CLOCK, "body")) == tables(twice, without=(*OUR_CLOCK, "body"))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_standard_input_is_a_file(ledger, monkeypatch, packed):
    """``-`` is standard input, plain or with gzip."""
    content = FORMS["JSON lines"]
    given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(content) if packed else content)))
    monkeypatch.setattr(sys, "stdin", given)
    assert replay(ledger, Rules(), ["-"]).new == 4
    assert not given.closed


def test_the_bytes_of_a_line_are_kept(ledger, tmp_path):
    """A line's bytes are stored as they came, spaces, escapes and order of keys included."""
    line = (
        b'{ "type":"x.y" ,"id" : "evt_1","created": 1800000000, "data":{"object":{"a":"\\u00fc \xc3\xbc","n":1.0e2}} }'
    )
    replayed(ledger, tmp_path, b"  " + line + b" \r\n" + EVENTS[0] + b"\n")
    assert bodies(ledger, ["evt_1", "evt_sub_1"]) == {"evt_1": line, "evt_sub_1": EVENTS[0]}


def test_a_broken_line_is_told_with_its_place(ledger, tmp_path):
    """Broken lines are reported with file and line number, and the rest goes in."""
    broken = [b'{"id": "evt_half', b"", EVENTS[1], b'{"hello": "world"}', b"[1]", b"\xff\xfe", b"null"]
    content = b"\n".join([EVENTS[0], *broken, EVENTS[2]])
    done = replayed(ledger, tmp_path, EVENTS[3], content)
    file = tmp_path / "events_1"
    assert done.broken == (
        f"{file}:2: not JSON",
        f"{file}:5: not a Stripe event: Object missing required field `id`",
        f"{file}:6 (event 1): not a Stripe event: Expected `object`, got `int`",
        f"{file}:7: not JSON",
        f"{file}:8: not a Stripe event: Expected `object`, got `null`",
    )
    assert done.new == 4
    assert movements(ledger) == BOOKED


def test_a_first_line_may_be_the_broken_one(ledger, tmp_path):
    """A broken first line is reported like any other, and the rest goes in."""
    done = replayed(ledger, tmp_path, b"# events of January\n" + FORMS["JSON lines"])
    assert done.broken == (f"{tmp_path / 'events_0'}:1: not JSON",)
    assert done.new == 4


def test_a_broken_event_of_a_list_is_told_with_its_place(ledger, tmp_path):
    """A list's broken events are told by their number, and the rest goes in."""
    done = replayed(ledger, tmp_path, pretty(page([LISTED[0], {"id": ""}, None, LISTED[1]])))
    file = tmp_path / "events_0"
    assert [place.split(": ", 1)[0] for place in done.broken] == [f"{file} (event 2)", f"{file} (event 3)"]
    assert done.new == 2


WHOLE = {
    "text": b"hello\nworld\n",
    "half a document": pretty(LISTED)[:-40],
    "binary": bytes(range(256)) * 64,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "UTF-16": json.dumps(LISTED).encode("utf-16"),
    "brackets": b"[" * 100_000,
}


@pytest.mark.parametrize("form", WHOLE)
def test_a_file_that_is_broken_as_a_whole_is_told_once(ledger, tmp_path, form):
    """A file no line of which is an event is told once, in one sentence that names it; other files go in."""
    done = replayed(ledger, tmp_path, WHOLE[form], EVENTS[0])
    (broken,) = done.broken
    assert broken.startswith(f"{tmp_path / 'events_0'}:1: neither JSON nor JSON lines (")
    assert len(broken) < len(str(tmp_path)) + 250
    assert (done.new, movements(ledger)) == (1, BOOKED[:1])


@pytest.mark.parametrize(
    "content", [b"", b"\n", b" \r\n\t\n", gzip.compress(b""), b"[]", b"[]\n", pretty(page([]))], ids=range(7)
)
def test_an_empty_file_holds_no_events(ledger, tmp_path, content):
    """A file without events is no fault."""
    done = replayed(ledger, tmp_path, content, EVENTS[0])
    assert (done.new, done.broken) == (1, ())


@pytest.mark.parametrize("cut", [10, 30, -12, -1])
def test_a_gzip_file_that_breaks_off_is_told(ledger, tmp_path, cut):
    """A file whose compression breaks off is told, and what could be read before that is kept."""
    done = replayed(ledger, tmp_path, gzip.compress(FORMS["JSON lines"])[:cut], EVENTS[0])
    (broken,) = done.broken
    assert broken.startswith(f"{tmp_path / 'events_0'}: cannot be read (")
    assert ("cus_1", "new", 5000) in movements(ledger)


@pytest.mark.parametrize("place", [25, 200, 400])
def test_a_damaged_gzip_file_is_told(ledger, tmp_path, place):
    """A file whose compression is damaged is told in one sentence, and other files go in."""
    packed = bytearray(gzip.compress(FORMS["JSON lines"]))
    packed[place : place + 4] = b"\xff\xff\xff\xff"
    (broken,) = replayed(ledger, tmp_path, packed, EVENTS[0]).broken
    assert broken.startswith(f"{tmp_path / 'events_0'}: cannot be read (")
    assert movements(ledger)


def test_what_came_before_a_break_is_kept(ledger, tmp_path):
    """What could be read of a compressed file before it breaks is taken in."""
    done = replayed(ledger, tmp_path, gzip.compress(FORMS["JSON lines"])[:-4])
    assert (done.new, len(done.broken)) == (4, 1)


def test_nothing_is_taken_in_where_a_file_is_missing(ledger, tmp_path):
    """A missing file is an error that names it, before anything was taken in."""
    (tmp_path / "events").write_bytes(EVENTS[0])
    with pytest.raises(UpswellError, match=r"There is no file nowhere\.jsonl: name a file with Stripe events, or -"):
        replay(ledger, Rules(), [str(tmp_path / "events"), "nowhere.jsonl"])
    assert tables(ledger)["events"] == []


def test_a_folder_cannot_be_read(ledger, tmp_path):
    """A folder is told as what cannot be read, and the files go in."""
    (tmp_path / "events").write_bytes(EVENTS[0])
    done = replay(ledger, Rules(), [str(tmp_path), str(tmp_path / "events")])
    (broken,) = done.broken
    assert broken.startswith(f"{tmp_path}: cannot be read (")
    assert done.new == 1


def test_a_pipe_is_a_file(ledger, tmp_path):
    """What a shell's process substitution gives, a pipe, is read like a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[FORMS["JSON lines"]])
    writer.start()
    assert replay(ledger, Rules(), [str(pipe)]).new == 4
    writer.join()


def test_many_events_are_taken_in_batches(ledger, tmp_path):
    """A long file is taken in batch by batch, and every event is counted once."""
    many = [{"id": f"evt_{number}", "type": "x.y", "created": AT, "data": {"object": {}}} for number in range(1100)]
    done = replayed(ledger, tmp_path, lines(*many, many[3]))
    assert (done.new, done.known, done.applied.applied) == (1100, 1, 1100)


def test_what_is_read_but_cannot_be_applied_is_told(ledger, tmp_path):
    """An event that is one but cannot be applied is no broken line: it is kept, and what became of it is told."""
    done = replayed(ledger, tmp_path, BROKEN + b"\n" + subscribed(1, discounts=["di_1"]) + b"\n")
    assert (done.new, done.broken, done.applied.failed, done.applied.waiting) == (2, (), 1, 1)


def test_stripe_is_asked_for_what_files_do_not_tell(ledger, tmp_path):
    """Replaying asks Stripe for what no event told, as the webhook's own path does."""
    lookup = Book(di_1=UpswellError("Stripe does not know it any more"))
    replayed(ledger, tmp_path, subscribed(1, discounts=["di_1"]), lookup=lookup)
    assert lookup.asked == ["di_1"]
