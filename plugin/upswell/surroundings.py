"""What ``upswell doctor`` says of the machine: room on the disk, who may read the ledger, and the clock."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from upswell.config import Config
from upswell.finding import Finding, size
from upswell_connectors import clock

_LEAST_ROOM = 200 * 10**6
_MOST_SKEW_SECONDS = 120  # signatures are taken for 300 s


def surroundings(config: Config) -> Iterator[Finding]:
    """Look at the disk and the file of the ledger, where it exists, and at the clock, where there is a Stripe key."""
    path = config.ledger.path
    if path.exists():
        yield _disk(path)
        yield _permissions(path)
    yield _clock(config)


def _disk(path: Path) -> Finding:
    free, needed = shutil.disk_usage(path.parent).free, path.stat().st_size
    text = f"{size(free)} free, the ledger has {size(needed)}"
    if free < max(_LEAST_ROOM, needed):
        remedy = "make room: a full disk refuses events, and forgetting or a backup beside it needs as much again"
        return Finding("disk", well=False, text=f"{text}: {remedy}")
    return Finding("disk", well=True, text=text)


def _permissions(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("permissions", well=False, text=f"others than its owner may use it ({mode:o}): chmod 600 {path}")
    return Finding("permissions", well=True, text=f"the ledger is its owner's alone ({mode:o})")


def _clock(config: Config) -> Finding:
    if config.stripe.api_key is None:
        return Finding("clock", well=True, text="not compared without a Stripe key")
    ahead = clock.ahead(config.stripe.api_base)
    if ahead is None:
        return Finding("clock", well=True, text="not compared: Stripe does not answer")
    side = "ahead of" if ahead > 0 else "behind"
    if abs(ahead) > _MOST_SKEW_SECONDS:
        remedy = "set it, best by NTP: signatures are refused at five minutes"
        return Finding("clock", well=False, text=f"{abs(ahead)} seconds {side} Stripe's: {remedy}")
    return Finding("clock", well=True, text="Stripe's" if abs(ahead) <= 1 else f"{abs(ahead)} seconds {side} Stripe's")
