"""upswell doctor on the machine: disk, permissions, clock, and how the last summary got through."""

import re
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import desks
import pytest
from booked import at, put
from summaries import BUSY

from upswell.configuration.config import load
from upswell.doctor.examination import findings
from upswell.doctor.finding import size
from upswell.posting.delivery import post_by_hand
from upswell.report.periods import Week
from upswell.store.ledger import Ledger

NOW = at("2026-11-16T08:00")


def line(out: str, subject: str) -> str:
    """Return the report's line on ``subject``."""
    (found,) = re.findall(rf"^(?:ok  |FIX ) {subject} .*$", out, flags=re.MULTILINE)
    return found


@contextmanager
def answering(headers: dict[str, str]):
    """Serve answers with just those headers; give the address and the requests."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response_only(404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (0, "ok   clock           Stripe's"),
        (-60, "ok   clock           (59|60|61) seconds ahead of Stripe's"),
        (600, "FIX  clock           (599|600|601) seconds behind Stripe's: set it, best by NTP"),
        (-600, "FIX  clock           (599|600|601) seconds ahead of Stripe's: set it, best by NTP"),
    ],
)
def test_the_clock_is_compared_with_stripes(upswell, monkeypatch: pytest.MonkeyPatch, off: int, told: str) -> None:
    """A clock that is minutes off refuses every signature: it is a finding."""
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_hidden")
    with answering({"Date": formatdate(time.time() + off, usegmt=True)}) as (address, seen):
        Path("config.toml").write_text(f'[stripe]\napi_base = "{address}"\n')
        assert re.match(told, line(upswell("doctor").out, "clock"))
    assert len(seen) == 1


def test_who_does_not_answer_says_nothing(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no finding where Stripe cannot be asked."""
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_hidden")
    out = upswell("doctor").out
    assert line(out, "clock") == "ok   clock           not compared: Stripe does not answer"
    assert line(out, "endpoint") == "ok   endpoint        not compared: Stripe does not answer"


def test_without_a_key_nobody_is_asked(upswell) -> None:
    """Whoever has no Stripe key does not reach out to Stripe."""
    with answering({}) as (address, seen):
        Path("config.toml").write_text(f'[stripe]\napi_base = "{address}"\n')
        assert line(upswell("doctor").out, "clock").endswith("not compared without a Stripe key")
    assert seen == []


def test_a_ledger_that_others_may_read_is_a_finding(upswell) -> None:
    """It holds what customers pay: mode 0600, and the remedy is named."""
    Ledger(Path("upswell.db"), create=True).close()
    assert line(upswell("doctor").out, "permissions") == "ok   permissions     the ledger is its owner's alone (600)"
    Path("upswell.db").chmod(0o640)
    found = line(upswell("doctor").out, "permissions")
    assert found == "FIX  permissions     others than its owner may use it (640): chmod 600 upswell.db"


@pytest.mark.parametrize(("free", "mark"), [(10**10, "ok  "), (10**8, "FIX ")])
def test_a_full_disk_is_told_before_it_is_full(upswell, monkeypatch: pytest.MonkeyPatch, free: int, mark: str) -> None:
    """Less than 200 MB, or less than the ledger takes, is a finding."""
    Ledger(Path("upswell.db"), create=True).close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert line(upswell("doctor").out, "disk").startswith(f"{mark} disk            {size(free)} free, the ledger has ")


def test_sizes_are_in_their_largest_unit() -> None:
    """As disks are sold."""
    assert [size(many) for many in (0, 999, 1500, 2_000_000, 12_345_678_901)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.0 MB",
        "12.3 GB",
    ]


@pytest.fixture
def posted(tmp_path: Path):
    """Give what posts the last week of a busy ledger to Slack, which answers as it is told to, and what doctor says."""
    with desks.slack_server() as slack, Ledger(tmp_path / "upswell.db", create=True) as ledger:
        put(ledger, BUSY)
        config = replace(desks.config(ledger.path, slack=slack.settings), places=load().places)

        def post(*answers: tuple[int, str, dict[str, str]]) -> tuple[bool, str]:
            slack.answers = list(answers) or slack.answers
            post_by_hand(ledger, config, Week.parse("2026-W46", desks.BERLIN), NOW)
            (found,) = [one for one in findings(config, NOW + 7200) if one.subject == "last summary"]
            return found.well, found.text

        yield post


def test_a_summary_that_arrived_is_told(posted) -> None:
    """Where the last one went, and when."""
    assert posted() == (True, "slack has had 2026-W46, 2 hours ago")


def test_a_summary_that_did_not_arrive_is_a_finding(posted) -> None:
    """With what the channel answered, and how to send it again."""
    well, text = posted((404, "no_service", {}))
    assert not well
    assert text.startswith("slack has not had 2026-W46 (")
    assert text.endswith("mend that, then `upswell summary --week 2026-W46 --post`")


def test_a_summary_that_went_nowhere_is_told(tmp_path: Path) -> None:
    """A quiet week that is kept silent is no post that is missing; the channels' line says that they are."""
    with Ledger(tmp_path / "upswell.db", create=True) as ledger, desks.slack_server() as slack:
        put(ledger, "2025-12-01 cus_1 new +500000")
        bare = replace(desks.config(ledger.path, slack=slack.settings), places=load().places)
        config = replace(bare, report=replace(bare.report, quiet="silent"))
        post_by_hand(ledger, config, Week.parse("2026-W46", desks.BERLIN), NOW)
        found = {one.subject: (one.well, one.text) for one in findings(config, NOW + 7200)}
    assert found["last summary"] == (True, "2026-W46 was recorded and sent nowhere")
    assert found["channels"] == (True, "slack; quiet weeks are sent nowhere")


def test_before_the_first_summary_none_is_missed(upswell) -> None:
    """A new ledger has posted nothing, and that is well."""
    Ledger(Path("upswell.db"), create=True).close()
    assert line(upswell("doctor").out, "last summary") == "ok   last summary    none was posted yet"
