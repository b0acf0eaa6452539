"""Events in, movements out: through the command line, or through the functions behind it, in many orders."""

import dataclasses
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from scenarios.streams import Json
from upswell.configuration import config
from upswell.core.kinds import Movement
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.intake.replay import replay
from upswell.store import agenda, books
from upswell.store.events import counts
from upswell.store.ledger import Ledger
from upswell.store.records import write_facts
from upswell_connectors.shapes import facts_of_object

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # these ledgers are many and need no disk
Batches = Sequence[Sequence[Json]]


def orders(events: Sequence[Json]) -> Iterator[tuple[str, Batches]]:
    """Give the ways in which the same events may arrive: each a name and the batches they come in."""
    yield "in order", [events]
    yield "reversed", [events[::-1]]
    yield "shuffled", [shuffled(events, 1)]
    yield "shuffled, every event twice", [shuffled([*events, *events], 2)]
    mixed = shuffled(events, 3)
    half = len(mixed) // 2
    yield "shuffled, in two batches", [mixed[:half], mixed[half:]]


def shuffled(events: Sequence[Json], seed: int) -> list[Json]:
    """Return ``events`` in an order that ``seed`` decides."""
    return random.Random(seed).sample(events, len(events))


Looks = Sequence[tuple[int, Sequence[Json]]]
"""What lists showed: when they were asked (unix seconds UTC), and every object."""


def replayed(batches: Batches, settings: str = "", *, lists: Looks = (), after: int = 0) -> tuple[str, ...]:
    """Feed batches of events into a fresh ledger, in this process; return its movements as lines of JSON.

    ``lists`` are taken in after so many batches.
    """
    return looked_at(batches, settings, lists=lists, after=after)[0]


def looked_at(
    batches: Batches, settings: str = "", *, lists: Looks = (), after: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Do as ``replayed`` does; return the movements, and what lies ahead: what plans bring and what they overtake."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        rules = _rules(settings)
        (folder / "upswell.db").write_bytes(_empty())
        with Ledger(folder / "upswell.db") as ledger:
            for place in range(len(batches) + 1):
                for at, shown in lists if place == after else ():
                    _take_in(ledger, rules, at, shown)
                for batch in batches[place : place + 1]:
                    result = replay(ledger, rules, [str(_written(folder, batch))])
                    assert not result.broken, result.broken
            result = apply_pending(ledger, rules)
            left = counts(ledger)
            assert (left.pending, left.failed) == (0, 0), f"{left.pending} pending, {left.failed} failed: {result}"
            scheduled, overtaken = agenda.scheduled(ledger), sorted(agenda.overtaken(ledger))
            return _lines(books.movements(ledger)), (*_lines(scheduled), *overtaken)


def _take_in(ledger: Ledger, rules: Rules, at: int, shown: Sequence[Json]) -> None:
    """Write what lists showed at ``at``, as a backfill does."""
    with ledger.write() as connection:
        for found in shown:
            write_facts(connection, None, facts_of_object(found, at), rules)


@cache
def _rules(settings: str) -> Rules:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.toml"
        path.write_text(settings, encoding="utf-8")
        return config.load(path, {}).rules


@cache
def _empty() -> bytes:
    """Return an empty ledger, made once: its schema takes as long as a short life."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "upswell.db"
        Ledger(path, create=True).close()
        return path.read_bytes()


def by_command(batches: Batches, folder: Path, settings: str = "") -> tuple[str, ...]:
    """Feed batches of events into a fresh ledger with the command, and print its movements with the command."""
    (folder / "config.toml").write_text(settings, encoding="utf-8")
    for batch in batches:
        run(folder, "replay", str(_written(folder, batch)))
    printed = run(folder, "movements", "--format", "jsonl", "--until", "2100-01-01")
    return tuple(printed.splitlines())


def run(folder: Path, *arguments: str) -> str:
    """Run ``upswell`` with the configuration in ``folder`` and return what it prints."""
    command = [sys.executable, "-m", "upswell", "--config", str(folder / "config.toml"), *arguments]
    if (script := Path(sys.executable).with_name("upswell")).exists():
        command = [str(script), *command[3:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def _written(folder: Path, batch: Sequence[Json]) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in batch), encoding="utf-8")
    return path


def _lines(movements: Sequence[Movement]) -> tuple[str, ...]:
    return tuple(_line(dataclasses.asdict(movement)) for movement in movements)


def _line(movement: Json) -> str:
    moment = datetime.fromtimestamp(movement["occurred_at"], UTC)
    return json.dumps(movement | {"occurred_at": moment.isoformat().replace("+00:00", "Z")})
