"""`upswell demo`: a year through the real receiver, again and again, and nothing left behind."""

import io
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from sqlite_utils.utils import sqlite3

from demo import readme
from upswell.commands import demo
from upswell.core.kinds import KINDS
from upswell.errors import LedgerError, UpswellError
from upswell.store.ledger import Ledger

TODAY = "2026-11-18"
SECONDS = 300


def command(folder):
    """Return the running command, its output in pipes, as somebody's shell would start it in ``folder``."""
    environment = {**os.environ, "STRIPE_API_KEY": "sk_live_not_for_the_demo", "UPSWELL_CONFIG": "", "COLUMNS": "100"}
    return subprocess.Popen(
        [sys.executable, "-m", "upswell", "demo", "--today", TODAY],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def processes(folder):
    """Return the command lines of running processes that name ``folder``."""
    listed = subprocess.check_output(["/bin/ps", "-ww", "-eo", "args"], text=True)
    return [line for line in listed.splitlines() if str(folder) in line]


def files(folder):
    """Return the names of what lies in ``folder``."""
    return sorted(entry.name for entry in folder.iterdir())


def rows(path, query):
    """Return what the ledger at ``path`` answers."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run the demo once in an empty folder, and give that folder and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    with command(folder) as running:
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    return folder, out


def test_it_prints_the_week_three_reasons_and_the_path(shown):
    """The last complete week's summary comes first, then three kinds of movement with reasons, last the path alone."""
    folder, out = shown
    assert "Nov 9 – 15, 2026" in out
    told = re.findall(r"^(\w+) +([+−]\$[\d,.]+) {2}(.+)$", out.partition("Three of its movements")[2], re.MULTILINE)
    assert len({kind for kind, _, _ in told}) == len(told) == 3
    assert all(kind in KINDS and ": " in why for kind, _, why in told)
    assert out.splitlines()[-1] == str(folder / "upswell-demo.db")


def test_everything_came_through_the_receiver(shown):
    """Every event is in the ledger and applied, and every kind of movement occurs, in the year and in the week most."""
    folder, _ = shown
    path = folder / "upswell-demo.db"
    states = dict(rows(path, "SELECT state, count(*) FROM events GROUP BY state"))
    assert set(states) == {"applied"}
    assert 2_000 <= states["applied"] <= 4_000
    assert {kind for (kind,) in rows(path, "SELECT kind FROM movements")} == set(KINDS)
    in_week = rows(path, "SELECT DISTINCT kind FROM movements WHERE occurred_at BETWEEN '2026-11-09' AND '2026-11-16'")
    assert {kind for (kind,) in in_week} == set(KINDS) - {"term_change"}
    drivers = {driver for (driver,) in rows(path, "SELECT driver FROM movements WHERE kind = 'downgrade'")}
    assert drivers == {"plan", "add_on", "seats", "usage", "status"}
    assert {"customer", "sales", "merchant"} == {origin for (origin,) in rows(path, "SELECT origin FROM movements")}
    assert {version for (version,) in rows(path, "SELECT api_version FROM events")} == {
        "2024-12-18.acacia",
        "2025-08-27.basil",
        "2026-10-28.endive",
    }


def test_nothing_is_left_behind(shown):
    """After the demo there is the ledger, no other file, and no process."""
    folder, _ = shown
    assert files(folder) == ["upswell-demo.db"]
    assert processes(folder) == []


def test_it_runs_again_with_the_same_result(shown):
    """A second run replaces the ledger by one with the same movements, though events arrived in another order."""
    folder, out = shown
    path = folder / "upswell-demo.db"
    before, inode = rows(path, "SELECT * FROM movements ORDER BY id"), path.stat().st_ino
    with command(folder) as running:
        again, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    assert path.stat().st_ino != inode
    assert rows(path, "SELECT * FROM movements ORDER BY id") == before
    assert _timeless(again) == _timeless(out)
    assert files(folder) == ["upswell-demo.db"]


def _timeless(out):
    """Return the output without the moment of the run."""
    return re.sub(r"last event [^.]*", "…", out)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_leaves_nothing(tmp_path, number, code):
    """Ctrl-C or SIGTERM while webhooks are delivered ends the receiver too, and an older ledger stays as it was."""
    path = tmp_path / "upswell-demo.db"
    _mark(path)
    before = path.read_bytes()
    with command(tmp_path) as running:
        while "Delivering" not in running.stdout.readline():
            assert running.poll() is None
        assert processes(tmp_path)
        running.send_signal(number)
        _, err = running.communicate(timeout=SECONDS)
    assert running.returncode == code
    assert "Traceback" not in err
    assert files(tmp_path) == ["upswell-demo.db"]
    assert path.read_bytes() == before
    assert processes(tmp_path) == []


def _mark(path):
    with Ledger(path, create=True) as ledger, ledger.write() as connection:
        demo.note_job(connection, "demo", "2020-01-01")


def run(path):
    """Run the demo in this process, its output thrown away."""
    demo.run(date.fromisoformat(TODAY), path, Console(file=io.StringIO()))


def _text(path):
    path.write_text("my notes")


def _other_ledger(path):
    with Ledger(path, create=True):
        pass


def _other_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE jobs (name, salary)")


@pytest.mark.parametrize("make", [_text, _other_ledger, _other_database, Path.mkdir])
def test_what_no_demo_made_is_left_alone(tmp_path, make):
    """A file, folder or ledger that no demo made is refused in a sentence that names it and what to do."""
    path = tmp_path / "mine.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError, match=r"mine\.db was not made by the demo and is left alone: .* --path"):
        run(path)
    assert files(tmp_path) == ["mine.db"]
    assert before is None or path.read_bytes() == before


def test_a_demo_of_another_version_may_be_replaced(tmp_path):
    """The mark alone counts: a ledger that an earlier version's demo made is no foreign file."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE jobs (name, value)")
        connection.execute("INSERT INTO jobs VALUES ('demo', '1')")
    demo._refuse_foreign(path)


def test_a_demo_that_is_being_served_is_left_alone(tmp_path):
    """While `upswell serve` holds the demo's ledger, the demo says so and leaves it alone."""
    path = tmp_path / "served.db"
    _mark(path)
    with demo.hold(path), pytest.raises(LedgerError, match="holds the ledger"):
        run(path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """A path in a missing folder is refused with the folder's name and what to do."""
    with pytest.raises(UpswellError, match=r"cannot write into .*/nowhere .*--path"):
        run(tmp_path / "nowhere" / "demo.db")


def test_a_receiver_that_ends_at_once_is_an_error(tmp_path, monkeypatch):
    """Where the receiver does not start, the demo says what it said last, and leaves nothing."""
    receiver = tmp_path / "receiver"
    receiver.write_text("#!/bin/sh\necho out of paper\nexit 1\n")
    receiver.chmod(0o700)
    monkeypatch.setattr(demo.sys, "executable", str(receiver))
    with pytest.raises(UpswellError, match=r"did not start \(out of paper\)"):
        run(tmp_path / "demo.db")
    assert files(tmp_path) == ["receiver"]


def test_what_cannot_be_applied_is_an_error(tmp_path, monkeypatch):
    """Events that failed, or are not applied in time, are counted in an error."""
    monkeypatch.setattr(demo, "_APPLY_SECONDS", 0)
    with Ledger(tmp_path / "ledger.db", create=True) as ledger:
        demo.events.accept(ledger, [demo.events.envelope(b'{"id": "evt_1", "type": "x", "created": 1}')])
        with pytest.raises(UpswellError, match="could not apply 1 of its events"):
            demo._wait(ledger, 1, Console(file=io.StringIO()))


def test_a_terminal_shows_a_bar():
    """On a terminal each step draws a progress bar; in a pipe it is one plain line."""
    said = {}
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
        with demo._step("Delivering", 2, console) as tell:
            tell(2)
        said[terminal] = console.file.getvalue()
    assert "━" in said[True]
    assert said[False] == "Delivering …\n"


def test_the_readme_shows_what_the_demo_shows(shown):
    """The README's Slack message and picture are the demo's own, as they would be sent today."""
    told = readme.summary(shown[0] / "upswell-demo.db")
    text = (readme.ROOT / "README.md").read_text()
    assert readme.written(text, told) == text
    drawn = (readme.ROOT / "docs/images/summary.svg").read_text().replace("&#160;", " ")
    assert readme.message(told).splitlines()[0] in drawn
