"""A small stand-in for Stripe's API: lists as they are given to it, and whatever goes wrong on request.

It shares nothing with the product's own fake, so that the two can be wrong in different ways.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Fault = tuple[int, dict[str, str]] | None

_NESTED = {"/v1/invoices": "lines", "/v1/subscriptions": "items"}
_SHOWN = 10


class Standin:
    """An account: ``lists`` holds objects by path; each needs ``id`` and ``created``.

    ``fault`` is called with the number of each request, the first being 1, and its path: it may return a status and
    headers to answer with instead, or a status of 0 to drop the connection. ``asked`` are all requests, path and query.
    """

    def __init__(self, account: str | None = "acct_1", **lists: list[Json]) -> None:
        self.account = account
        self.lists = {"/v1/" + name: list(found) for name, found in lists.items()}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.fault: Callable[[int, str], Fault] = lambda _number, _path: None
        self.headers: dict[str, str] = {}
        self._lock = threading.Lock()

    def receive(self, target: str) -> tuple[str, dict[str, list[str]], Fault]:
        """Note a request, and say what goes wrong with it."""
        asked = urlsplit(target)
        query = parse_qs(asked.query)
        with self._lock:
            self.asked.append((asked.path, query))
            return asked.path, query, self.fault(len(self.asked), asked.path)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Json]:
        """Return the status and the body for a request."""
        with self._lock:
            if path == "/v1/account":
                return (200, {"id": self.account, "object": "account"}) if self.account else _unknown("account")
            if path in self.lists:
                return _page(self.lists[path], query, _NESTED.get(path))
            *folder, last = path.split("/")
            held = self.lists.get("/".join(folder))
            if held is not None:
                found = [one for one in held if one["id"] == unquote(last)]
                return (200, found[0]) if found else _unknown(last)
            if last == "lines":
                invoice = next(one for one in self.lists["/v1/invoices"] if one["id"] == folder[-1])
                return _page(invoice["lines"]["data"], query, None)
            if path == "/v1/subscription_items":
                found = [one for one in self.lists["/v1/subscriptions"] if [one["id"]] == query["subscription"]]
                return _page(found[0]["items"]["data"], query, None)
            return _unknown(path)


def _unknown(what: str) -> tuple[int, Json]:
    return 404, {"error": {"code": "resource_missing", "message": f"No such thing: '{what}'", "param": "id"}}


def _page(held: list[Json], query: dict[str, list[str]], nested: str | None) -> tuple[int, Json]:
    """Return a page, newest first where the objects say when they were made, and in their order where they do not."""
    given = {key: values[0] for key, values in query.items()}
    found = sorted(held, key=lambda one: -int(one.get("created", 0)))
    if "active" in given:
        found = [one for one in found if one.get("active", True) == (given["active"] == "true")]
    if "types[]" in query:
        found = [one for one in found if one["type"] in query["types[]"]]
    if cursor := given.get("starting_after"):
        places = [place for place, one in enumerate(found) if one["id"] == cursor]
        if not places:
            message = f"No such object: '{cursor}'"
            return 400, {"error": {"code": "resource_missing", "message": message, "param": "starting_after"}}
        found = found[places[0] + 1 :]
    least, most = int(given.get("created[gte]", 0)), int(given.get("created[lt]", 2**40))
    found = [one for one in found if least <= int(one.get("created", 0)) < most]
    limit = int(given.get("limit", 10))
    data = [_cut(one, nested) if nested else one for one in found[:limit]]
    return 200, {"object": "list", "data": data, "has_more": len(found) > limit}


def _cut(one: Json, nested: str) -> Json:
    whole = one[nested]["data"]
    return one | {nested: {"object": "list", "data": whole[:_SHOWN], "has_more": len(whole) > _SHOWN}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standin: Standin

    def do_GET(self) -> None:
        path, query, fault = self.standin.receive(self.path)
        if fault and fault[0] == 0:
            self.close_connection = True
            return
        status, shape = (
            (fault[0], {"error": {"message": "as asked for"}}) if fault else self.standin.answer(path, query)
        )
        body = json.dumps(shape).encode()
        self.send_response_only(status)
        headers = {"Date": self.date_time_string(), **self.standin.headers, **(fault[1] if fault else {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def standing_in(standin: Standin) -> Iterator[str]:
    """Answer on a port of 127.0.0.1 while the block runs; give the base URL."""
    handler = type("Handler", (_Handler,), {"standin": standin})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
