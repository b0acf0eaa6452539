"""A stand-in for a Slack workspace on 127.0.0.1: it keeps what a bot posts, and shows it to who may read it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NEEDED = {"conversations.history": "channels:history", "conversations.list": "channels:read"}
CHANNEL = "C024BE91L"


@dataclass
class Workspace:
    """Its one channel, #revenue: ``messages`` newest first, as Slack's history shows them.

    ``scopes`` are the bot's, ``clock`` stamps what is posted, ``page`` is how many a list shows at once. Of the next
    posts, so many are taken and never answered as ``silent`` says; so many are ``lost`` on the way, and not answered.
    ``replies`` are what went into threads, ``files`` the bytes of pictures by id, ``shared`` where they were put.
    ``faults`` says of a method, or of ``upload``, what is answered in place of all else: an error's code, or None.
    """

    api: str = ""
    scopes: set[str] = field(default_factory=lambda: {"chat:write", "channels:history", "channels:read"})
    clock: float = 0
    page: int = 2
    silent: int = 0
    lost: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    shared: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, str | None] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def post(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Take a message; None: hang up without an answer."""
        if "thread_ts" in body:
            return self.reply(body)
        if self.lost:
            self.lost -= 1
            return None
        self.chat(**{key: body[key] for key in ("text", "blocks", "metadata") if key in body})
        if self.silent:
            self.silent -= 1
            return None
        return {"ok": True, "channel": CHANNEL, "ts": self.messages[0]["ts"]}

    def reply(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Take a reply, which no history of the channel shows; a channel is named by its id here."""
        if "reply" in self.faults:
            return self.failed("reply")
        self.replies.append(body)
        return {"ok": True, "channel": body["channel"], "ts": f"{self.clock + len(self.replies):.6f}"}

    def failed(self, method: str) -> dict[str, Any] | None:
        """Answer as ``faults`` says."""
        code = self.faults[method]
        return None if code is None else {"ok": False, "error": code}

    def take_file(self, method: str, asked: dict[str, str]) -> dict[str, Any] | None:
        """Say where a picture is to be sent, or put one that was sent where it is to be seen."""
        if method in self.faults:
            return self.failed(method)
        if "files:write" not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": "files:write", "provided": "chat:write"}
        if method == "files.getUploadURLExternal":
            name = f"F{len(self.shared)}"
            self.shared.append(asked)
            return {"ok": True, "file_id": name, "upload_url": f"{self.api.removesuffix('api/')}upload/v1/{name}"}
        if asked["channel_id"] != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        (one,) = json.loads(asked["files"])
        self.shared[-1] |= {**asked, **one}
        return {"ok": True, "files": [one]}

    def take_bytes(self, name: str, body: bytes) -> int:
        """Keep what was sent, and return the status to answer."""
        if "upload" in self.faults:
            return 500
        self.files[name] = body
        return 200

    def chat(self, **message: Any) -> None:
        """Put a message into the channel, the bot's or somebody else's."""
        self.messages.insert(0, {"type": "message", "ts": f"{self.clock:.6f}", **message})

    def show(self, method: str, asked: dict[str, str]) -> dict[str, Any]:
        """Answer a list, a page at a time, to who has its scope."""
        self.asked.append((method, asked))
        if NEEDED[method] not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": NEEDED[method]}
        if method == "conversations.list":
            others = [{"id": f"C0{number}", "name": f"other-{number}"} for number in range(3)]
            return self._paged("channels", [*others, {"id": CHANNEL, "name": "revenue"}], asked)
        if asked["channel"] != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        told = [message for message in self.messages if float(message["ts"]) > float(asked["oldest"])]
        if asked.get("include_all_metadata") not in ("1", "true"):
            told = [{key: value for key, value in message.items() if key != "metadata"} for message in told]
        return self._paged("messages", told, asked)

    def _paged(self, key: str, held: list[Any], asked: dict[str, str]) -> dict[str, Any]:
        begin = int(asked.get("cursor") or 0)
        end = begin + self.page
        following = {"next_cursor": str(end) if end < len(held) else ""}
        return {"ok": True, key: held[begin:end], "response_metadata": following}


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Serve a workspace."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            method = urlsplit(self.path).path.rpartition("/")[2]
            if self.path.startswith("/upload/"):
                self._answer({}, held.take_bytes(method, raw))
                return
            body = raw.decode()
            if method == "chat.postMessage":
                self._answer(held.post(json.loads(body)))
            elif method.startswith("files."):
                self._answer(held.take_file(method, {name: values[0] for name, values in parse_qs(body).items()}))
            else:  # the library posts forms where Slack's documentation says GET; Slack takes both
                self._answer(held.show(method, {name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, answer: dict[str, Any] | None, status: int = 200) -> None:
            if answer is None:
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(text)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held = Workspace(f"http://127.0.0.1:{server.server_address[1]}/api/")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield held
        finally:
            server.shutdown()
            thread.join()
