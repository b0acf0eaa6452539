"""What ``upswell doctor`` says of what is told at once: whether each endpoint is there, and takes what it is sent."""

from collections.abc import Iterator

from upswell.configuration.settings import Config, HookSettings
from upswell.doctor.finding import Finding
from upswell.render.words import count
from upswell.store import dispatches
from upswell.store.dispatches import Standing
from upswell.store.ledger import Ledger
from upswell.telling.destinations import noted
from upswell_connectors.hooks import reach

_REMEDY = "`upswell hooks --state gave_up` lists them, --resend all sends them again, --drop all throws them away"


def outgoing(ledger: Ledger, config: Config) -> Iterator[Finding]:
    """Look at each endpoint: open a connection to it, and see how it took what it was sent; and at the notes."""
    if not config.hooks:
        yield Finding("hooks", well=True, text="none")
    for hook in config.hooks:
        held = dispatches.standing(ledger, hook.destination)
        wrong = _wrong(ledger, hook, held)
        took = f"{hook.name} took {count(held.sent, 'message')}"
        yield Finding("hooks", well=wrong is None, text=f"{hook.name} {wrong}" if wrong else took)
    for channel in noted(config):
        held = dispatches.standing(ledger, channel)
        text = f"{channel} got {count(held.sent, 'note')}, {held.waiting:,} to be sent"
        lost = f"{channel} did not get {count(held.gave_up, 'note')}: {_REMEDY}"
        yield Finding("notes", well=not held.gave_up, text=lost if held.gave_up else text)


def _wrong(ledger: Ledger, hook: HookSettings, held: Standing) -> str | None:
    """Return in words what is wrong with an endpoint, and what to do about it."""
    test = f"`upswell hooks --test {hook.name}`"
    if dispatches.stopped(ledger).get(hook.destination) == hook.mark:
        return f"answered 410 and is sent nothing any more: change its address, or {test} once it takes messages again"
    if trouble := reach(hook):
        return f"cannot be reached ({trouble}): check its address; {count(held.waiting, 'message')} to be sent"
    if held.gave_up:
        return f"did not take {count(held.gave_up, 'message')} within a day: {_REMEDY}"
    if held.trouble:
        return f"does not take messages ({held.trouble}), {held.waiting:,} to be sent: {test}"
    return None
