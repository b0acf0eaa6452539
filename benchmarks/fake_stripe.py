"""What the fake Stripe holds and how fast it answers, so that what is measured against it is not its own speed.

Run it with `python benchmarks/fake_stripe.py [CUSTOMERS]` (default: 50,000, which is half a million invoices). It
starts a server of its own with that many customers, and reads over 1 and 8 connections that stay open, each for some
seconds: one small object, and pages of a hundred subscriptions and invoices, every time another page.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

_HEADERS = "Host: localhost\r\nAuthorization: Bearer sk_test_fake\r\n\r\n"
_CONNECTIONS = (1, 8)
_CURSORS = 200  # pages far apart, so that none is read twice within a second


def main(customers: int = 50_000, seconds: float = 5.0) -> None:
    """Measure, and print a table."""
    port, begun = _free_port(), time.perf_counter()
    command = [sys.executable, "-m", "upswell_connectors.fake_stripe", f"--customers={customers}", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603  # of this project
        try:
            print(server.stdout.readline().strip() if server.stdout else "")
            _wait_for(port)
            ready = f"ready after {time.perf_counter() - begun:.0f} s, {_computed(server.pid):.0f} s of them computing"
            print(f"{ready}; {_resident(server.pid):,.0f} MB resident")
            print(f"{'asked for':>32} {'connections':>11} {'answers/s':>10} {'objects/s':>10} {'MB/s':>6}")
            for name, targets, size in _asked(port):
                for connections in _CONNECTIONS:
                    print(_row(port, name, targets, size, connections, seconds), flush=True)
            print(f"{_resident(server.pid):,.0f} MB resident in the end")
        finally:
            server.terminate()


def _asked(port: int) -> Iterator[tuple[str, list[str], int]]:
    price = _get(port, "/v1/prices?limit=1")["data"][0]["id"]
    yield "a price", [f"/v1/prices/{price}"], 1
    for name in ("subscriptions", "invoices", "customers"):
        page = f"/v1/{name}?limit=100{'&status=all' * (name == 'subscriptions')}"
        newest = _get(port, page)["data"][0]["created"]
        oldest = newest - 700 * 86_400
        times = range(newest, oldest, (oldest - newest) // _CURSORS)
        yield f"100 {name}", [f"{page}&created[lte]={moment}" for moment in times], 100


def _row(port: int, name: str, targets: list[str], size: int, connections: int, seconds: float) -> str:
    sizes: list[int] = []
    end = time.perf_counter() + seconds
    clients = [
        threading.Thread(target=_client, args=(port, targets[number * 7 :] + targets[: number * 7], end, sizes))
        for number in range(connections)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    rate, volume = len(sizes) / seconds, sum(sizes) / seconds / 1e6
    return f"{name:>32} {connections:>11} {rate:>10,.0f} {rate * size:>10,.0f} {volume:>6.0f}"


def _client(port: int, targets: list[str], end: float, sizes: list[int]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for target in cycle(targets):
            if time.perf_counter() >= end:
                return
            connection.sendall(f"GET {target} HTTP/1.1\r\n{_HEADERS}".encode())
            sizes.append(len(_read(connection)))


def _read(connection: socket.socket) -> bytes:
    told = connection.recv(1 << 20)
    head, _, body = told.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"not answered: {told[:200]!r}")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    parts, missing = [body], length - len(body)
    while missing > 0:
        parts.append(connection.recv(1 << 20))
        missing -= len(parts[-1])
    return b"".join(parts)


def _get(port: int, target: str) -> dict[str, list[dict[str, str | int]]]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\n{_HEADERS}".encode())
        found: dict[str, list[dict[str, str | int]]] = json.loads(_read(connection))
        return found


def _computed(process: int) -> float:
    """Return for how many seconds a process has had a processor; 0 where /proc does not tell."""
    status = Path(f"/proc/{process}/stat")
    fields = status.read_text(encoding="ascii").rpartition(")")[2].split() if status.exists() else ["0"] * 13
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _resident(process: int) -> float:
    """Return how many MB a process holds in memory; 0 where /proc does not tell."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:2]))
