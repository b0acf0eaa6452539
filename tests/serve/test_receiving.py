"""Receiving: real requests to a real server that stays up, and what it makes of misuse."""

import http.client
import os
import select
import signal
import time

from receiving import API_KEY, OTHER_SECRET, PATH, SECRET, TOKEN, event, signature, stored
from serving import until

HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n".encode()


def accepts(served, body):
    """Say whether ``body`` was accepted; not while nobody listens."""
    try:
        return served.post(body) == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_webhook_is_stored_and_applied(served):
    """A signed event is answered with 200 over HTTP, stored once, and applied soon after, by the other process."""
    assert [served.post(event("evt_twice")) for _ in range(2)] == [200, 200]
    until(lambda: stored(served.ledger)["evt_twice"] == "applied")


def test_the_health_is_told_over_http(served):
    """Everybody learns that it is well, and who holds the token learns more."""
    assert served.ask("GET", "/healthz") == (200, b'{"status":"ok"}')
    assert b'"next_run":"' in served.ask("GET", "/healthz", Authorization=f"Bearer {TOKEN}")[1]


def test_refusals_hold_over_http(served):
    """What the application refuses is refused by the server too: headers that are no text, long bodies, other paths."""
    with served.begin(HEAD + b"Content-Length: 0\r\nStripe-Signature: t=1,v1=\xe9\xff\r\n\r\n") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    body = event("evt_long", note="x" * 2_000_000)
    assert served.ask("POST", PATH, body, Stripe_Signature=signature(body))[0] == 413
    assert served.ask("POST", PATH, b"\xff\xfe", Stripe_Signature=f"t={int(time.time())},v1=00")[0] == 400
    assert served.ask("GET", PATH) == (405, b'{"error":"Method Not Allowed"}')
    assert served.ask("GET", "/%ff")[0] == 404
    assert "evt_long" not in stored(served.ledger)


def test_half_sent_requests_block_nobody(served):
    """While sixty bodies and sixty heads never end, others are answered; then the bodies get 408, the heads nothing."""
    bodies = [served.begin(HEAD + b"Content-Length: 1000\r\n\r\n{") for _ in range(60)]
    heads = [served.begin(HEAD) for _ in range(60)]
    assert served.post(event("evt_beside")) == 200
    assert select.select([*bodies, *heads], [], [], 0)[0] == []
    assert [served.post(event(f"evt_beside_{number}")) for number in range(20)] == [200] * 20
    assert {connection.recv(100)[:13] for connection in bodies} == {b"HTTP/1.1 408 "}
    assert {connection.recv(100) for connection in heads} == {b""}
    for connection in (*bodies, *heads):
        connection.close()


def test_a_dead_worker_is_replaced(served):
    """A worker that is killed is started again, and receives."""
    (worker,) = served.workers()
    os.kill(worker, signal.SIGKILL)
    until(lambda: served.workers() not in ([], [worker]))
    until(lambda: accepts(served, event("evt_after")))
    assert "evt_after" in stored(served.ledger)


def test_a_second_server_on_the_ledger_is_refused(served, launch):
    """One server serves a ledger: the second says so in one sentence and exits 1, and the first goes on."""
    code, (sentence,) = launch(folder=served.folder).end()
    assert code == 1
    assert sentence.startswith(f"Another `upswell serve` holds the ledger {served.ledger}")
    assert accepts(served, event("evt_beside_second"))


def test_a_taken_port_is_refused(served, launch):
    """A server on a port that another one listens on says so in one sentence and exits 1."""
    code, (sentence,) = launch(port=served.port).end()
    assert code == 1
    assert sentence.startswith(f"Cannot listen on 127.0.0.1:{served.port} (Address already in use)")


def test_an_event_of_the_other_mode_is_ignored(served):
    """The key's mode is the ledger's from its first start: a live event is kept, ignored."""
    assert served.post(event("evt_live", livemode=True)) == 200
    assert stored(served.ledger)["evt_live"] == "ignored"


def test_the_first_line_says_what_runs(served):
    """One line names the URL to give Stripe, the ledger, and when and where the summary is posted."""
    (line,) = [line for line in served.said().splitlines() if line.startswith("Receiving")]
    assert line == (
        "Receiving webhooks at https://hooks.example.com/webhooks/stripe (give Stripe this URL), "
        f"applying events to {served.ledger}, posting the weekly summary on Monday at 09:00 (UTC) to no channel. "
        "Every 15 minutes, Stripe is asked for what did not come."
    )


def test_no_secret_is_told_or_handed_on(served):
    """No secret is in what the server says, nor in the arguments or the environment of the process that receives."""
    served.ask("POST", PATH, b"{}", Stripe_Signature="t=1,v1=x")
    (worker,) = served.workers()
    assert "spawn_main" in served.shown(worker)
    told = served.said() + served.shown(worker)
    assert [secret for secret in (SECRET, OTHER_SECRET, TOKEN, API_KEY) if secret in told] == []
