"""The demo: a year at a company that does not exist, through the real receiver, and what its last week came to.

All is made in a folder beside the ledger that is asked for, which is replaced only when everything went well.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.configuration.addresses import WEBHOOK_PATH
from upswell.configuration.config import load
from upswell.configuration.settings import Config
from upswell.core.clocks import midnight
from upswell.core.kinds import Movement
from upswell.errors import LedgerError, UpswellError
from upswell.intake.looking import look
from upswell.posting.reports import period_summary
from upswell.render import terminal
from upswell.render.words import signed
from upswell.report.periods import Week
from upswell.store import books, events
from upswell.store.ledger import Ledger, hold, note_job
from upswell.store.raised import begin_anew
from upswell_connectors.fake_stripe import Account, lumen_kites
from upswell_connectors.fake_stripe.delivery import as_it_happens, bodies, deliver
from upswell_connectors.fake_stripe.ids import Chance
from upswell_connectors.fake_stripe.server import serving

_HOST = "127.0.0.1"
_MARK = "demo"
_LOG = "serve.log"
_POLL_SECONDS = 0.05
_START_SECONDS = 30
_APPLY_SECONDS = 120
_STOP_SECONDS = 12
_SHOWN = ("upgrade", "overage", "price_change", "seat", "add_on", "discount", "downgrade", "churn", "new")
_PRIVATE = ("STRIPE_", "SLACK_", "UPSWELL_")
_CONFIG = """\
[ledger]
path = "ledger.db"
[stripe]
api_base = "http://{host}:{api_port}"
[server]
host = "{host}"
port = {port}
[report]
channels = []
[rules.sales]
keys = ["sales_rep"]
"""

Tell = Callable[[int], object]


def run(today: date, path: Path, console: Console) -> None:
    """Make the year that ended the day before ``today``, put its ledger at ``path``, and print its last full week.

    Raises UpswellError, and leaves ``path`` as it is, where a file lies there that no demo made, and where the
    receiver cannot be started or does not take all. No process is left behind, whatever ends it.
    """
    _refuse_foreign(path)
    with _ended_by_signals(), _folder(path) as folder:
        config = _filled(folder, today, console)
        _look(config, today)
        _put(config.ledger.path, path)
    with Ledger(path) as ledger:
        _show(ledger, config, today, console)
    console.print("\nThe ledger, to look into with any tool that reads SQLite:")
    console.print(str(path.resolve()), soft_wrap=True, highlight=False, markup=False)


def _refuse_foreign(path: Path) -> None:
    """Raise LedgerError where ``path`` is anything but a ledger that a demo made and nobody serves."""
    if not path.exists():
        return
    if not _is_marked(path):
        raise LedgerError(f"{path} was not made by the demo and is left alone: name another file with --path")
    if Path(f"{path}.lock").exists():
        hold(path).close()


def _is_marked(path: Path) -> bool:
    """Say whether a demo made ``path``, of this version or another; opened so that nothing about it changes."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            found = connection.execute("SELECT 1 FROM jobs WHERE name = ?", (_MARK,)).fetchone()
    except sqlite3.Error:
        return False
    return found is not None


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Give an empty folder on the disk that ``path`` lies on, and remove it at the end. Raises UpswellError."""
    try:
        made = TemporaryDirectory(prefix=".upswell-demo-", dir=path.absolute().parent)
    except OSError as error:
        raise UpswellError(
            f"The demo cannot write into {path.parent} ({error.strerror}): name another file with --path"
        ) from error
    with made as folder:
        yield Path(folder)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does: what it began is ended too."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _filled(folder: Path, today: date, console: Console) -> Config:
    """Send the year to a receiver in ``folder``, wait until all of it is applied, and return the receiver's config."""
    secret = f"whsec_{secrets.token_hex(16)}"
    environment = {"STRIPE_API_KEY": "sk_test_lumen_kites", "STRIPE_WEBHOOK_SECRET": secret}
    port, api_port = _free_ports(2)
    (folder / "config.toml").write_text(_CONFIG.format(host=_HOST, port=port, api_port=api_port))
    config = load(folder / "config.toml", environment)
    with Ledger(config.ledger.path, create=True) as ledger:
        with ledger.write() as connection:
            note_job(connection, _MARK, today.isoformat())
        with _receiver(folder, environment) as server:
            account = _made(today, console)
            with serving(account, api_port):
                _until_listening(server, port, folder)
                _deliver(account, f"http://{_HOST}:{port}{WEBHOOK_PATH}", secret, console)
                _wait(ledger, len(account.events), console)
    return config


def _free_ports(many: int) -> list[int]:
    with ExitStack() as probes:
        found = [probes.enter_context(socket.socket()) for _ in range(many)]
        for probe in found:
            probe.bind((_HOST, 0))
        return [int(probe.getsockname()[1]) for probe in found]


def _made(today: date, console: Console) -> Account:
    account = lumen_kites.year(today)
    customers = len(account.store.customers)
    console.print(
        f"A year at Lumen Kites, which does not exist: {len(account.events):,} events, {customers} customers."
    )
    return account


@contextmanager
def _receiver(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``upswell serve`` on the config in ``folder`` for as long as the block lasts.

    It gets a process group of its own, so that Ctrl-C reaches it through this process only.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    with (folder / _LOG).open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "upswell", "--config", str(folder / "config.toml"), "serve"],
            env=own | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield server
    finally:
        _stop(server)


def _until_listening(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Wait until the receiver can be reached. Raises UpswellError, with what it said last, where it cannot."""
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return
        time.sleep(_POLL_SECONDS)
    said = (folder / _LOG).read_text(errors="replace").strip().splitlines()
    raise UpswellError(f"The demo's receiver did not start ({said[-1] if said else 'it said nothing'}): try again")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the receiver as a service manager would, and whatever is left of its group by force."""
    server.terminate()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _deliver(account: Account, url: str, secret: str, console: Console) -> None:
    """Post every event as Stripe would: signed, in parallel, out of order, some twice."""
    deliveries = as_it_happens(list(bodies(account.events)), Chance("deliveries"))
    sent = count(1)
    with _step(f"Delivering {len(deliveries):,} signed webhooks", len(deliveries), console) as tell:
        deliver(deliveries, url, secret, delivered=lambda: tell(next(sent)))


def _wait(ledger: Ledger, total: int, console: Console) -> None:
    """Wait until everything is applied. Raises UpswellError where something fails or it takes too long."""
    deadline = time.monotonic() + _APPLY_SECONDS
    with _step("Classifying what changed", total, console) as tell:
        while (counts := events.counts(ledger)).pending and time.monotonic() < deadline:
            tell(total - counts.pending)
            time.sleep(_POLL_SECONDS)
    if counts.pending or counts.failed:
        raise UpswellError(
            f"The demo could not apply {counts.pending + counts.failed} of its events: please report it, "
            "with the version that `upswell --version` prints"
        )


@contextmanager
def _step(words: str, total: int, console: Console) -> Iterator[Tell]:
    """Say what is being done: with a bar on a terminal, in a plain line elsewhere."""
    if not console.is_terminal:
        console.print(f"{words} …", soft_wrap=True, highlight=False)
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda done: bar.update(task, completed=done)


def _look(config: Config, today: date) -> None:
    """Look for signals as it would have been done when the week that is shown ended."""
    with Ledger(config.ledger.path) as ledger:
        begin_anew(ledger)
        zone = config.report.timezone
        look(ledger, config, Week.last_complete(midnight(today, zone), zone).end - 1)


def _put(made: Path, path: Path) -> None:
    """Put the finished ledger in the place of the old one, with nothing of it left in files beside."""
    with Ledger(made, checkpoints=True) as ledger:
        ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for beside in ("-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    made.replace(path)


def _show(ledger: Ledger, config: Config, today: date, console: Console) -> None:
    """Print the summary of the last week that was complete on ``today``, and why three movements are what they are."""
    zone = config.report.timezone
    now = midnight(today, zone)
    week = Week.last_complete(now, zone)
    console.print()
    terminal.show(period_summary(ledger, config, week.name, now), console)
    told = _told(books.movements(ledger, since=week.start, until=week.end))
    names = books.names(ledger, {movement.customer for movement in told})
    grid = Table(box=None, pad_edge=False, show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    for movement in told:
        words = Text.assemble((names[movement.customer], "bold"), f": {movement.reason}")
        grid.add_row(movement.kind, signed(movement.amount, movement.currency), words)
    console.print("\n[bold]Three of its movements, and why[/bold]")
    console.print(grid, highlight=False)


def _told(movements: Sequence[Movement]) -> list[Movement]:
    """Return the largest movement of each of three kinds."""
    largest = {movement.kind: movement for movement in sorted(movements, key=lambda movement: abs(movement.amount))}
    return [largest[kind] for kind in _SHOWN if kind in largest][:3]
