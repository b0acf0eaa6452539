"""What ``upswell doctor`` says of outgoing webhooks: whether each endpoint is there, and takes what it is sent."""

from collections.abc import Iterator

from upswell import dispatches
from upswell.config import Config, HookSettings
from upswell.finding import Finding
from upswell.ledger import Ledger
from upswell_connectors.hooks import reach


def outgoing(ledger: Ledger, config: Config) -> Iterator[Finding]:
    """Look at each endpoint: open a connection to it, and see how it took what it was sent."""
    if not config.hooks:
        yield Finding("hooks", well=True, text="none")
    for hook in config.hooks:
        wrong = _wrong(ledger, hook)
        took = f"{hook.name} took {dispatches.standing(ledger, hook.destination).sent:,} messages"
        yield Finding("hooks", well=wrong is None, text=f"{hook.name} {wrong}" if wrong else took)


def _wrong(ledger: Ledger, hook: HookSettings) -> str | None:
    """Return in words what is wrong with an endpoint, and what to do about it."""
    test = f"`upswell hooks --test {hook.name}`"
    held = dispatches.standing(ledger, hook.destination)
    if dispatches.stopped(ledger).get(hook.destination) == hook.mark:
        return f"answered 410 and is sent nothing any more: change its address, or {test} once it takes messages again"
    if trouble := reach(hook):
        return f"cannot be reached ({trouble}): check its address; {held.waiting:,} messages wait"
    if held.gave_up:
        remedy = (
            "`upswell hooks --state gave_up` lists them, --resend all sends them again, --drop all throws them away"
        )
        return f"did not take {held.gave_up:,} messages within a day: {remedy}"
    if held.trouble:
        return f"does not take messages ({held.trouble}), {held.waiting:,} wait: {test}"
    return None
