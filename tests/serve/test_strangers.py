"""Strangers: who is not Stripe gets nothing, learns nothing, and is in nobody's way."""

import os
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from connectors.sent import item, price, subscription
from loading import Senders
from receiving import OTHER_SECRET, PATH, SECRET, event, signature, stored
from serving import free_port, is_gone, until

from upswell.configuration.config import load
from upswell.store.dispatches import listed
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice, post
from upswell.telling.hooks import send_due

HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n".encode()
REFUSED = b'{"error":"The signature fits no configured secret, or is not of the last five minutes."}'


def begun(name):
    """Return a signed request, whole."""
    body = event(name)
    head = f"Stripe-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return HEAD + head.encode() + body


def test_the_unsigned_by_the_hundred_are_refused_beside_others(served):
    """While 400 requests come that nobody signed, what Stripe signed is accepted, all of it, and nothing else is."""
    before = stored(served.ledger).keys()
    forged = [event(f"evt_forged_{number}") for number in range(400)]
    codes = []

    def forge(bodies):
        codes.extend(served.ask("POST", PATH, body, Stripe_Signature=signature(body, "whsec_x"))[0] for body in bodies)

    forgers = [threading.Thread(target=forge, args=(forged[part::8],)) for part in range(8)]
    for forger in forgers:
        forger.start()
    with Senders(served.port, [event(f"evt_true_{number}") for number in range(100)], 4) as senders:
        pass
    for forger in forgers:
        forger.join()
    assert codes == [400] * 400
    assert [code for _, code in senders.codes] == [200] * 100
    assert stored(served.ledger).keys() - before == {f"evt_true_{number}" for number in range(100)}


def test_every_refusal_says_the_same(served):
    """A wrong secret, another body, an old or a future time, a replay and no signature: one answer, and no hint."""
    body, now = event("evt_replayed"), int(time.time())
    headers = [
        signature(body, "whsec_other"),
        signature(event("evt_else")),
        signature(body, at=now - 310),
        signature(body, OTHER_SECRET, at=now - 86_400),
        signature(body, at=now + 900),
        f"t={now},v1={'0' * 64}",
        f"t={now}",
        "v1=" + "0" * 64,
        signature(body).replace("v1=", "v0="),
        "t=" + "9" * 5_000 + ",v1=00",
        "",
    ]
    assert {served.ask("POST", PATH, body, Stripe_Signature=header) for header in headers} == {(400, REFUSED)}
    assert served.ask("POST", PATH, body) == (400, REFUSED)
    assert "evt_replayed" not in stored(served.ledger)


def test_every_secret_signs_while_they_are_rolled(served):
    """With several secrets configured, and with several signatures in one header, each that fits is enough."""
    for number, secret in enumerate((SECRET, OTHER_SECRET)):
        body = event(f"evt_rolled_{number}")
        assert served.ask("POST", PATH, body, Stripe_Signature=signature(body, secret))[0] == 200
    body = event("evt_rolled_both")
    both = f"{signature(body, 'whsec_gone')},{signature(body, OTHER_SECRET).partition(',')[2]}"
    assert served.ask("POST", PATH, body, Stripe_Signature=both)[0] == 200


def test_who_trickles_is_cut_off_and_blocks_nobody(served):
    """A hundred bodies and heads that come byte by byte are given up after 10 s in all; others are answered at once."""
    slow = [served.begin(HEAD + b"Content-Length: 1000\r\n\r\n{") for _ in range(50)]
    slow += [served.begin(HEAD) for _ in range(50)]
    waits = []
    while not select.select(slow, [], [], 0.5)[0]:
        for connection in slow:
            with suppress(OSError):  # it was given up just now
                connection.sendall(b"x")
        asked = time.monotonic()
        assert served.post(event(f"evt_beside_{len(waits)}")) == 200
        waits.append(time.monotonic() - asked)
    assert max(waits) < 5
    answers = [answer(connection) for connection in slow]
    assert answers[:50] == [b"HTTP/1.1 408 "] * 50
    assert set(answers[50:]) <= {b"", b"HTTP/1.1 408 "}


def answer(connection):
    """Return how the answer on ``connection`` begins; nothing, where it was closed."""
    with connection:
        try:
            return connection.recv(100)[:13]
        except ConnectionResetError:
            return b""


def test_who_connects_and_says_nothing_is_in_nobodys_way(served):
    """Beside 300 connections on which nothing is sent, others are answered."""
    silent = [served.begin(b"") for _ in range(300)]
    assert [served.post(event(f"evt_beside_silent_{number}")) for number in range(20)] == [200] * 20
    for connection in silent:
        connection.close()


def test_who_leaves_before_the_answer_harms_nobody(served):
    """A hundred senders that are gone before they are answered leave the server as it was."""
    for number in range(100):
        connection = served.begin(begun(f"evt_left_{number}"))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    assert served.post(event("evt_stayed")) == 200
    assert "Traceback" not in served.said()


NOISE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x00" * 1000,
    HEAD + b"Content-Length: -1\r\n\r\n",
    HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{",
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    HEAD + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    HEAD + b"".join(b"X-%d: x\r\n" % number for number in range(2_000)) + b"\r\n",
    b"POST /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
def test_what_is_no_request_is_no_fault(served, noise):
    """TLS, other protocols, headers and lengths beyond all measure are refused or cut off, and others go on."""
    with served.begin(b"") as connection:
        try:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            head = connection.recv(100)
        except OSError:
            head = b""
    assert head == b"" or head[9:10] == b"4", head
    assert served.post(event(f"evt_after_{abs(hash(noise))}")) == 200
    assert "Traceback" not in served.said()


def test_the_ledger_is_for_its_owner_alone(served):
    """The ledger, its log and its index may be read and written by their owner, and by nobody else."""
    assert served.post(event("evt_kept")) == 200
    files = [served.folder / f"upswell.db{suffix}" for suffix in ("", "-wal", "-shm")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_worker_ends_with_its_parent(launch):
    """Kill -9 of the parent ends the worker at once: the port is free again, and nothing is accepted for nobody."""
    served = launch().ready()
    (worker,) = served.workers()
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()
    until(lambda: is_gone(worker))
    until(served.refuses)


@pytest.fixture
def cores():
    """Let what this process starts leave its memory in a file where it crashes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


MARK = "PLANTED"
PLANTED = {
    "STRIPE_API_KEY": f"sk_test_{MARK}key",
    "STRIPE_WEBHOOK_SECRET": f"whsec_{MARK}first,whsec_{MARK}second",
    "UPSWELL_TOKEN": f"{MARK}token",
    "SMTP_PASSWORD": f"{MARK}password",
    "UPSWELL_HOOK_URL": f"https://127.0.0.1:9/in/{MARK}url",
    "UPSWELL_HOOK_SECRET": f"whsec_{MARK}{'hook' * 8},whsec_{MARK}{'more' * 8}=",
}
SLACK = {"SLACK_WEBHOOK_URL": f"https://127.0.0.1:9/services/{MARK}url"}
BOT = {"SLACK_BOT_TOKEN": f"xoxb-{MARK}token"}


def written(folder):
    """Return everything in the files of ``folder`` but the configuration."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "config.toml"]
    assert {file.suffix for file in files} >= {".db", ".lock", ""}
    return b"".join(file.read_bytes() for file in files)


def ran(served, environ, *arguments):
    """Run a command beside ``served``; return everything it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "upswell", "--config", str(served.folder / "config.toml"), *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("slack", [SLACK, BOT], ids=["an incoming webhook", "a bot"])
def test_no_planted_secret_is_in_anything_that_is_written(launch, cores, slack):
    """Keys, secrets, addresses, tokens and passwords are in no log, error, traceback, answer, ledger or output.

    Whatever is tried: good and bad requests, unreachable Stripe, Slack and mail server, a broken ledger, a crash that
    would leave the memory in a file.
    """
    port = free_port()
    more = f"""
[stripe]
api_base = "http://127.0.0.1:{port}"
[slack]
channel = "#revenue"
[email]
host = "127.0.0.1"
port = {port}
username = "upswell"
from = "a@example.com"
to = ["b@example.com"]
[[hooks.endpoint]]
name = "campaigns"
people = true
"""
    environ = PLANTED | slack
    served = launch(more=more, **environ).ready()
    secret, token = environ["STRIPE_WEBHOOK_SECRET"].split(",")[1], environ["UPSWELL_TOKEN"]
    unknown = subscription(item(price=price(unit_amount=..., unit_amount_decimal=...)), discounts=["di_unknown"])
    bodies = [
        event("evt_1"),
        event("evt_2", "customer.subscription.created", data={"object": unknown}),
        event("evt_3", data={"object": {"object": "subscription"}}),
        b"{}",
    ]
    told = [served.ask("POST", PATH, body, Stripe_Signature=signature(body, secret)) for body in bodies]
    told += [served.ask("POST", PATH, body, Stripe_Signature=signature(body, "whsec_x")) for body in bodies]
    told += [served.ask("GET", "/healthz", Authorization=f"Bearer {token}"), served.ask("GET", f"/{'x' * 3000}")]
    until(lambda: stored(served.ledger).get("evt_3") == "failed")
    on_its_way(served.ledger)
    commands = ("doctor", "retry", "summary --post", "hooks --test campaigns", "hooks", "hooks msg_1")
    printed = [
        *(ran(served, environ, *command.split()) for command in commands),
        ran(served, environ, "replay", str(served.folder / "config.toml")),
    ]
    assert served.ledger.with_name("upswell.db-wal").stat().st_size
    (worker,) = served.workers()
    shown, kept = served.shown(worker), written(served.folder)
    os.kill(worker, signal.SIGSEGV)
    until(lambda: served.workers() not in ([], [worker]))
    damaged = served.ledger.read_bytes()
    served.ledger.write_bytes(b"\xa5" * len(damaged))
    until(lambda: ask_health(served) == 503)
    served.stop()
    everything = repr((told, printed, shown, served.said())).encode() + kept + written(served.folder)
    everything += ran(served, environ, "serve")
    assert everything.count(b"could not be reached") >= 2
    assert b"campaigns has not taken it: it could not be reached" in everything
    assert b"cannot be opened" in everything
    assert MARK.encode() not in everything


def on_its_way(path):
    """Put a message for the hook into the ledger, and have it tried, here or by the server."""
    notice = Notice("msg_1", "movement.restated", "cus_1", int(time.time()) - 5, {"was": None, "now": None})
    (hook,) = load(path.with_name("config.toml"), PLANTED).hooks
    with Ledger(path) as ledger:
        with ledger.write() as connection:
            post(connection, notice, [hook.destination])
        send_due(ledger, hook, lambda: int(time.time()))
        until(lambda: [one.error for one in listed(ledger, None, 9)] != [None])


def ask_health(served):
    """Return the status of the health, or 0 while nobody answers."""
    try:
        return served.ask("GET", "/healthz")[0]
    except OSError:
        return 0
