"""Usage of the running period, read from Stripe's billing meters: one request a customer and meter, every six hours.

Asked is only of customers who hold a metered item whose price has a meter. A round goes over them in order and may be
ended at any point: the next turn goes on behind the last customer.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import Event

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.configuration.settings import Config
from upswell.core.portfolio import Position
from upswell.core.readings import STRIPE, USAGE, Reading
from upswell.errors import Refused, ShapeError, UpswellError
from upswell.intake.looking import past_of
from upswell.intake.rebuild import Progress
from upswell.signals.known import Known
from upswell.signals.periods import running
from upswell.store.ledger import Ledger, note_job
from upswell.store.measures import write_readings
from upswell.store.records import write_facts
from upswell.store.versions import Shared
from upswell_connectors.client import Client
from upswell_connectors.meters import read_names, read_usage
from upswell_connectors.stripe_api import StripeApi

ROUND_SECONDS = 6 * 3600
"""How long after one round has begun the next begins: 120 requests in 30 days for a customer with one meter."""

_JOB = "meters"
_MINUTE = 60
_STAYS = (401, 403)
_HOLDERS = (
    "SELECT DISTINCT account FROM prices JOIN mentions ON mentions.reference = prices.id JOIN accounts USING (customer)"
    " WHERE json_extract(prices.value, '$.meter') IS NOT NULL AND account > ? ORDER BY account"
)

_log = logging.getLogger("upswell.metering")


@dataclass(frozen=True, slots=True)
class Round:
    """How far reading meters has come. Times are unix seconds UTC.

    ``begun`` is when the latest round began, ``ended`` when it was through (None: it is under way), ``after`` its last
    customer; ``requests`` and ``readings`` are what it took and brought so far. ``trouble`` says why it ended early.
    """

    begun: int = 0
    ended: int | None = None
    after: str = ""
    requests: int = 0
    readings: int = 0
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    meter: str
    customer: str
    start: int
    end: int


def last_round(ledger: Ledger) -> Round:
    """Return how far reading meters has come."""
    return msgspec.convert(ledger.job(_JOB) or {}, Round)


def is_time(ledger: Ledger, now: int) -> bool:
    """Whether a round is under way, or a new one is to begin at ``now`` (unix seconds UTC)."""
    held = last_round(ledger)
    return (held.ended is None and held.begun > 0) or now - held.begun >= ROUND_SECONDS


def read_meters(
    ledger: Ledger,
    config: Config,
    client: Client,
    *,
    seconds: float | None = None,
    stopping: Event | None = None,
    progress: Progress | None = None,
) -> Round:
    """Begin a round, or go on with the one that is under way, for so many ``seconds`` at the most.

    A permission that the key lacks ends the round with its ``trouble``. Raises Unreachable where Stripe does not
    answer, LedgerError where nothing can be written.
    """
    held, now = last_round(ledger), int(client.now())
    if held.ended is not None or not held.begun:
        held = Round(begun=now)
    left = [account for (account,) in ledger.connection.execute(_HOLDERS, (held.after,))]
    ends = None if seconds is None else time.monotonic() + seconds
    try:
        return _read_some(ledger, config, client, held, left, ends, stopping, progress)
    except Refused as refused:
        return _noted(ledger, replace(last_round(ledger), begun=held.begun, ended=now, trouble=str(refused)))


def _read_some(  # a round, and all that can end it
    ledger: Ledger,
    config: Config,
    client: Client,
    held: Round,
    left: list[str],
    ends: float | None,
    stopping: Event | None,
    progress: Progress | None,
) -> Round:
    before, shared, priced = client.sent, Shared(), set[str]()
    names: Mapping[str, str] | None = None
    for done, account in enumerate(left):
        if (stopping and stopping.is_set()) or (ends is not None and time.monotonic() > ends):
            return held
        if progress:
            progress(done, len(left))
        known = _known(ledger.connection, account, config, int(client.now()), shared)
        wanted = _periods(known) if known else set()
        if untold := (_untold(known) if known else set()) - priced:
            _complete(ledger, config, client, untold)
            priced |= untold
        if wanted and names is None:
            names = read_names(client)
        readings = [reading for one in wanted if (reading := _read(client, one, names or {}))]
        so_far = replace(held, after=account, requests=held.requests + client.sent - before)
        held = _written(ledger, readings, replace(so_far, readings=held.readings + len(readings)))
        before = client.sent
    return _noted(ledger, replace(held, ended=int(client.now())))


def _known(connection: sqlite3.Connection, account: str, config: Config, now: int, shared: Shared) -> Known | None:
    """Return what is known of a customer, None where that cannot be told now."""
    try:
        return past_of(connection, account, config.rules, shared).known(now)
    except (UpswellError, LookupError) as error:
        _log.info("%s cannot be asked for: %s", account, error)
        return None


def _counted(known: Known) -> list[tuple[Position, str]]:
    """Return the metered positions whose price has a meter, with that meter."""
    positions = known.portfolio.positions.values()
    return [(one, one.price.meter) for one in positions if one.price.metered and one.price.meter]


def _periods(known: Known) -> set[_Asked]:
    """Return which meters are to be asked of a customer, and for which period."""
    found = set()
    for position, meter in _counted(known):
        owner, period = known.portfolio.around(position.subscription).owner, running(position, known)
        if owner and period and known.at - period[0] >= _MINUTE:
            found.add(_Asked(meter, owner, *period))
    return found


def _untold(known: Known) -> set[str]:
    """Return the prices whose tiers nobody told yet: events leave them out, and the free one says what is included."""
    prices = [position.price for position, _ in _counted(known)]
    return {price.id for price in prices if price.mode != "per_unit" and price.amounts.tiers is None}


def _complete(ledger: Ledger, config: Config, client: Client, prices: set[str]) -> None:
    """Ask for prices with their tiers, one request each. Raises Refused but for those that are gone, Unreachable."""
    for name in sorted(prices):
        try:
            facts = StripeApi(config.stripe, client).price(name)
        except Refused as refused:
            if refused.status in _STAYS:
                raise
            _log.info("%s", refused)
            continue
        with ledger.write() as connection:
            write_facts(connection, None, facts, config.rules)


def _read(client: Client, asked: _Asked, names: Mapping[str, str]) -> Reading | None:
    """Return a reading of the period so far; None where Stripe does not know the meter or the customer any more.

    The same period of a customer is one reading, which each round corrects. Raises Refused, Unreachable.
    """
    now = int(client.now())
    try:
        units = read_usage(client, asked.meter, asked.customer, asked.start, now)
    except ShapeError as error:
        _log.warning("%s", error)
        return None
    except Refused as refused:
        if refused.status in _STAYS:
            raise
        _log.info("%s", refused)
        return None
    return Reading(
        STRIPE,
        f"{asked.meter}:{asked.customer}:{asked.start}",
        asked.customer,
        USAGE,
        asked.meter,
        now - now % _MINUTE,
        units,
        None,
        asked.start,
        asked.end,
        names.get(asked.meter, ""),
    )


def _written(ledger: Ledger, readings: list[Reading], held: Round) -> Round:
    with ledger.write() as connection:
        write_readings(connection, readings)
        note_job(connection, _JOB, asdict(held))
    return held


def _noted(ledger: Ledger, held: Round) -> Round:
    return _written(ledger, [], held)
