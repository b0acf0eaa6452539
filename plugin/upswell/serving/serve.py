"""Serving: a parent that applies events, catches up and posts summaries, and a worker that receives webhooks.

The two talk through the ledger only. Receiving in a process of its own keeps it quick while the parent works.
"""

import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from errno import EADDRINUSE
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from upswell.configuration.addresses import WEBHOOK_PATH
from upswell.configuration.settings import Config, Secret
from upswell.core.rules import Rules
from upswell.errors import LedgerBusy, UpswellError
from upswell.intake.applying import apply_pending
from upswell.intake.memory import Memory
from upswell.logs import log_to_stderr
from upswell.serving import keeping, schedule
from upswell.signals.terms import Terms
from upswell.store import events
from upswell.store.ledger import Ledger, hold
from upswell_connectors.client import Client
from upswell_connectors.stripe_api import StripeApi
from upswell_webhooks import worker

_POLL_SECONDS = 0.05
_LONGEST_REST_SECONDS = 0.5
_REVISIT_SECONDS = 60.0
_PAUSE_SECONDS = 5.0
_PORT_SECONDS = 2.0
_LOCK_SECONDS = 2.0
_DRAIN_SECONDS = 7  # what waits for the ledger is answered after 5 s at the latest
_FINISH_SECONDS = 0.7
_GRANIAN_LOG: dict[str, Any] = {"handlers": {}, "loggers": {"_granian": {"propagate": True}}}

_log = logging.getLogger("upswell.serve")


def run(config: Config) -> None:
    """Serve until SIGTERM or Ctrl-C, then answer what was begun and return, or raise KeyboardInterrupt, within 10 s.

    Creates the ledger where there is none, and takes the secrets out of this process's environment, so that no child
    inherits them. Raises UpswellError where the ledger cannot be opened or is served already, the port is taken, no
    webhook secret is configured, or the worker fails again as soon as it was restarted.
    """
    log_to_stderr(config.server.log)
    _leave_no_core()
    _require_secret(config)
    with hold(config.ledger.path, _LOCK_SECONDS):
        _prepare(config)
        server = _server(config) if config.stripe.webhooks else None
        _forget_secrets(config)
        with _working(config):
            if server:
                _receive(server, config)
            else:
                _wait(config)


def _leave_no_core() -> None:
    """Let no crash, of this process or of a child, write its memory into a file: the secrets are in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _require_secret(config: Config) -> None:
    if config.stripe.webhooks and not config.stripe.webhook_secrets:
        raise UpswellError(
            f"There is no webhook secret in {config.places['stripe.webhook_secret']}: `upswell connect URL` makes one, "
            "or set webhooks = false under [stripe] to serve without the receiver"
        )


def _prepare(config: Config) -> None:
    """Create the ledger or bring it up to date, and bind a new one to the mode of the API key.

    What was deleted leaves the file now, where it has yet to: nobody waits for the ledger before it is served.
    """
    with Ledger(config.ledger.path, create=True) as ledger:
        if ledger.wants_erasing():
            with suppress(LedgerBusy):
                ledger.erase()
        if config.stripe.livemode is not None:
            events.bind(ledger, livemode=config.stripe.livemode)


def _forget_secrets(config: Config) -> None:
    values = {secret.reveal() for secret in _secrets(config)}
    for name, value in list(os.environ.items()):
        if values.intersection(part.strip() for part in value.split(",")):
            del os.environ[name]


def _secrets(config: Config) -> Iterator[Secret]:
    sections = (config.stripe, config.server, config.slack, config.email, *config.hooks)
    found = [getattr(section, name) for section in sections if section for name in section.__slots__]
    yield from (value for value in found if isinstance(value, Secret))
    yield from config.stripe.webhook_secrets
    yield from (secret for hook in config.hooks for secret in hook.secrets)


def _server(config: Config) -> MPServer:
    """Return granian, ready to start one worker at the configured address. Raises UpswellError where it is taken."""
    return MPServer(
        "upswell",
        address=_free_address(config.server.host, config.server.port),
        port=config.server.port,
        interface=Interfaces.RSGI,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_GRANIAN_LOG,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=_DRAIN_SECONDS,
    )


def _free_address(host: str, port: int) -> str:
    """Return the numeric address of ``host``, where ``port`` is free.

    Granian would share a port that is taken, without a word. A worker that just lost its parent may hold it for a
    moment yet. Raises UpswellError.
    """
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            return str(address[0])
        except OSError as error:
            if error.errno != EADDRINUSE or time.monotonic() > deadline:
                raise UpswellError(
                    f"Cannot listen on {host}:{port} ({error.strerror}): stop what listens there, "
                    "or set another host or port under [server]"
                ) from error
        time.sleep(_POLL_SECONDS)


def _receive(server: MPServer, config: Config) -> None:
    """Run the worker until a signal ends it. Raises UpswellError where it keeps failing."""
    multiprocessing.set_start_method("spawn", force=True)
    pressed = threading.Event()
    server.on_startup(partial(_heed_signals, server, signal.getsignal(signal.SIGHUP), pressed))
    threading.Thread(target=_announce, args=(server, config), daemon=True).start()
    try:
        loader: Any = partial(worker.load, _for_worker(config))
        server.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as error:
        if not server.interrupt_signal:
            raise UpswellError("The receiver failed twice in a row and was stopped: see the log above") from error
    if pressed.is_set():
        raise KeyboardInterrupt


def _heed_signals(server: MPServer, hangup: Any, pressed: threading.Event) -> None:
    """Note Ctrl-C, and let a terminal that closes end the server, unless it was told to ignore that.

    Granian would take the one for SIGTERM, and reload at the other.
    """

    def interrupt(*_: object) -> None:
        pressed.set()
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # granian leaves it untyped

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if hangup == signal.SIG_IGN else server.signal_handler_interrupt)


def _for_worker(config: Config) -> Config:
    """Return what the worker needs of the configuration: of the secrets only those that it compares with."""
    stripe, rules, signals = replace(config.stripe, api_key=None), Rules(roles={}, families={}), Terms(weights={})
    return replace(config, stripe=stripe, slack=None, email=None, hooks=(), rules=rules, signals=signals, places={})


def _announce(server: MPServer, config: Config) -> None:
    """Say where the receiver listens, once it does."""
    while not server.interrupt_signal:
        try:
            socket.create_connection((server.bind_addr, server.bind_port), timeout=1).close()
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            _say(f"Receiving webhooks at {_endpoint(config)}", config)
            break


def _endpoint(config: Config) -> str:
    public, host = config.server.public_url, config.server.host
    if public:
        return f"{public.rstrip('/')}{WEBHOOK_PATH} (give Stripe this URL)"
    local = f"http://{f'[{host}]' if ':' in host else host}:{config.server.port}{WEBHOOK_PATH}"
    return f"{local} (give Stripe the public URL that leads here)"


def _say(receiving: str, config: Config) -> None:
    report = config.report
    to = " and ".join(report.channels) or "no channel"
    monthly = " and the monthly one on the first" if report.monthly else ""
    if config.stripe.api_key:
        asking = f" Every {keeping.interval(config) // 60} minutes, Stripe is asked for what did not come."
    else:
        asking = " Without a Stripe API key, nobody asks for what does not come and what events leave out."
    print(  # noqa: T201  # the one line for whoever started it; everything else is logged
        f"{receiving}, applying events to {config.ledger.path}, posting the weekly summary "
        f"on {report.day.capitalize()}{monthly} at {report.time:%H:%M} ({report.timezone.key}) to {to}.{asking}",
        flush=True,
    )


def _wait(config: Config) -> None:
    """Wait for a signal to stop, without a receiver."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    _say("Receiving no webhooks (webhooks = false under [stripe])", config)
    stopped.wait()


@contextmanager
def _working(config: Config) -> Iterator[None]:
    """Apply events, catch up and post summaries in threads for as long as the block lasts."""
    posting = schedule.start(config)
    stopping = threading.Event()
    client = Client(config.stripe) if config.stripe.api_key else None
    threads = [threading.Thread(target=_apply, args=(config, client, stopping), name="upswell-apply", daemon=True)]
    if client:
        arguments = (config, client, stopping)
        threads.append(threading.Thread(target=keeping.keep_complete, args=arguments, name="upswell-keep", daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(_FINISH_SECONDS)
        _end_posting(posting)


def _end_posting(posting: schedule.Schedule) -> None:
    """Wait a moment for what is being sent.

    Whoever does not answer must not hold up the stop: as after a crash, the next start finds what was begun.
    """
    ending = threading.Thread(target=posting.stop, name="upswell-end", daemon=True)
    ending.start()
    ending.join(_FINISH_SECONDS)
    if ending.is_alive():
        _log.warning("Something is still being sent: serving ends without waiting for it")
        logging.shutdown()
        os._exit(0)


def _apply(config: Config, client: Client | None, stopping: threading.Event) -> None:
    """Apply what comes in until ``stopping`` is set, whatever goes wrong meanwhile."""
    while not stopping.is_set():
        try:
            with Ledger(config.ledger.path, checkpoints=config.ledger.checkpoints, synced=False) as ledger:
                _follow(ledger, config, client, stopping)
        except Exception:  # noqa: BLE001  # the thread must outlive it: nothing would be applied any more
            _log.exception("Applying events failed and is tried again in %g s", _PAUSE_SECONDS)
            stopping.wait(_PAUSE_SECONDS)


def _follow(ledger: Ledger, config: Config, client: Client | None, stopping: threading.Event) -> None:
    """Apply pending events each time another connection has written, and each minute for those that wait.

    After each time it rests for as long as that took, within limits: the receiver has the machine meanwhile, and a
    customer of whom several events came is rebuilt once.
    """
    lookup = StripeApi(config.stripe, client) if client else None
    seen, due, memory = None, 0.0, Memory()
    while not (stopping.is_set() or ledger.is_replaced()):
        begun = time.monotonic()
        version = ledger.connection.execute("PRAGMA data_version").fetchone()
        if version != seen or time.monotonic() >= due:
            seen, due = version, time.monotonic() + _REVISIT_SECONDS
            done = apply_pending(ledger, config.rules, lookup, memory=memory)
            ledger.relieve()
            if done.applied or done.failed:
                _log.info("applied=%d waiting=%d failed=%d", done.applied, done.waiting, done.failed)
        stopping.wait(min(max(time.monotonic() - begun, _POLL_SECONDS), _LONGEST_REST_SECONDS))
