"""What ``upswell doctor`` says of what is around: the disk, who may read the ledger, the clock, Stripe's endpoint."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from upswell.configuration.addresses import WEBHOOK_PATH
from upswell.configuration.settings import Config
from upswell.doctor.finding import Finding, size
from upswell.errors import Refused, UpswellError
from upswell_connectors.client import Client
from upswell_connectors.webhook_endpoints import Endpoint, endpoints

_LEAST_ROOM = 200 * 10**6
_MOST_SKEW_SECONDS = 120  # signatures are taken for 300 s
_SUBJECTS = ("clock", "endpoint")


def surroundings(config: Config) -> Iterator[Finding]:
    """Look at the disk and the file of the ledger, where it exists, and ask Stripe once, where there is a key."""
    path = config.ledger.path
    if path.exists():
        yield _disk(path)
        yield _permissions(path)
    yield from _stripe(config)


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


def _stripe(config: Config) -> Iterator[Finding]:
    """Compare the clock with Stripe's, and look at the webhook endpoint there; a key need not be allowed to."""
    if config.stripe.api_key is None:
        yield from (Finding(subject, well=True, text="not compared without a Stripe key") for subject in _SUBJECTS)
        return
    client = Client(config.stripe, attempts=1)
    try:
        found = _endpoint(config, endpoints(client))
    except Refused as error:
        found = Finding("endpoint", well=True, text=f"not looked at: {error}")
    except UpswellError:
        yield from (Finding(subject, well=True, text="not compared: Stripe does not answer") for subject in _SUBJECTS)
        return
    finally:
        client.close()
    yield _clock(-client.ahead)
    yield found


def _clock(ahead: float) -> Finding:
    seconds, side = round(abs(ahead)), "ahead of" if ahead > 0 else "behind"
    if seconds > _MOST_SKEW_SECONDS:
        remedy = "set it, best by NTP: signatures are refused at five minutes"
        return Finding("clock", well=False, text=f"{seconds} seconds {side} Stripe's: {remedy}")
    return Finding("clock", well=True, text="Stripe's" if seconds <= 1 else f"{seconds} seconds {side} Stripe's")


def _endpoint(config: Config, there: list[Endpoint]) -> Finding:
    """Look at those at the configured public address; where there is none, at those that end as the receiver's does."""
    if not config.stripe.webhooks:
        return Finding("endpoint", well=True, text="not needed: webhooks = false under [stripe]")
    public = config.server.public_url
    held = [one for one in there if one.is_ours(public)]
    place = public or "URL"
    if not held:
        where = f"at {public}" if public else f"that ends in {WEBHOOK_PATH}"
        return Finding("endpoint", well=not public, text=f"Stripe has none {where}: `upswell connect {place}` makes it")
    wrong = [f"{one.id} ({', '.join(one.faults)})" for one in held if one.faults]
    if wrong:
        return Finding("endpoint", well=False, text=f"{'; '.join(wrong)}: `upswell connect {held[0].url}` mends it")
    return Finding("endpoint", well=True, text=", ".join(f"{one.id} at {one.url}" for one in held))
