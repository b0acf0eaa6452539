"""A crowd of senders for tests: bodies go to a server over many connections, and what was answered is remembered."""

import http.client
import threading
from collections.abc import Iterable, Iterator
from typing import Self

from receiving import PATH, signature

_SECONDS = 240


class Senders:
    """Sends ``bodies`` to ``port`` over so many ``connections`` that stay open; ``with`` waits for all of them.

    ``codes`` holds each body with the status it was answered with. A sender that gets no answer stops, unless it is
    ``stubborn``: then it sends the same body again until it is answered with 2xx.
    """

    def __init__(self, port: int, bodies: Iterable[bytes], connections: int = 8, *, stubborn: bool = False) -> None:
        self.codes: list[tuple[bytes, int]] = []
        self._port, self._stubborn = port, stubborn
        self._waiting: Iterator[bytes] = iter(list(bodies))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(connections)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def accepted(self) -> set[bytes]:
        """Every body that was answered with 2xx."""
        return {body for body, code in self.codes if 200 <= code < 300}

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
        try:
            while body := self._next():
                if not self._post(connection, body):
                    return
        finally:
            connection.close()

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._waiting, None)

    def _post(self, connection: http.client.HTTPConnection, body: bytes) -> bool:
        """Post ``body``; say whether to go on."""
        while True:
            try:
                connection.request("POST", PATH, body, {"Stripe-Signature": signature(body)})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                if not self._stubborn:
                    return False
                continue
            self.codes.append((body, answer.status))
            if answer.status < 300 or not self._stubborn:
                return True
