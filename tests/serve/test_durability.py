"""Durability: whatever happens to the server or its disk, what it answered with 2xx is in the ledger, applied once.

``UPSWELL_ROUNDS=100 pytest tests/serve/test_durability.py -k killed`` kills it that many times.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from loading import Senders
from receiving import event, stored
from serving import free_port, is_gone, until
from undisturbed import name, settled, undisturbed, webhooks, written

from upswell.store.ledger import Ledger

ROUNDS = int(os.environ.get("UPSWELL_ROUNDS", "4"))
SEED = os.environ.get("UPSWELL_SEED", "0")


def is_whole(served, senders, tmp_path, bodies):
    """Check that what was answered with 2xx is there, and that the ledger is that of an undisturbed run."""
    assert {name(body) for body in senders.accepted} <= stored(served.ledger).keys()
    until(lambda: settled(served.ledger))
    assert written(served.ledger) == undisturbed(tmp_path / "undisturbed.db", bodies)


def kill(served, chance):
    """Kill the worker, its parent, or both, as ``kill -9`` does; return the workers there were."""
    workers = served.workers()
    whom = chance.choice([workers, [served.process.pid], [*workers, served.process.pid]])
    for pid in whom:
        os.kill(pid, signal.SIGKILL)
    return workers


def test_killed_at_any_moment_under_load_it_loses_and_doubles_nothing(launch, tmp_path):
    """Kill -9 of the worker, the parent or both, at random moments, while 8 connections send: nothing is lost.

    Nothing is applied twice either: the ledger in the end is that of an undisturbed run.
    """
    chance = random.Random(SEED)
    bodies = webhooks(40)
    port, answered = free_port(), set()
    for number in range(ROUNDS):
        served = launch(port=port).ready()
        begin = len(bodies) * number // ROUNDS
        sent = [*bodies[begin : begin + 400], *chance.sample(bodies, 400)]
        with Senders(port, sent, 8) as senders:
            if number % 2:
                until(lambda among=senders: among.codes)
            time.sleep(chance.uniform(0.01, 0.6))
            workers = kill(served, chance)
        answered |= {name(body) for body in senders.accepted}
        assert answered <= stored(served.ledger).keys()
        served.kill()
        until(lambda gone=workers: all(is_gone(worker) for worker in gone))
    assert answered
    served = launch(port=port).ready()
    with Senders(port, bodies, 8, stubborn=True) as senders:
        pass
    is_whole(served, senders, tmp_path, bodies)


def test_a_stop_under_load_drains_what_was_accepted(launch, tmp_path):
    """SIGTERM while 16 connections send ends within 10 s; what was answered is there, and the next start goes on."""
    bodies = webhooks(40)
    served = launch().ready()
    with Senders(served.port, bodies, 16) as senders:
        until(lambda: len(senders.codes) > 100)
        assert served.in_time(served.stop())
    assert served.process.returncode == 0
    assert {code for _, code in senders.codes} == {200}
    assert {name(body) for body in senders.accepted} <= stored(served.ledger).keys()
    served = launch(port=served.port).ready()
    with Senders(served.port, bodies, 16, stubborn=True) as senders:
        pass
    is_whole(served, senders, tmp_path, bodies)


@contextmanager
def full_disk(*pids):
    """Let no file of these processes grow past what the ledger has: as a full disk does, for root too."""
    soft, hard = resource.prlimit(pids[0], resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200_000, hard))
    yield
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_answered_with_503_and_outlived(launch, tmp_path):
    """While no file can grow, events are answered with 503; with room again all come in, and nothing is missing."""
    bodies = webhooks(40)
    served = launch().ready()
    with full_disk(*served.workers(), served.process.pid), Senders(served.port, bodies, 8) as senders:
        pass
    codes = [code for _, code in senders.codes]
    assert set(codes) == {200, 503}
    assert {name(body) for body in senders.accepted} == stored(served.ledger).keys()
    with Senders(served.port, bodies, 8, stubborn=True) as senders:
        pass
    is_whole(served, senders, tmp_path, bodies)


def test_a_locked_ledger_is_answered_with_503_and_outlived(launch):
    """While another program holds the write lock for longer than 5 s, events get 503, and 200 when it lets go."""
    served = launch().ready()
    with Ledger(served.ledger) as other, other.write():
        assert served.post(event("evt_1")) == 503
    assert stored(served.ledger) == {}
    assert served.post(event("evt_1")) == 200


# Gives up CAP_DAC_OVERRIDE for good (PR_CAPBSET_DROP), then becomes the command that follows.
BOUND = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def refused(served, *before):
    """Start a server in the folder of one that has ended; return its exit code and the one sentence it says."""
    ended = subprocess.run(
        [*before, sys.executable, "-m", "upswell", "--config", str(served.folder / "config.toml"), "serve"],
        env={**os.environ, "STRIPE_WEBHOOK_SECRET": "whsec_1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    (sentence,) = ended.stderr.splitlines()
    return ended.returncode, sentence


@pytest.fixture
def ended(launch):
    """A server that has accepted an event and ended."""
    served = launch().ready()
    assert served.post(event("evt_1")) == 200
    served.stop()
    return served


def test_a_read_only_ledger_is_refused(ended):
    """A ledger that may not be written is told in one sentence, with exit code 1, and stays as it is."""
    before = ended.ledger.read_bytes()
    ended.ledger.chmod(0o400)
    ended.folder.chmod(0o500)
    try:
        code, sentence = refused(ended, sys.executable, "-c", BOUND)  # file permissions bind it, though it be root's
    finally:
        ended.folder.chmod(0o700)
    assert (code, str(ended.ledger) in sentence) == (1, True)
    assert ended.ledger.read_bytes() == before


def overwritten(data):
    """Return the bytes of a ledger whose first page is noise."""
    return b"\xa5" * 4096 + data[4096:]


def torn(data):
    """Return the first page of a ledger, and half of the second."""
    return data[:6000]


@pytest.mark.parametrize("damage", [overwritten, torn, lambda _: b"no database" * 1000, lambda _: b""])
def test_a_corrupt_ledger_is_refused_and_left_alone(ended, damage):
    """A damaged file is told in one sentence that names it; it is not touched, and no empty ledger takes its place."""
    ended.ledger.write_bytes(damaged := damage(ended.ledger.read_bytes()))
    code, sentence = refused(ended)
    assert (code, str(ended.ledger) in sentence) == (1, True)
    assert ended.ledger.read_bytes() == damaged


def test_a_log_without_its_ledger_is_refused(launch):
    """Where the file is gone and its write-ahead log is left, nothing is created in its place."""
    served = launch().ready()
    assert served.post(event("evt_1")) == 200
    served.kill()
    served.ledger.unlink()
    code, sentence = refused(served)
    assert (code, f"{served.ledger}-wal" in sentence) == (1, True)
    assert not served.ledger.exists()


def test_a_ledger_that_is_damaged_while_it_is_served_accepts_nothing(launch):
    """When the file goes bad under a running server, events get 503, and no other ledger is begun."""
    served = launch().ready()
    assert served.post(event("evt_1")) == 200
    until(lambda: settled(served.ledger))
    served.ledger.unlink()
    assert served.post(event("evt_2")) == 503
    assert not served.ledger.exists()
