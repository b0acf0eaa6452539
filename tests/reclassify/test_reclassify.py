"""upswell reclassify: everything rebuilt under the current rules, and what that changes."""

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import time_machine
from cli.conftest import Terminal, event, lines
from reclassify.conftest import LEDGER, table, told

from upswell.configuration.config import load
from upswell.intake import memory, rebuild
from upswell.intake.applying import apply_pending
from upswell.intake.reclassify import preview, reclassify
from upswell.store.ledger import Ledger, hold
from upswell.store.records import history_of

CHANGES = {
    ("EUR", "new"): ["€9.00", "€9.00", "€0.00", "1"],
    ("EUR", "all"): ["€9.00", "€9.00", "€0.00", "1"],
    ("USD", "new"): ["$200.00", "$200.00", "$0.00", "4"],
    ("USD", "upgrade"): ["$40.00", "$0.00", "−$40.00", "4 → 0"],
    ("USD", "price_change"): ["$0.00", "$40.00", "+$40.00", "0 → 4"],
    ("USD", "discount"): ["−$30.00", "−$30.00", "$0.00", "1"],
    ("USD", "all"): ["$210.00", "$210.00", "$0.00", "9"],
}


def printed(upswell) -> str:
    """Return all movements as the command prints them."""
    return upswell("movements", "--format", "jsonl", "--until", "2200-01-01").out


def contents() -> dict[str, str]:
    """Return what the ledger's files hold, as hashes by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path().glob("upswell.db*")}


def test_it_says_what_changed_and_changes_it(upswell, changed) -> None:
    """Per currency and kind: the amount before and after, the difference, and how many movements there were and are."""
    ended = upswell("reclassify")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("2 kinds changed.\n\nEUR\n")
    assert table(ended.out) == CHANGES
    kinds = [json.loads(line)["kind"] for line in printed(upswell).splitlines()]
    assert (kinds.count("price_change"), kinds.count("upgrade")) == (4, 0)


def test_a_dry_run_says_the_same_and_writes_nothing(upswell, changed) -> None:
    """What --dry-run says is what the run does afterwards; not a byte of the ledger changes."""
    before, files = printed(upswell), contents()
    dry = upswell("reclassify", "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert contents() == files
    assert printed(upswell) == before
    assert dry.out.startswith("2 kinds would change. Nothing was written.\n")
    assert dry.out.splitlines()[1:] == upswell("reclassify").out.splitlines()[1:]


def test_a_dry_run_needs_no_permission_to_write(upswell, changed) -> None:
    """It works while somebody else holds the write lock."""
    with Ledger(LEDGER) as other, other.write():
        assert table(upswell("reclassify", "--dry-run").out) == CHANGES


@pytest.mark.parametrize(
    "rules",
    [
        'discounts = "none"',
        'customer_key = "metadata.team"',
        "settle_minutes = 100000",
        'customer_key = "metadata.team"\ndiscounts = "none"',
    ],
)
def test_a_dry_run_agrees_with_the_run_under_any_rules(upswell, changed, rules: str) -> None:
    """Also where customers are joined: what is written on the way to that is hidden, not in the ledger."""
    Path("config.toml").write_text(f"[rules]\n{rules}\n")
    files = contents()
    dry = upswell("reclassify", "--dry-run")
    assert contents() == files
    assert table(dry.out) != CHANGES
    assert table(dry.out) == table(upswell("reclassify").out)


def test_a_second_time_nothing_changes(upswell, changed) -> None:
    """Reclassifying is a pure function of what was accepted and of the rules: again gives the same bytes."""
    upswell("reclassify")
    before = printed(upswell)
    assert upswell("reclassify").out.startswith("No kind changed.\n")
    assert upswell("reclassify", "--dry-run").out.startswith("No kind would change. Nothing was written.\n")
    assert printed(upswell) == before


def test_there_and_back_is_where_it_began(upswell, changed) -> None:
    """Under the old rules again, the movements are those of the beginning, byte for byte."""
    before = printed(upswell)
    upswell("reclassify")
    assert printed(upswell) != before
    Path("config.toml").write_text("")
    upswell("reclassify")
    assert printed(upswell) == before


def test_it_rebuilds_what_somebody_changed_by_hand(upswell, changed) -> None:
    """All customers are rebuilt, also under rules that did not change."""
    upswell("reclassify")
    before = printed(upswell)
    with Ledger(LEDGER) as ledger, ledger.write() as connection:
        connection.execute("DELETE FROM movements WHERE customer = 'cus_2'")
    ended = upswell("reclassify")
    assert table(ended.out)["USD", "all"] == ["$150.00", "$210.00", "+$60.00", "7 → 9"]
    assert printed(upswell) == before


@pytest.mark.parametrize("command", [("retry",), ("replay", "events.jsonl")])
def test_it_tells_of_changes_that_were_heeded_already(upswell, changed, command) -> None:
    """Where another command rebuilt all because the rules changed, reclassify says what that changed, since when."""
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False):
        assert upswell(*command).code == 0
    ended = upswell("reclassify")
    assert ended.out.startswith("2 kinds changed.\nCounted from 2026-11-20 10:00, when the rules changed.\n")
    assert table(ended.out) == CHANGES
    assert upswell("reclassify").out.startswith("No kind changed.\n")


def test_events_that_came_since_are_not_passed_off_as_the_rules(upswell, changed) -> None:
    """How many events were applied since the rules changed stands beside the figures."""
    upswell("retry")
    Path("more.jsonl").write_text(lines(event("a")))
    upswell("replay", "more.jsonl")
    assert "when the rules changed; 1 event came since.\n" in upswell("reclassify").out


def test_an_interruption_loses_nothing(upswell, changed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after any number of customers, it goes on where it stopped, and tells what all of it changed."""
    before, done = printed(upswell), []

    def stop(connection, account, *shared):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(account)
        return history_of(connection, account, *shared)

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "HOLD_SECONDS", 0)
        patch.setattr(memory, "history_of", stop)
        assert upswell("reclassify").code == 130
    half = printed(upswell)
    assert half.count('"price_change"') == 2
    assert before.count('"upgrade"') == 4
    assert "2 yet to be applied" in upswell("movements").err
    assert table(upswell("reclassify", "--dry-run").out) == CHANGES
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(memory, "history_of", lambda *given: asked.append(given[1]) or history_of(*given))
        ended = upswell("reclassify")
    assert asked == ["cus_3", "cus_4"]
    assert ended.out.startswith("2 kinds changed.\nCounted from ")
    assert table(ended.out) == CHANGES


def test_an_interruption_while_customers_are_marked_loses_nothing(
    upswell, changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before any was rebuilt, whoever comes next begins anew, under the rules of that time."""

    def stop(*_):
        raise KeyboardInterrupt

    before = printed(upswell)
    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "place", stop)
        assert upswell("reclassify").code == 130
    Path("config.toml").write_text("")
    assert upswell("retry").code == 0
    assert printed(upswell) == before
    Path("config.toml").write_text(changed)
    assert table(upswell("reclassify").out) == CHANGES


def test_killed_it_goes_on(changed, upswell) -> None:
    """After kill -9 at any moment the next run ends where an undisturbed one does."""
    for delay in (0.3, 0.45, 0.6):
        started = subprocess.Popen([sys.executable, "-m", "upswell", "reclassify"], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        started.send_signal(signal.SIGKILL)
        started.wait()
    assert upswell("reclassify").code == 0
    kinds = [json.loads(line)["kind"] for line in printed(upswell).splitlines()]
    assert (kinds.count("price_change"), kinds.count("upgrade")) == (4, 0)


def test_a_customer_that_cannot_be_rebuilt_is_named(upswell, changed, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the movements it had, the others are rebuilt, and the exit code is 1; a dry run says so too."""

    def broken(connection, account, *shared):
        if account == "cus_2":
            raise LookupError("price_9")
        return history_of(connection, account, *shared)

    monkeypatch.setattr(memory, "history_of", broken)
    monkeypatch.setattr("upswell.intake.reclassify.history_of", broken)
    dry, ended = upswell("reclassify", "--dry-run"), upswell("reclassify")
    for told_of in (dry, ended):
        assert (told_of.code, told_of.err) == (1, "Not rebuilt: cus_2: price_9 is needed, and nobody told of it\n")
        assert table(told_of.out)["USD", "upgrade"] == ["$40.00", "$10.00", "−$30.00", "4 → 1"]


def test_beside_serve_under_the_same_rules_it_works(upswell, changed) -> None:
    """A serve that was started with these rules is no obstacle."""
    upswell("retry")
    with closing(hold(LEDGER)):
        assert upswell("reclassify").code == 0


def test_beside_serve_under_other_rules_it_says_what_to_do(upswell, changed) -> None:
    """A serve that works under its old rules would change all back: it has to be restarted first."""
    before = printed(upswell)
    with closing(hold(LEDGER)):
        ended = upswell("reclassify")
        assert table(upswell("reclassify", "--dry-run").out) == CHANGES
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("The running `upswell serve` works under the rules it was started with")
    assert ended.err.count("\n") == 1
    assert printed(upswell) == before


def test_a_receiver_beside_it_is_not_kept_waiting(changed) -> None:
    """The write lock is let go between customers: another writer gets its turn while thousands are marked."""
    with Ledger(LEDGER) as ledger, ledger.write() as connection:
        connection.executemany(
            "INSERT INTO accounts(customer, account) VALUES (?, ?)", [(f"cus_x{n}", f"cus_x{n}") for n in range(5000)]
        )
    turns, running = [], threading.Event()

    def write() -> None:
        with Ledger(LEDGER) as other:
            running.set()
            while running.is_set():
                with other.write(seconds=5) as connection:
                    connection.execute("UPDATE events SET reason = NULL WHERE id = ''")
                turns.append(1)

    receiver = threading.Thread(target=write)
    receiver.start()
    assert running.wait(60)
    with Ledger(LEDGER) as ledger:
        reclassify(ledger, load().rules)
    running.clear()
    receiver.join(60)
    assert len(turns) > 10


def test_progress_reaches_the_end(changed) -> None:
    """Both kinds of run tell how many customers are done and how many there are, up to all of them."""
    for work in (preview, reclassify):
        seen: list[tuple[int, int]] = []
        with Ledger(LEDGER) as ledger:
            work(ledger, load().rules, progress=lambda done, whole, seen=seen: seen.append((done, whole)))
        assert seen[-1] == (4, 4)
        assert seen == sorted(seen)


def test_it_reads_well_on_a_terminal(upswell, changed) -> None:
    """What changed stands out from what did not, in lines no longer than the terminal."""
    screen = Terminal()
    assert upswell("reclassify", "--dry-run", screen=screen).code == 0
    shown = screen.getvalue()
    assert re.search(r"\x1b\[2m *new ", shown)
    assert re.search(r"\n *upgrade ", shown)
    assert table(re.sub(r"\x1b\[[0-9;]*m", "", shown)) == CHANGES


def test_without_a_ledger_it_says_so(upswell) -> None:
    """There is nothing to reclassify, and no ledger is made."""
    ended = upswell("reclassify")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("There is no ledger at upswell.db")
    assert not list(Path().iterdir())


def test_an_empty_ledger_is_fine(upswell) -> None:
    """No customer, no change."""
    Ledger(LEDGER, create=True).close()
    assert upswell("reclassify", "--dry-run") == (0, "No kind would change. Nothing was written.\n", "")
    assert upswell("reclassify") == (0, "No kind changed.\n", "")


def test_what_a_summary_said_stays_and_the_next_one_says_what_changed(upswell, changed) -> None:
    """A posted summary is kept as it was; the next one restates its week, and why: the rules changed."""
    Path("config.toml").write_text("[report]\nchannels = []\n")
    with time_machine.travel("2026-02-16T10:00:00Z", tick=False):
        assert upswell("summary", "--post").code == 0
    Path("config.toml").write_text(f"[report]\nchannels = []\n{changed}")
    with time_machine.travel("2026-02-18T10:00:00Z", tick=False):
        assert upswell("reclassify").code == 0
    with Ledger(LEDGER) as ledger:
        ((kept,),) = ledger.connection.execute("SELECT figures FROM summaries").fetchall()
    assert json.loads(kept)["bridge"]["upgrade"] == 4000
    with time_machine.travel("2026-02-23T10:00:00Z", tick=False):
        summary = json.loads(upswell("summary", "--format", "json").out)
        text = upswell("summary").out
    why = "the rules changed since"
    assert summary["restated"] == [
        {"week": "2026-W07", "kind": "upgrade", "was": 4000, "now": 0, "reason": why},
        {"week": "2026-W07", "kind": "price_change", "was": 0, "now": 4000, "reason": why},
    ]
    assert text.count(why) == 2


def test_a_ledger_that_was_never_told_its_rules_has_no_before(upswell) -> None:
    """The first events of a ledger change no rules: nothing is compared with the emptiness before them."""
    Path("events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in told().events))
    upswell("replay", "events.jsonl")
    assert upswell("reclassify").out.startswith("No kind changed.\n")


def test_heeding_the_same_rules_again_does_nothing(changed) -> None:
    """As long as the rules are those of last time, nobody is made stale."""
    with Ledger(LEDGER) as ledger:
        apply_pending(ledger, load().rules)
        before = ledger.connection.execute("SELECT * FROM jobs").fetchall()
        rebuild.heed(ledger, load().rules)
        assert ledger.connection.execute("SELECT count(*) FROM stale").fetchone() == (0,)
        assert ledger.connection.execute("SELECT * FROM jobs").fetchall() == before
