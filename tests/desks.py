"""Stand-ins for Slack and a mail server, on 127.0.0.1, and configurations that name them."""

import json
import socket
import threading
from contextlib import contextmanager
from datetime import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from upswell.configuration.settings import (
    Config,
    EmailSettings,
    LedgerSettings,
    ReportSettings,
    Secret,
    ServerSettings,
    SlackSettings,
    StripeSettings,
)
from upswell.core.rules import Rules
from upswell.posting.delivery import post_due
from upswell.report.periods import Week
from upswell.store import deliveries

BERLIN = ZoneInfo("Europe/Berlin")


def config(path, *, slack=None, email=None, channels=None, day="monday", clock="09:00"):
    """Return a configuration of the ledger at ``path`` that posts to every channel given."""
    given = tuple(name for name, settings in (("slack", slack), ("email", email)) if settings)
    return Config(
        path=None,
        ledger=LedgerSettings(path),
        stripe=StripeSettings(None, (), None, 20, webhooks=False),
        server=ServerSettings("127.0.0.1", 0, None, None),
        report=ReportSettings(BERLIN, day, time.fromisoformat(clock), "usd", given if channels is None else channels),
        slack=slack,
        email=email,
        rules=Rules(),
    )


def week(name):
    """Return the week of that name in Berlin."""
    return Week.parse(name, BERLIN)


def crash_after_sending(ledger, config, monkeypatch, now):
    """Post what is due at ``now``, and die between sending and recording."""

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            post_due(ledger, config, now)


class Slack:
    """What came to the stand-in for Slack, and how it answers: (status, body, headers) in turn, the last one stays."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/services/T000/B000/hush-hush"
        self.api = f"http://127.0.0.1:{port}/api/"
        self.answers = [(200, "ok", {})]
        self.requests = []
        self.came = threading.Event()

    @property
    def settings(self):
        """Return the settings of an incoming webhook."""
        return SlackSettings(Secret(self.url), None, None)

    @property
    def messages(self):
        """Return the messages that were taken."""
        return [body for _, _, body, status in self.requests if status == 200]

    def answer(self, path, headers, body):
        """Take one request and return what to answer; None: hang up without an answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.requests.append((path, headers, body, answer and answer[0]))
        self.came.set()
        return answer


@contextmanager
def slack_server():
    """Serve a stand-in for Slack."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = slack.answer(self.path, dict(self.headers), body)
            if answer is None:
                return
            status, text, headers = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        slack = Slack(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield slack
        finally:
            server.shutdown()
            thread.join()


class Mailbox:
    """What came to the mail server, and whom it refuses: recipient to SMTP answer."""

    def __init__(self):
        self.mails = []
        self.refused = {}
        self.sender = "250 OK"
        self.after_data = "250 OK"
        self.port = 0

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        """Take or refuse the sender."""
        if self.sender.startswith("250"):
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        """Take or refuse one recipient."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        """Take one mail; hang up without an answer where told to."""
        self.mails.append(envelope)
        if self.after_data is None:
            server.transport.abort()
            return "421 gone"
        return self.after_data

    def settings(self, **given):
        """Return the settings of a mail server without encryption or login."""
        held = {"security": "none", "username": None, "password": None, "sender": "Upswell <upswell@example.com>"}
        held |= {"host": "localhost", "port": self.port, "to": ("one@example.com", "two@example.com")}
        return EmailSettings(**{**held, **given})


@contextmanager
def mail_server(**options):
    """Serve a real SMTP server whose mails go to a Mailbox."""
    box = Mailbox()
    with socket.socket() as free:  # aiosmtpd has to be told a port
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def lets_in(username, password):
    """Return an authenticator that knows one login."""

    def check(_server, _session, _envelope, _mechanism, given):
        known = (given.login, given.password) == (username.encode(), password.encode())
        return AuthResult(success=known, handled=False)

    return check
