"""How many webhooks `upswell serve` accepts and applies, how long each waits, and when the ledger has caught up.

Run it with `python benchmarks/receiver.py`. It starts a server of its own with a ledger in a temporary folder, and
sends it the lives of thousands of invented customers (subscriptions, seats, plans, coupons, invoices) as signed events
of about 3 kB, each once, over connections that stay open. The sender is a process of its own on the same machine.
With `strace` installed it also measures a disk whose every sync takes 10 ms more; on other systems than Linux,
processor time is left out. What it measured it writes to RESULTS.md.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import sending
from backfill import KEY, stripe
from results import section, table

from upswell.store import events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.delivery import bodies

SECRET = "whsec_benchmark"  # noqa: S105  # of a server that lives for seconds
_UNTIL = 1_790_000_000
_PER_CUSTOMER = 6  # events, at least
_READ = 5_000  # customers of the fake Stripe
_UPSWELL = (sys.executable, "-m", "upswell", "--config")
_SLOW_DISK = (
    *("strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", "/dev/null"),
    *("-e", "inject=fsync,fdatasync:delay_exit=10000"),
)
_HEAD = ["load", "accepted/s", "alone/s", "ratio", "applied/s", "p50 ms", "p99 ms", "CPU ms/event", "caught up after s"]
_WORDS = """Signed events of about 3 kB over loopback HTTP, each once, from a sender on the same machine, to a server
that applies them meanwhile. *Alone* is what one SQLite connection commits on the same disk, one event a commit,
measured just before: compare ratios, not rates, between machines. *Applied* counts from the first event until all are
applied and every customer is rebuilt, *caught up* from the last answer. With a given rate, an event waits from when it
was due. Processor time is the server's, both processes, until it has caught up."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many ``connections`` for so many ``seconds``; ``rate`` events a second at most, if not as many as go.

    ``beside``: while `upswell reclassify` rebuilds some thousands of customers, or `upswell backfill` reads as many
    from a fake Stripe, again and again.
    """

    connections: int
    seconds: float
    rate: int | None = None
    slow_disk: bool = False
    beside: str = ""

    def __str__(self) -> str:
        much = f"{self.rate:,}/s" if self.rate else "all that goes"
        disk = ", +10 ms a sync" if self.slow_disk else ""
        beside = f", beside `upswell {self.beside}`" if self.beside else ""
        return f"{self.connections} connections, {much}, {self.seconds:g} s{disk}{beside}"

    @property
    def events(self) -> int:
        """How many events to have at hand."""
        return int((self.rate or 3_500) * self.seconds)


LOADS = (
    Load(1, 5),
    Load(8, 5),
    Load(64, 10),
    Load(8, 10, 1_000),
    Load(64, 10, 1_500),
    Load(64, 5, slow_disk=True),
    Load(1, 15, 20, beside="reclassify"),
    Load(1, 15, 20, beside="backfill"),
)


def main() -> None:
    """Measure every load, print a table, and write it down."""
    rows = [
        _measured(load, number) for number, load in enumerate(LOADS) if not load.slow_disk or shutil.which("strace")
    ]
    text = f"{_WORDS}\n\n{table(_HEAD, rows)}"
    print(section("receiver.py", text, packages=("granian", "flask", "msgspec")))


def _measured(load: Load, number: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder, sent = Path(name), lives(load.events, f"benchmark {number}")
        alone = _commits_a_second(folder / "alone.db", sent[:2_000])
        with serving(folder, _SLOW_DISK if load.slow_disk else ()) as (port, pid):
            with _BESIDE[load.beside](folder):
                worked = _processor_seconds(pid)
                waits, seconds = _sent(port, load, sent)
            rest = caught_up(folder / "upswell.db")
            worked = _processor_seconds(pid) - worked
    count = len(waits)
    waits = sorted(waits)
    row = [
        *(str(load), f"{count / seconds:,.0f}", f"{alone:,.0f}", f"{count / seconds / alone:.2f}"),
        *(
            f"{count / (seconds + rest):,.0f}",
            f"{median(waits) * 1000:.1f}",
            f"{waits[count * 99 // 100] * 1000:.1f}",
        ),
        *(f"{worked / count * 1000:.2f}", f"{rest:.1f}"),
    ]
    print("  ".join(row), flush=True)
    return row


@contextmanager
def _reclassifying(folder: Path) -> Iterator[None]:
    """Fill the ledger, and rebuild all of it again and again meanwhile."""
    with Ledger(folder / "upswell.db") as ledger:
        for body in lives(20_000, "held before"):
            events.accept(ledger, [events.envelope(body)])
    caught_up(folder / "upswell.db")
    with _again_and_again([*_UPSWELL, str(folder / "config.toml"), "reclassify"]):
        yield


@contextmanager
def _backfilling(folder: Path) -> Iterator[None]:
    """Read thousands of customers with all that they have into the ledger, again and again meanwhile."""
    config = folder / "backfill.toml"
    with stripe(_READ, "--latency", "0.02") as url:
        config.write_text(f'[stripe]\napi_base = "{url}"\nrequests_per_second = 100\n')
        with _again_and_again([*_UPSWELL, str(config), "backfill"], STRIPE_API_KEY=KEY):
            yield


@contextmanager
def _again_and_again(command: Sequence[str], **environ: str) -> Iterator[None]:
    """Run ``command`` for as long as the block lasts, the last time to its end."""
    stopping = threading.Event()

    def again() -> None:
        while not stopping.is_set():
            subprocess.run(command, env={**os.environ, **environ}, capture_output=True, check=True)  # noqa: S603  # our own

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


_BESIDE = {"": nullcontext, "reclassify": _reclassifying, "backfill": _backfilling}


def lives(count: int, seed: str) -> list[bytes]:
    """Return about so many events, or more; no price among them leaves anything to ask of Stripe's API."""
    account = crowd(count // _PER_CUSTOMER, until=_UNTIL, months=2, events=61, seed=seed)
    sent = list(bodies(account.events))
    tiered = {
        event["data"]["object"]["customer"]
        for event, body in zip(account.events, sent, strict=True)
        if _is_tiered(event, body)
    }
    return [body for event, body in zip(account.events, sent, strict=True) if _owner(event) not in tiered]


def _is_tiered(event: dict[str, dict[str, dict[str, str]]], body: bytes) -> bool:
    return b'"billing_scheme":"tiered"' in body and "customer" in event["data"]["object"]


def _owner(event: dict[str, dict[str, dict[str, str]]]) -> str | None:
    about = event["data"]["object"]
    return about["id"] if about["object"] == "customer" else about.get("customer")


def _commits_a_second(path: Path, sent: Sequence[bytes]) -> float:
    begun = time.perf_counter()
    with Ledger(path, create=True, checkpoints=True) as ledger:
        for body in sent:
            events.accept(ledger, [events.envelope(body)])
    return len(sent) / (time.perf_counter() - begun)


@contextmanager
def serving(folder: Path, under: Sequence[str] = ()) -> Iterator[tuple[int, int]]:
    """Serve a new ledger in ``folder``, ``under`` another command; give the port and the process id of what began."""
    port = _free_port()
    (folder / "config.toml").write_text(f"[server]\nport = {port}\n")
    environ = {**os.environ, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_KEY": ""}
    environ.pop("UPSWELL_CONFIG", None)
    command = [*_UPSWELL, str(folder / "config.toml"), "serve"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*under, *command], cwd=folder, env=environ, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait_for(port)
        yield port, server.pid
    finally:
        for pid in _family(server.pid)[1:2] if under else [server.pid]:
            os.kill(pid, signal.SIGTERM)
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/healthz")
            return connection.getresponse().close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _sent(port: int, load: Load, sent: Sequence[bytes]) -> tuple[list[float], float]:
    """Send from a process of its own; return how many seconds each event waited for 200, and how long it all took."""
    with get_context("fork").Pool(1) as pool:
        return pool.apply(sending.send, (port, SECRET, sent, load.connections, load.seconds, load.rate))


def caught_up(path: Path) -> float:
    """Return how many seconds it takes from now until nothing is pending."""
    begun = time.perf_counter()
    with Ledger(path) as ledger:
        while events.counts(ledger).pending:
            time.sleep(0.02)
        assert events.counts(ledger).failed == 0  # noqa: S101  # or the figures would mean nothing
    return time.perf_counter() - begun


def _processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children so far; 0 where the system does not tell."""
    ticks = 0
    for one in _family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """Return ``pid`` and its descendants, parents first."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = children.read_text().split() if children.exists() else []
    return [pid, *(one for child in found for one in _family(int(child)))] if Path(f"/proc/{pid}").exists() else []


if __name__ == "__main__":
    main()
