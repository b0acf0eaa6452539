"""The front: reads each request whole before anything is spent on it, and hands it to the WSGI application.

Granian calls it through RSGI. Its own WSGI mode would let a few dozen half-sent bodies block every thread, and
would put the process's environment, secrets and all, into every request.
"""

import asyncio
import io
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from upswell_webhooks import requestlog
from upswell_webhooks.promises import PROMISES, Promise

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]  # imported there, not exported


_FRAMING = ("content-length", "transfer-encoding")  # the body is here already


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and all together, may take.

    ``body`` bytes a request; ``seconds`` to send it, ``last_seconds`` once the receiver is stopping; ``held`` bytes in
    all requests that are being read or answered; ``threads`` requests answered at once that may wait for the ledger.
    Of a body that is too long, ``discarded`` bytes are read and thrown away, because a client that is cut off while
    sending sees no answer.
    """

    body: int = 1_000_000
    seconds: float = 10.0
    last_seconds: float = 1.0
    held: int = 64_000_000
    threads: int = 8
    discarded: int = 8_000_000


class _Refused(Exception):
    """The request is answered by the front itself, with ``status`` and ``sentence``."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Front:
    """An RSGI application in front of the WSGI application ``app``; ``close`` is called once all are answered."""

    def __init__(self, app: "WSGIApplication", close: Callable[[], None], limits: Limits | None = None) -> None:
        self._app = app
        self._close = close
        self._limits = limits or Limits()
        self._seconds = self._limits.seconds
        self._reading: set[asyncio.Timeout] = set()
        self._held = 0
        self._due: deque[asyncio.Future[None]] = deque()
        self._threads = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="upswell-request")

    async def __rsgi__(self, scope: "Scope", protocol: "HTTPProtocol") -> None:
        """Answer one request."""
        started = time.perf_counter()
        body = bytearray()
        try:
            await self._read(protocol, body)
            environ = _environ(scope, bytes(body))
            answer = await self._answer(environ)
        except _Refused as refusal:
            answer = Response(f'{{"error":"{refusal.sentence}"}}', refusal.status, mimetype="application/json")
            answer.headers["Connection"] = "close"
            elapsed = time.perf_counter() - started
            requestlog.note(scope.method, scope.path, refusal.status, elapsed, outcome="refused")
        finally:
            self._held -= len(body)
        protocol.response_bytes(answer.status_code, list(answer.headers), answer.data)

    async def _answer(self, environ: "WSGIEnvironment") -> Response:
        """Return the application's answer, or the one it promised once that is due.

        A POST is answered right here, for it waits for nothing but its promise: handing it to a thread and back would
        take longer than answering it. Anything else may wait for the ledger, in a thread.
        """
        loop = asyncio.get_running_loop()
        if environ["REQUEST_METHOD"] != "POST":
            return await loop.run_in_executor(self._threads, self._call, environ)
        begun = time.perf_counter()
        promises: list[Promise] = environ.setdefault(PROMISES, [])
        answer = self._call(environ)
        for promise in promises:
            await self._kept(promise, loop)
            answer = promise.answer()
            elapsed = time.perf_counter() - begun
            requestlog.note("POST", environ["PATH_INFO"], answer.status_code, elapsed, **promise.facts)
        return answer

    async def _kept(self, promise: Promise, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until ``promise`` can be kept. Promises that become due together wake the loop together."""
        waiter = loop.create_future()

        def tell(_: object) -> None:
            self._due.append(waiter)
            if len(self._due) == 1:
                loop.call_soon_threadsafe(self._wake)

        promise.stored.add_done_callback(tell)
        await waiter

    def _wake(self) -> None:
        while self._due:
            waiter = self._due.popleft()
            if not waiter.done():  # the sender may be gone
                waiter.set_result(None)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of a stop, beside granian: its own handlers are woken by the loop, and these run besides."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self.hurry, loop))

    def hurry(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give every body that is still being sent ``last_seconds`` from now: the receiver is stopping."""
        self._seconds = self._limits.last_seconds
        for deadline in self._reading:
            deadline.reschedule(loop.time() + self._seconds)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """Finish, after granian has answered the last request."""
        self._threads.shutdown()
        self._close()

    async def _read(self, protocol: "HTTPProtocol", body: bytearray) -> None:
        """Read the body into ``body``. Raises _Refused where it is too long, too slow, or one too many."""
        limits = self._limits
        size = 0
        try:
            async with self._deadline():
                async for chunk in protocol:
                    size += len(chunk)
                    if size <= limits.body:
                        self._keep(chunk, body)
                    elif size > limits.discarded:
                        break
        except TimeoutError:
            raise _Refused(408, f"The body did not arrive within {self._seconds:g} seconds.") from None
        if size > limits.body:
            raise _Refused(413, f"The body is longer than {limits.body} bytes.")

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        async with asyncio.timeout(self._seconds) as deadline:
            self._reading.add(deadline)
            try:
                yield
            finally:
                self._reading.discard(deadline)

    def _keep(self, chunk: bytes, body: bytearray) -> None:
        if self._held + len(chunk) > self._limits.held:
            raise _Refused(503, "Too much is being received: send it again later.")
        self._held += len(chunk)
        body += chunk

    def _call(self, environ: "WSGIEnvironment") -> Response:
        return Response.from_app(self._app, environ, buffered=True)


def _environ(scope: "Scope", body: bytes) -> "WSGIEnvironment":
    """Return the WSGI environment of one request: what it says, and nothing of the process's own environment."""
    host, _, port = scope.server.rpartition(":")
    return {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **_headers(scope.headers.items()),
    }


def _headers(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return headers by their WSGI names. One with ``_`` could pass for another with ``-``, and is left out."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        if "_" in name or name in _FRAMING:
            continue
        key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined
