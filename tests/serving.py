"""A real ``upswell serve`` for tests, and how to talk to it."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from receiving import OTHER_SECRET, PATH, SECRET, TOKEN, signature

_SECONDS = 240
_PORTS = range(12_000, 32_000)  # below those that the system gives to whoever connects


class Served:
    """A running ``upswell serve`` whose configuration, ledger and log lie in ``folder``.

    ``more`` is TOML that follows the section [server], ``kept`` goes into [ledger], ``environ`` into its environment.
    ``program`` is what Python runs, with its arguments.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        more: str = "",
        kept: str = "",
        program: Sequence[str] = ("-m", "upswell"),
        **environ: str,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = port or free_port()
        self.ledger = folder / "upswell.db"
        self.log = folder / f"log-{time.monotonic_ns()}"
        self.begun, self.took = time.monotonic(), 0.0
        config = folder / "config.toml"
        config.write_text(f'[ledger]\npath = "upswell.db"\n{kept}[server]\nport = {self.port}\n{more}')
        secrets = {"STRIPE_WEBHOOK_SECRET": f"{SECRET},{OTHER_SECRET}", "UPSWELL_TOKEN": TOKEN, "STRIPE_API_KEY": ""}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # this interpreter
                [sys.executable, *program, "--config", str(config), "serve"],
                env={**os.environ, **secrets, **environ},
                stdout=log,
                stderr=log,
            )

    def ready(self) -> "Served":
        """Wait until it says that it is up."""
        until(lambda: "Receiving" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        self.took = time.monotonic() - self.begun
        return self

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Send one request on a connection of its own; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post(self, body: bytes) -> int:
        """Post a signed event; return the status."""
        return self.ask("POST", PATH, body, Stripe_Signature=signature(body))[0]

    def refuses(self) -> bool:
        """Say whether nobody takes a new connection any more; one that comes while the port is closed is reset."""
        try:
            self.begin(b"").close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
        return False

    def begin(self, data: bytes) -> socket.socket:
        """Send ``data`` and return the connection, open."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS)
        connection.sendall(data)
        return connection

    def workers(self) -> list[int]:
        """Return the process ids of the children that receive."""
        rows = [line.split(None, 2) for line in _ps("-A", "-ww", "-o", "pid=,ppid=,args=").splitlines()]
        mine = [(int(pid), "".join(args)) for pid, parent, *args in rows if int(parent) == self.process.pid]
        return [pid for pid, args in mine if "spawn_main" in args]

    def shown(self, pid: int) -> str:
        """Return what the system shows of a process: its arguments and its environment."""
        return _ps("eww", str(pid))

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal, wait for the end, and return how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(_SECONDS)
        return time.monotonic() - begun

    def end(self) -> tuple[int, list[str]]:
        """Wait for a server that ends by itself; return its exit code and what it said, by line."""
        return self.process.wait(_SECONDS), self.said().splitlines()

    def in_time(self, seconds: float) -> bool:
        """Say whether a stop that took ``seconds`` was one within 10 s; a busy machine has its start on top."""
        return seconds < 10 + self.took

    def kill(self) -> None:
        """Kill it as ``kill -9`` does; return when its workers have ended too, as they do by themselves."""
        workers = []
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)  # it starts no other worker meanwhile
            workers = self.workers()
        self.process.kill()
        self.process.wait()
        until(lambda: all(is_gone(worker) for worker in workers))

    def said(self) -> str:
        """Return everything printed and logged so far."""
        return self.log.read_text()


def until(condition, seconds: float = _SECONDS):
    """Return what ``condition`` returns as soon as that is true; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """Return a port nobody listens on, and that no connection of anybody's will take by chance."""
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("a hundred ports were tried, and all are taken")


def is_gone(pid: int) -> bool:
    """Say whether the process ``pid`` has ended, though nobody may have asked for its exit code yet."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    told = state.stdout.strip()
    return not told or (told.startswith("Z") and "l" not in told)  # l: other threads of it still hold its files


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=True).stdout  # noqa: S607  # POSIX
