"""What a power cut leaves of the ledger: every write that no sync had made durable is lost, kept or torn, at will.

Run it with `python benchmarks/power_loss.py [EVENTS]` (default 300; Linux with `strace`). It starts `upswell serve`
under strace, posts events to it while it applies them, and records every write, truncation and sync of the ledger and
its log, and every answer, in their order. Then it cuts the power after random steps of that record: what was synced is
on the disk; of each later write it is chosen by lot whether it is there, is not, or is there in part, by sectors of 512
bytes. From each such disk a ledger is opened. It must be sound and hold every event that had been answered with 2xx;
and after Stripe has sent everything again, its movements must be those of a run that nothing disturbed. What was found
is written to RESULTS.md.
"""

import http.client
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Any

import receiver
from results import section

from upswell.core.kinds import Movement
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store import books, events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.delivery import signature
from upswell_webhooks.app import WEBHOOK_PATH

_CUTS = 60
_SECTOR = 512
_CALLS = "pwrite64,ftruncate,fsync,fdatasync,write,writev,sendto"
_STRACE = ("strace", "-f", "-qq", "--seccomp-bpf", "-yy", "-xx", "-s", "20000", "-e", f"trace={_CALLS}", "-o")
_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
_NAMED = re.compile(r"(?<=\d)<((?:\\x[0-9a-f]{2})+)>")
_FILE = re.compile(r"\d+<[^>]*?(upswell\.db(?:-wal)?)(?:\(deleted\))?>")
_ANSWER = re.compile(r"\d+<TCP:\[127\.0\.0\.1:\d+->127\.0\.0\.1:(\d+)\]>.*?\"((?:\\x[0-9a-f]{2})*)")
_OK = "".join(f"\\x{byte:02x}" for byte in b"HTTP/1.1 200 ")


@dataclass(slots=True)
class Disk:
    """The two files as they are on the disk, and what was written since each was synced last."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[tuple[int, bytes | None]]] = field(default_factory=dict)

    def write(self, name: str, at: int, data: bytes | None) -> None:
        """Take a write at ``at`` that is not durable yet; no ``data``: the file ends there."""
        self.pending.setdefault(name, []).append((at, data))

    def sync(self, name: str, count: int) -> None:
        """Make the first ``count`` pending writes of a file durable."""
        done, self.pending[name] = self.pending.get(name, [])[:count], self.pending.get(name, [])[count:]
        for at, data in done:
            _put(self.durable.setdefault(name, bytearray()), at, data)

    def cut(self, folder: Path, chance: random.Random) -> None:
        """Write to ``folder`` what a power cut might leave."""
        for name in {*self.durable, *self.pending}:
            image = bytearray(self.durable.get(name, b""))
            for at, data in self.pending.get(name, []):
                if chance.random() < 0.5:
                    _put(image, at, data if data is None or chance.random() < 0.7 else _torn(image, at, data, chance))
            (folder / name).write_bytes(image)


def _put(image: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del image[at:]
        return
    image.extend(bytes(max(0, at - len(image))))
    image[at : at + len(data)] = data


def _torn(image: bytearray, at: int, data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with some sectors as they were before."""
    before = bytes(image[at : at + len(data)]).ljust(len(data), b"\0")
    parts = range(0, len(data), _SECTOR)
    return b"".join((data if chance.random() < 0.5 else before)[part : part + _SECTOR] for part in parts)


def main(count: int = 300) -> None:
    """Record, cut, check, and write down what was found."""
    sent = receiver.lives(count, "power")[:count]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = _record(folder, sent)
        steps = list(_steps(folder / "trace", ports))
        print(section("power_loss.py", _cut_often(folder, steps, sent)))


def _record(folder: Path, sent: Sequence[bytes]) -> dict[int, str]:
    """Serve under strace and post every event on a connection of its own; return the events by that one's port."""
    with receiver.serving(folder, (*_STRACE, str(folder / "trace"))) as (port, _), ThreadPoolExecutor(8) as senders:
        ports = dict(senders.map(lambda body: (_post(port, body), events.envelope(body).id), sent))
        receiver.caught_up(folder / "upswell.db")
    return ports


def _post(port: int, body: bytes) -> int:
    """Post an event, and return the port it came from."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.connect()
        local = int(connection.sock.getsockname()[1])
        connection.request("POST", WEBHOOK_PATH, body, {"Stripe-Signature": signature(body, receiver.SECRET)})
        if (status := connection.getresponse().status) != 200:
            raise SystemExit(f"not accepted: {status}")
        return local


def _plain(named: re.Match[str]) -> str:
    """Return what a file descriptor stands for in plain text."""
    return f"<{bytes.fromhex(named[1].replace(chr(92) + 'x', '')).decode()}>"


def _calls(trace: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (begun or ended, process, call, arguments) in the order of the record."""
    begun: dict[str, tuple[str, str]] = {}
    with trace.open() as lines:
        for line in lines:
            if not (found := _LINE.match(_NAMED.sub(_plain, line.rstrip()))):
                continue
            pid, resumed, _, call, arguments = found.groups()
            if resumed:
                yield ("ended", pid, *begun.pop(pid))
                continue
            yield "begun", pid, call, arguments
            if arguments.endswith("<unfinished ...>"):
                begun[pid] = call, arguments
            else:
                yield "ended", pid, call, arguments


def _steps(trace: Path, ports: dict[int, str]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield each write and truncation as it ends, each answer as it begins, each sync with what it covers.

    A sync covers what was written before it began; it has happened when it ends.
    """
    written: Counter[str] = Counter()
    synced: Counter[str] = Counter()
    covered: dict[str, int] = {}
    for moment, pid, call, arguments in _calls(trace):
        file = _FILE.match(arguments)
        if moment == "begun":
            if file and "sync" in call:
                covered[pid] = written[file[1]]
            elif (answer := _ANSWER.match(arguments)) and answer[2].startswith(_OK) and int(answer[1]) in ports:
                yield "answer", ports[int(answer[1])], None, None
        elif file and "sync" in call:
            yield "sync", file[1], covered[pid] - synced[file[1]], None
            synced[file[1]] = max(synced[file[1]], covered[pid])
        elif file and call in {"pwrite64", "ftruncate"}:
            written[file[1]] += 1
            yield "write", file[1], *_written(call, arguments)


def _written(call: str, arguments: str) -> tuple[int, bytes | None]:
    """Return where something was written, and what; nothing, where the file was cut off."""
    if call == "ftruncate":
        return int(re.findall(r">, (\d+)", arguments)[0]), None
    data, at = re.findall(r'"((?:\\x[0-9a-f]{2})*)", \d+, (\d+)', arguments)[0]
    return int(at), bytes.fromhex(data.replace("\\x", ""))


def _cut_often(folder: Path, steps: Sequence[tuple[str, Any, Any, Any]], sent: Sequence[bytes]) -> str:
    """Cut the power after random steps, check what is left each time, and return what was found, in words."""
    chance, disk, answered, lost = random.Random(0), Disk(), set(), 0  # noqa: S311  # a cut comes back
    first = next(place for place, step in enumerate(steps) if step[0] == "answer")
    cuts = set(chance.sample(range(first, len(steps)), min(_CUTS, len(steps) - first)))
    whole = _movements(folder / "whole.db", sent)
    for place, (kind, what, one, other) in enumerate(steps):
        if kind == "answer":
            answered.add(what)
        elif kind == "sync":
            disk.sync(what, one)
        else:
            disk.write(what, one, other)
        if place in cuts:
            lost += _check(disk, answered, sent, whole, chance)
    kinds = Counter(step[0] for step in steps)
    return fill(
        f"{len(answered)} of {len(sent)} events were answered with 2xx while {kinds['write']:,} writes and "
        f"{kinds['sync']:,} syncs were recorded. The power was cut {len(cuts)} times: each ledger was sound, held "
        "every event that had been answered, and had the movements of an undisturbed run in the end. "
        f"In those cuts {lost:,} writes were not durable yet.",
        width=120,
    )


def _check(disk: Disk, answered: set[str], sent: Sequence[bytes], whole: list[Movement], chance: random.Random) -> int:
    """Cut the power once. Raises SystemExit where something is wrong; returns how many writes were at stake."""
    with tempfile.TemporaryDirectory() as name:
        disk.cut(Path(name), chance)
        with Ledger(Path(name) / "upswell.db", create=True) as ledger:
            (sound,) = ledger.connection.execute("PRAGMA integrity_check").fetchone()
            held = {event for (event,) in ledger.connection.execute("SELECT id FROM events")}
        if sound != "ok" or not answered <= held:
            raise SystemExit(f"integrity: {sound}; answered and not there: {sorted(answered - held)}")
        if _movements(Path(name) / "upswell.db", sent) != whole:
            raise SystemExit("the movements are not those of an undisturbed run")
    return sum(len(writes) for writes in disk.pending.values())


def _movements(path: Path, sent: Sequence[bytes]) -> list[Movement]:
    """Return the movements after all of ``sent`` has come (again) and is applied."""
    with Ledger(path, create=True) as ledger:
        events.accept(ledger, [events.envelope(body) for body in sent])
        apply_pending(ledger, Rules())
        return books.movements(ledger)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
