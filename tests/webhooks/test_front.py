"""The front: whole requests only, within limits, and nothing of the process in them."""

import asyncio

import pytest
from asked import Asked, Exchange
from werkzeug.wrappers import Request, Response

from upswell_webhooks.front import Front, Limits


@pytest.fixture
def seen():
    """The environments the application was called with."""
    return []


@pytest.fixture
def front(seen):
    """A front with narrow limits, before an application that says back what it was told."""

    @Request.application
    def app(request):
        seen.append(request.environ)
        return Response(request.get_data(), 200, {"X-Said": request.headers.get("X-Say", "")})

    front = Front(app, lambda: seen.append("closed"), Limits(body=10, seconds=60, held=15, threads=2, discarded=40))
    yield front
    front._threads.shutdown()


def ask(front, *exchanges, headers=None):
    """Send all ``exchanges`` at once and return their answers."""

    async def all_of_them():
        await asyncio.gather(*(front.__rsgi__(Asked(headers or {}), exchange) for exchange in exchanges))

    asyncio.run(all_of_them())
    return [exchange.answer for exchange in exchanges]


def status(answer):
    """Return the status of an answer."""
    return answer[0]


def test_a_request_is_read_whole_and_handed_on(front):
    """The application is called with the joined body and the headers, and its answer goes out."""
    ((code, headers, body),) = ask(front, Exchange([b"01234", b"56789"]), headers={"x-say": "hi"})
    assert (code, headers["X-Said"], body) == (200, "hi", b"0123456789")


def test_the_environment_is_the_request_alone(front, seen, monkeypatch):
    """Nothing of the process's environment is in a request, and what the request says is where WSGI has it."""
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_secret")
    ask(front, Exchange([b"x"]), headers={"content-type": "text/plain", "content-length": "999", "host": "h"})
    (environ,) = seen
    assert "sk_live_secret" not in str(environ)
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/wébhooks"
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "1")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"], environ["REMOTE_ADDR"]) == (
        "127.0.0.1",
        "8484",
        "127.0.0.2",
    )
    assert {name for name in environ if name.startswith("HTTP_")} == {"HTTP_HOST"}


def test_an_underscore_cannot_pass_for_a_dash(front, seen):
    """A header that would take another one's name in WSGI is left out; a repeated one is joined."""

    class Repeated(dict):
        def items(self):
            return [("stripe_signature", "forged"), ("stripe-signature", "a"), ("stripe-signature", "b")]

    ask(front, Exchange([]), headers=Repeated(x="y"))
    assert seen[0]["HTTP_STRIPE_SIGNATURE"] == "a,b"


def test_a_long_body_is_read_to_its_end_and_refused(front, seen):
    """One byte too many is 413, in words the client can read; a body without end is cut off."""
    endless = Exchange([b"x" * 10] * 1_000_000)
    answers = ask(front, Exchange([b"x" * 11])) + ask(front, endless)
    assert [(code, headers["Connection"]) for code, headers, _ in answers] == [(413, "close")] * 2
    assert answers[0][2] == b'{"error":"The body is longer than 10 bytes."}'
    assert seen == []


def test_a_slow_body_is_given_up(front, seen):
    """A body that does not arrive in time is 408, and costs no thread."""
    front._seconds = 0.05
    assert [status(answer) for answer in ask(front, Exchange([b"x"], seconds=60))] == [408]
    assert seen == []


def test_all_bodies_together_are_bounded(front):
    """Where too much is being received at once the latest is told to come again, and then there is room again."""
    first, second = ask(front, Exchange([b"x" * 10], 0.01), Exchange([b"x" * 10], 0.01))
    assert (status(first), status(second)) == (200, 503)
    assert [status(answer) for answer in ask(front, Exchange([b"x" * 10]))] == [200]
    assert front._held == 0


def test_the_end_waits_for_what_is_being_answered(front, seen):
    """When granian is done, the threads are, and only then the inbox is closed."""
    ask(front, Exchange([b"x"]))
    front.__rsgi_del__(None)
    assert seen[-1] == "closed"
