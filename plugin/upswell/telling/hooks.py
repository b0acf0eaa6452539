"""Sending what is on its way to an endpoint: each by itself, ever more rarely for a day, and then no more."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from upswell.configuration.settings import HookSettings
from upswell.core.clocks import utc
from upswell.store import dispatches, outbox
from upswell.store.dispatches import Dispatch
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice
from upswell_connectors import hooks
from upswell_connectors.hooks import Answer

WAITS = (60, 300, 1800, 7200, 18_000, 25_200, 25_200)
"""Seconds before the second attempt, the third …, and up to a tenth more: eight attempts within a day."""

TEST = "hook.test"
_LEASE_SECONDS = 120
_MANY = 500
_PATIENCE = 3
_JITTER = 0.1

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a round: how many messages were taken, how many were not, and why the last of those."""

    taken: int = 0
    failed: int = 0
    trouble: str | None = None


def send_due(ledger: Ledger, hook: HookSettings, clock: Clock, *, halted: Callable[[], bool] = lambda: False) -> Sent:
    """Send ``hook`` what is due by ``clock`` (unix seconds UTC), and write down what came of each.

    After three failures in a row it is left alone until the next round. ``halted`` is asked between two messages
    whether to stop.
    """
    done, in_a_row, begun = Sent(), 0, clock()
    if dispatches.stopped(ledger).get(hook.destination) == hook.mark:
        return done
    while in_a_row < _PATIENCE and (batch := dispatches.due(ledger, hook.destination, begun, _MANY)):
        for one in batch:
            if halted() or in_a_row == _PATIENCE:
                break
            answer = _send(ledger, hook, one, clock)
            if answer is None:
                continue
            in_a_row = in_a_row + 1 if answer.error else 0
            done = _counted(done, answer)
            if answer.gone:
                dispatches.stop(ledger, hook.destination, hook.mark, str(answer.error))
                return done
        if halted():
            return done
    return done


def send_test(ledger: Ledger, hook: HookSettings, now: int) -> Answer:
    """Send ``hook`` a message that says nothing; an endpoint that takes it is sent to again, if it was not."""
    notice = Notice(outbox.notice_id(TEST, hook.name, str(time.time_ns())), TEST, "", now, {})
    answer = hooks.send(hook, notice.id, _body(notice, {}), now)
    if answer.error is None:
        dispatches.start(ledger, hook.destination)
    return answer


def body(ledger: Ledger, notice: Notice, *, people: bool) -> bytes:
    """Return what is sent of ``notice``: JSON; ``people``: with the customer's name and email address."""
    customer = {"id": notice.customer}
    known = outbox.person(ledger.connection, notice.customer) if people else {}
    return _body(notice, {"customer": {**customer, **known}})


def _body(notice: Notice, beside: dict[str, object]) -> bytes:
    told = {"type": notice.type, "timestamp": utc(notice.made_at), "data": {**beside, **notice.said}}
    return json.dumps(told, separators=(",", ":")).encode()


def _send(ledger: Ledger, hook: HookSettings, one: Dispatch, clock: Clock) -> Answer | None:
    """Claim, send, and write down what came of it; None where another process was faster."""
    with ledger.write() as connection:
        if not dispatches.claim(connection, one, clock() + _LEASE_SECONDS):
            return None
    claimed = replace(one, attempts=one.attempts + 1)
    now = clock()
    answer = hooks.send(hook, one.notice.id, body(ledger, one.notice, people=hook.people), now)
    with ledger.write() as connection:
        dispatches.settle(connection, _settled(claimed, answer, clock()))
    return answer


def _settled(claimed: Dispatch, answer: Answer, now: int) -> Dispatch:
    if answer.error is None:
        return replace(claimed, state="sent", next_attempt_at=None, sent_at=now, error=None)
    if answer.gone or claimed.attempts > len(WAITS):
        return replace(claimed, state="gave_up", next_attempt_at=None, error=answer.error)
    wait = max(wait_after(claimed.attempts), answer.wait)
    return replace(claimed, state="waiting", next_attempt_at=now + wait, error=answer.error)


def wait_after(attempts: int) -> int:
    """Return how many seconds to wait after so many attempts, as WAITS says."""
    return int(WAITS[min(attempts, len(WAITS)) - 1] * random.uniform(1, 1 + _JITTER))  # noqa: S311


def _counted(done: Sent, answer: Answer) -> Sent:
    if answer.error is None:
        return replace(done, taken=done.taken + 1)
    return replace(done, failed=done.failed + 1, trouble=answer.error)
