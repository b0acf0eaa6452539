"""upswell backup: a copy of the ledger while it is in use, and a ledger again from the copy."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cli.conftest import damage, event, lines
from receiving import event as webhook
from serving import Served, until

from upswell.errors import UpswellError
from upswell.store import books
from upswell.store.backup import backup
from upswell.store.ledger import Ledger


@pytest.fixture
def applied(upswell) -> None:
    """Give a ledger with two events, applied."""
    Path("a.jsonl").write_text(lines(event("a"), event("b")))
    assert upswell("replay", "a.jsonl").code == 0


@pytest.mark.usefixtures("applied")
def test_a_backup_is_one_file_for_its_owner_alone(upswell) -> None:
    """The copy has mode 0600, passes SQLite's check, and leaves nothing beside itself."""
    Path("kept").mkdir()
    ended = upswell("backup", "kept/copy.db")
    assert (ended.code, ended.err) == (0, "")
    assert "upswell.db is copied to kept/copy.db and checked: " in ended.out
    assert [path.name for path in Path("kept").iterdir()] == ["copy.db"]
    assert stat.S_IMODE(Path("kept/copy.db").stat().st_mode) == 0o600
    with closing(sqlite3.connect("kept/copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT id FROM events ORDER BY id").fetchall() == [("evt_a",), ("evt_b",)]


@pytest.mark.usefixtures("applied")
def test_what_is_there_is_not_overwritten(upswell) -> None:
    """A file in the way stays as it is, unless --force replaces it."""
    Path("copy.db").write_text("precious")
    ended = upswell("backup", "copy.db")
    assert (ended.code, Path("copy.db").read_text()) == (1, "precious")
    assert "copy.db exists: name another file, or replace it with --force" in ended.err
    assert upswell("backup", "--force", "copy.db").code == 0
    assert Path("copy.db").read_bytes().startswith(b"SQLite format 3")


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("upswell.db", "upswell.db is the ledger itself"),
        (".", "is a folder: name a file"),
        ("nowhere/copy.db", "check the folder and the room in it"),
    ],
)
def test_a_place_that_cannot_hold_the_copy_is_refused(upswell, target: str, sentence: str) -> None:
    """One sentence says why, and the ledger is as it was."""
    ended = upswell("backup", "--force", target)
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert upswell("doctor").out.count("upswell.db is damaged") == 0
    assert not list(Path().glob("*.partial"))


@pytest.mark.usefixtures("applied")
def test_a_ledger_in_use_is_not_replaced(upswell) -> None:
    """Another ledger's file is not exchanged beneath its log: that would destroy it."""
    with Ledger(Path("other.db"), create=True):
        ended = upswell("backup", "--force", "other.db")
    assert (ended.code, "other.db-wal lies there" in ended.err) == (1, True)


@pytest.mark.usefixtures("applied")
def test_a_damaged_ledger_gives_no_backup(upswell) -> None:
    """A copy that fails the check is not kept under the name."""
    damage(Path("upswell.db"))
    ended = upswell("backup", "copy.db")
    assert (ended.code, "The copy is damaged" in ended.err) == (1, True)
    assert not Path("copy.db").exists()
    assert not list(Path().glob("*.partial"))


@pytest.mark.usefixtures("applied")
def test_a_backup_shows_one_moment_while_others_write() -> None:
    """However much is written meanwhile, the copy ends, holds what was there when it began, and nobody waits for it."""
    path = Path("upswell.db")
    with Ledger(path) as ledger, ledger.write() as connection:
        connection.executemany(
            "INSERT INTO jobs(name, value) VALUES (?, hex(randomblob(2000)))", [(f"job{n}",) for n in range(1000)]
        )
        (before,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
    steps, begun, go_on = [], threading.Event(), threading.Event()

    def copy() -> None:
        def step(done: int, whole: int) -> None:
            steps.append((done, whole))
            begun.set()
            assert go_on.wait(60)

        with Ledger(path) as ledger:
            backup(ledger, Path("copy.db"), progress=step)

    copying = threading.Thread(target=copy)
    copying.start()
    assert begun.wait(60)
    with Ledger(path) as ledger, ledger.write(seconds=0.5) as connection:
        connection.execute("INSERT INTO jobs(name, value) VALUES ('late', '1')")
    go_on.set()
    copying.join(60)
    assert steps[0][0] < steps[0][1]
    assert steps[-1][0] == steps[-1][1] == steps[0][1]
    with Ledger(Path("copy.db")) as held:
        assert held.connection.execute("SELECT count(*) FROM jobs").fetchone() == (before,)


@pytest.mark.usefixtures("applied")
def test_a_file_that_came_up_meanwhile_stays() -> None:
    """What somebody wrote under the name during the copy is not overwritten either."""
    path = Path("copy.db")
    with Ledger(Path("upswell.db")) as ledger, pytest.raises(UpswellError, match="exists"):
        backup(ledger, path, progress=lambda *_: path.write_text("precious"))
    assert path.read_text() == "precious"


def test_a_ledger_is_restored_from_a_backup(upswell, tmp_path: Path) -> None:
    """Copied while it serves, put into the ledger's place: doctor is content, serve goes on, movements are the same."""
    served = Served(tmp_path).ready()
    again = None
    try:
        for name in ("a", "b", "c"):
            assert served.post(lines(event(name)).encode()) == 200
        until(lambda: _movements(served.ledger) == 3)
        assert upswell("--config", "config.toml", "backup", "copy.db").code == 0
        assert served.post(lines(event("later")).encode()) == 200
        served.stop()
        for left in tmp_path.glob("upswell.db*"):
            left.unlink()
        Path("copy.db").rename(served.ledger)
        assert _movements(served.ledger) == 3
        held = upswell("movements", "--format", "jsonl").out
        assert well(upswell("doctor").out) == ["ledger", "movements"]
        again = Served(tmp_path).ready()
        assert again.post(webhook("evt_new")) == 200
        assert upswell("reclassify").code == 0
        assert upswell("movements", "--format", "jsonl").out == held
    finally:
        served.kill()
        if again:
            again.kill()


def well(out: str) -> list[str]:
    """Return which of ledger and movements ``doctor`` found well."""
    return [line.split()[1] for line in out.splitlines() if line.startswith(("ok   ledger ", "ok   movements "))]


def _movements(path: Path) -> int:
    with Ledger(path) as ledger:
        return len(books.movements(ledger))
