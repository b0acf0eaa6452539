"""Who is told at once: endpoints, and the channels that get notes."""

from upswell.configuration.settings import Config
from upswell.store import outbox
from upswell.store.ledger import Ledger


def prepare(ledger: Ledger, config: Config, now: int) -> None:
    """Note, as serving begins at ``now`` (unix seconds UTC), who is told at once: of nothing from before."""
    outbox.switch(ledger, destinations(config), now)


def destinations(config: Config) -> tuple[str, ...]:
    """Return everybody who is told at once: endpoints, and the channels that get notes."""
    return (*noted(config), *(hook.destination for hook in config.hooks))


def noted(config: Config) -> tuple[str, ...]:
    """Return the channels that are told at once of large movements, or of signals."""
    report = config.report
    return () if report.note_above is None and not report.notify_signals else report.channels
