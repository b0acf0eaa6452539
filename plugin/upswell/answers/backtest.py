"""Replaying the ledger's history for the backtest of the signals; nothing is written."""

import logging
from collections.abc import Callable
from typing import Any

from upswell.configuration.settings import Config
from upswell.intake.looking import past_of
from upswell.signals.backtest import Backtest, trail
from upswell.store import poison
from upswell.store.ledger import Ledger
from upswell.store.versions import Shared, refresh

_log = logging.getLogger("upswell.backtest")


def backtest(
    ledger: Ledger, config: Config, now: int, *, progress: Callable[[int, int], Any] | None = None
) -> Backtest:
    """Replay the history of every customer up to ``now`` (unix seconds UTC).

    A customer that cannot be told, as long as something is missing, is left out.
    """
    found, shared = Backtest(), Shared()
    accounts = [name for (name,) in ledger.connection.execute("SELECT DISTINCT account FROM accounts ORDER BY account")]
    for number, account in enumerate(accounts, 1):
        refresh(shared, ledger.connection)
        try:
            found.add(list(trail(past_of(ledger.connection, account, config.rules, shared), now, config.signals)))
        except Exception as error:  # noqa: BLE001  # whatever it is, everybody else is replayed
            _log.info("%s is left out of the backtest: %s", account, poison.reason(error))
        if progress:
            progress(number, len(accounts))
    return found
