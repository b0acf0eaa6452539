"""The API over HTTP, on this machine only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from socket import SHUT_RDWR, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import msgspec

from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.api import Answer, Api, Asked
from upswell_connectors.fake_stripe.faults import NONE, Dropped, Faults, Tally
from upswell_connectors.fake_stripe.keys import Keys

TALLY = "/_fake/tally"
"""Where a benchmark in another process reads what was asked so far; no request for it counts."""

_IDLE_SECONDS = 60
_LONGEST_LINE = 65_536


@contextmanager
def serving(
    account: Account,
    port: int = 0,
    *,
    keys: Keys | None = None,
    faults: Faults = NONE,
    tally: Tally | None = None,
    clock: Callable[[], float] | None = None,
) -> Iterator[str]:
    """Answer Stripe's requests about ``account`` on ``port`` of 127.0.0.1 (0: any free one) while the block lasts.

    Gives the base URL. See ``Api`` for ``keys``, ``faults``, ``tally`` and ``clock``.
    """
    api = Api(account, keys=keys, faults=faults, tally=tally, clock=clock)
    with _Server(("127.0.0.1", port), partial(_Handler, api)) as server:
        thread = Thread(target=partial(server.serve_forever, 0.05), name="fake-stripe-api", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    """A thread for each connection; who is still connected when it closes is cut off."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *server: Any) -> None:
        self._open: set[socket] = set()
        super().__init__(*server)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)


class _Handler(StreamRequestHandler):
    """One connection, kept open. The standard library's HTTP handler spends more on headers than this on everything."""

    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True

    def __init__(self, api: Api, *connection: object) -> None:
        self._api = api
        super().__init__(*connection)  # type: ignore[arg-type]

    def handle(self) -> None:
        try:
            while (asked := self._asked()) is not None:
                self.connection.sendall(_packed(self._answer(asked)))
                if asked.headers.get("connection", "").lower() == "close":
                    return
        except (Dropped, OSError, ValueError):
            """Nothing more is said on this connection."""

    def _answer(self, asked: Asked) -> Answer:
        if asked.target == TALLY:
            return Answer(200, {}, msgspec.json.encode(self._api.tally))
        return self._api.answer(asked)

    def _asked(self) -> Asked | None:
        """Read a request; None where the other side has closed. Raises ValueError where it is none."""
        line = self.rfile.readline(_LONGEST_LINE)
        if not line:
            return None
        method, target, _ = line.decode("latin-1").split()
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(_LONGEST_LINE)).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return Asked(method, target, headers, self.rfile.read(int(headers.get("content-length", 0))))


def _packed(answer: Answer) -> bytes:
    phrase = HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(answer.body)}", "", ""]).encode("latin-1") + answer.body
