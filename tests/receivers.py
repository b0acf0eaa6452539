"""A receiver of outgoing webhooks for tests: it verifies with the public library, and fails as it is told to."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from upswell.configuration.settings import HookSettings, Secret

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another one, as long as that ...").decode()
EVENTS = ("movement.recorded", "movement.restated")
DROP, HANG = 0, -1


@dataclass
class Receiver:
    """What came, and how it is answered: ``answer`` is called with the number of each request, the first being 1.

    It returns a status, or a status and headers; DROP hangs up without an answer, HANG says nothing until ``release``.
    ``requests`` hold path, headers in lower case, and body; ``taken`` those that were answered with 2xx.
    """

    port: int = 0
    answer: Callable[[int], Any] = lambda _number: 204
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def settings(self, name: str = "campaigns", **given: Any) -> HookSettings:
        """Return the settings of this endpoint."""
        url = Secret(f"http://127.0.0.1:{self.port}/in/hush-hush-{name}")
        return HookSettings(**{"name": name, "url": url, "secrets": (Secret(SECRET),), "events": EVENTS} | given)

    def ids(self) -> list[str]:
        """Return the id of each message that was taken."""
        return [headers["webhook-id"] for headers, _ in self.taken]


def verified(headers: dict[str, str], body: bytes, secret: str = SECRET) -> Any:
    """Return the payload, as the public library verifies it; it looks at the clock."""
    return Webhook(secret).verify(body, headers)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver on 127.0.0.1."""
    receiver = Receiver()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                receiver.requests.append((self.path, headers, body))
                answer = receiver.answer(len(receiver.requests))
            status, more = answer if isinstance(answer, tuple) else (answer, {})
            if status == HANG:
                receiver.release.wait(60)
            if status in (HANG, DROP):
                return
            if 200 <= status < 300:
                receiver.taken.append((headers, body))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.release.set()
            server.shutdown()
            thread.join()
