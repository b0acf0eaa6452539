"""The Flask application: Stripe's webhooks and the app's usage come in, and anybody may ask whether it is well."""

import hmac
import json
import time
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from upswell.configuration.addresses import WEBHOOK_PATH
from upswell.configuration.settings import Config, Secret
from upswell.configuration.times import next_run
from upswell.errors import LedgerError, ShapeError
from upswell.store import events
from upswell_webhooks import counters, metrics, requestlog, usage
from upswell_webhooks.health import Health
from upswell_webhooks.inbox import Inbox
from upswell_webhooks.promises import PROMISES, Promise
from upswell_webhooks.signatures import is_genuine

MAX_BODY_BYTES = 1_000_000
HEALTH_PATH = "/healthz"


def create_app(config: Config, *, patience: float = 5.0) -> Flask:
    """Return the application; its threads start with what comes first, and ``close`` ends it.

    ``patience`` is how many seconds an event tries to get the ledger's write lock before it is answered with 503.
    The ledger must exist.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    inbox = Inbox(config.ledger.path, patience=patience)
    desk = usage.Desk(config.ledger.path, patience=patience)
    app.extensions["upswell_stores"] = (inbox, desk)
    receiver = _Receiver(config.stripe.webhook_secrets, inbox)
    clinic = _Clinic(config, Health(config.ledger.path))
    app.add_url_rule(WEBHOOK_PATH, "receive", receiver.receive, methods=["POST"], provide_automatic_options=False)
    counter = _Counter(config.server.token, desk)
    app.add_url_rule(usage.PATH, "usage", counter.receive, methods=["POST"], provide_automatic_options=False)
    app.add_url_rule(HEALTH_PATH, "health", clinic.report, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule(metrics.PATH, "metrics", clinic.measure, methods=["GET"], provide_automatic_options=False)
    app.register_error_handler(HTTPException, _tell_error)
    app.before_request(_begin)
    app.after_request(_note)
    return app


def close(app: Flask) -> None:
    """Store what ``app`` still holds and end its threads; nothing is accepted afterwards."""
    for store in app.extensions["upswell_stores"]:
        store.close()


@dataclass(frozen=True, slots=True)
class _Receiver:
    """Takes webhooks: verified, stored durably, and only then answered with 2xx."""

    secrets: tuple[Secret, ...]
    inbox: Inbox

    def receive(self) -> Response:
        body = request.get_data(cache=False)
        if not is_genuine(body, request.headers.get("Stripe-Signature"), self.secrets, time.time()):
            return _refuse("signature", "The signature fits no configured secret, or is not of the last five minutes.")
        try:
            event = events.envelope(body)
        except ShapeError:
            return _refuse("shape", "The body is signed, but it is no Stripe event.")
        g.facts |= {"event": event.id, "type": event.type}
        return _promised(Promise(self.inbox.put(event), g.facts, _tell))


def _promised(promise: Promise) -> Response:
    """Return the promised answer, or leave it to the front, which waits for it without a thread."""
    if PROMISES not in request.environ:
        return promise.answer()
    request.environ[PROMISES].append(promise)
    return _answer(202)


def _tell(stored: Future[str], facts: dict[str, str | None]) -> Response:
    """Return 200 for what is durable, 503 for what could not be stored."""
    try:
        facts["outcome"] = stored.result()
    except LedgerError as error:
        facts |= {"outcome": "unavailable", "reason": str(error)}
        return _answer(503, error="The event could not be stored: send it again later.")
    return _answer(200, received=True)


@dataclass(frozen=True, slots=True)
class _Counter:
    """Takes usage from who holds the token: each call is stored durably, and only then answered with 200."""

    token: Secret | None
    desk: usage.Desk

    def receive(self) -> Response:
        if self.token is None:
            return _refuse("token", "Usage is taken once there is a token: see [server] token_env.", 403)
        if not _is_trusted(self.token):
            return _unauthorized(_refuse("token", "The bearer token is missing, or is another one.", 401))
        if request.mimetype != "application/json":
            return _refuse("type", "The body must be JSON, with Content-Type: application/json.", 415)
        return _promised(Promise(self.desk.put(request.get_data(cache=False)), g.facts, _tell_usage))


def _tell_usage(stored: Future[usage.Told], facts: dict[str, str | None]) -> Response:
    """Return what became of a call once that is durable, 503 for what could not be stored."""
    try:
        told = stored.result()
    except LedgerError as error:
        facts |= {"outcome": "unstored", "reason": str(error)}
        return _answer(503, error="The readings could not be stored: send them again later.")
    if told.status == 200:
        facts |= {name: str(told.content[name]) for name in ("new", "corrected", "known")}
        facts |= {"outcome": "usage", "bad": str(len(told.content["bad"]))}
    else:
        facts |= {"outcome": "refused", "reason": "usage"}
    return _answer(told.status, **told.content)


def _unauthorized(answer: Response) -> Response:
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@dataclass(frozen=True, slots=True)
class _Clinic:
    """Tells everybody whether the receiver is well, and how exactly to who holds the token."""

    config: Config
    health: Health

    def report(self) -> Response:
        if not self.health.ok():
            return _answer(503, status="error")
        if not _is_trusted(self.config.server.token):
            return _answer(200, status="ok")
        try:
            return _answer(200, status="ok", **self._details(int(time.time())))
        except LedgerError:
            return _answer(503, status="error")

    def measure(self) -> Response:
        if not _is_trusted(self.config.server.token):
            return _unauthorized(_answer(401, error="Unauthorized"))
        try:
            told = metrics.exposition(self.config.ledger.path, counters.requests, int(time.time()))
        except LedgerError:
            return _answer(503, status="error")
        return Response(told, content_type=metrics.CONTENT_TYPE)

    def _details(self, now: int) -> dict[str, object]:
        report = self.config.report
        run = min(next_run(now, report, kind) for kind in report.posted).astimezone(UTC)
        return {**self.health.details(now), "next_run": f"{run:%FT%TZ}"}


def _is_trusted(token: Secret | None) -> bool:
    """Say whether the request carries the bearer ``token``; nobody does where none is configured."""
    given = request.authorization
    if token is None or given is None or given.type != "bearer" or not given.token:
        return False
    return hmac.compare_digest(given.token.encode(), token.reveal().encode())


def _refuse(reason: str, sentence: str, code: int = 400) -> Response:
    g.facts |= {"outcome": "refused", "reason": reason}
    return _answer(code, error=sentence)


def _answer(code: int, **content: object) -> Response:
    return Response(json.dumps(content, separators=(",", ":")), code, mimetype="application/json")


def _tell_error(error: HTTPException) -> Response:
    answer = _answer(error.code or 500, error=error.name)
    if error.code == 405:
        answer.headers["Allow"] = "POST" if request.path in (WEBHOOK_PATH, usage.PATH) else "GET, HEAD"
    return answer


def _begin() -> None:
    g.started = time.perf_counter()
    g.facts = {}


def _note(response: Response) -> Response:
    if request.environ.get(PROMISES):
        return response  # it is noted with the promised answer
    requestlog.note(request.method, request.path, response.status_code, time.perf_counter() - g.started, **g.facts)
    return response
