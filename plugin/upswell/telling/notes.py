"""Sending a channel what it is told at once: what is due together in one message, once, or marked as a repeat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from upswell.configuration.settings import Config
from upswell.errors import DeliveryError
from upswell.posting.channels import REPEAT, email_of, slack_of
from upswell.render import instant
from upswell.store import books, dispatches
from upswell.store.dispatches import Dispatch
from upswell.store.ledger import Ledger
from upswell.telling.hooks import WAITS, Clock, Sent, wait_after
from upswell_connectors import email, slack

_LEASE_SECONDS = 300
_MANY = 1000


def send_notes(
    ledger: Ledger, config: Config, channel: str, clock: Clock, *, halted: Callable[[], bool] = lambda: False
) -> Sent:
    """Send ``channel`` what is due by ``clock`` (unix seconds UTC), and write down what came of it.

    A message that may have arrived is sent once more, marked, and then no more.
    """
    due = dispatches.due(ledger, channel, clock(), _MANY)
    done = Sent()
    for repeat in (False, True):
        batch = [one for one in due if (one.state == "claimed") == repeat]
        if batch and not halted():
            done = _together(done, _send(ledger, config, channel, batch, clock))
    return done


def _send(ledger: Ledger, config: Config, channel: str, batch: Sequence[Dispatch], clock: Clock) -> Sent:
    """Claim what nobody else has, send it as one message, and write down what came of it."""
    lease = clock() + _LEASE_SECONDS
    with ledger.write() as connection:
        claimed = [one for one in batch if dispatches.claim(connection, one, lease)]
    if not claimed:
        return Sent()
    notices = [one.notice for one in claimed]
    said = instant.sentences(notices, books.names(ledger, {one.customer for one in notices}), config.report.timezone)
    if claimed[0].state == "claimed":
        said.append(REPEAT)
    error = None
    try:
        _SEND[channel](config, said, notices[0].id, clock())
    except DeliveryError as failure:
        error = failure
    with ledger.write() as connection:
        for one in claimed:
            dispatches.settle(connection, _settled(replace(one, attempts=one.attempts + 1), error, clock()))
    if error is None or error.refused:
        return Sent(taken=len(claimed))
    return Sent(failed=len(claimed), trouble=str(error))


def _settled(one: Dispatch, error: DeliveryError | None, now: int) -> Dispatch:
    """Return what became of ``one``, whose state is still that of before; who got a mail of several is not asked."""
    if error is None or error.refused:
        return replace(one, state="sent", next_attempt_at=None, sent_at=now, error=str(error) if error else None)
    wait = wait_after(one.attempts)
    if error.unsure and one.state != "claimed":
        return replace(one, state="claimed", next_attempt_at=now + wait, error=str(error))
    if error.unsure or error.final or one.attempts > len(WAITS):
        return replace(one, state="gave_up", next_attempt_at=None, error=str(error))
    return replace(one, next_attempt_at=now + wait, error=str(error))


def _together(one: Sent, other: Sent) -> Sent:
    return Sent(one.taken + other.taken, one.failed + other.failed, other.trouble or one.trouble)


def _to_slack(config: Config, said: Sequence[str], _name: str, _now: int) -> None:
    slack.send(slack_of(config), instant.message(said))


def _to_email(config: Config, said: Sequence[str], name: str, now: int) -> None:
    settings, letter = email_of(config), instant.letter(said)
    mark = sha256(f"{config.ledger.path.resolve()} {name}".encode()).hexdigest()[:16]
    mail = email.Mail(
        to=settings.to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=f"<upswell.note.{mark}@{settings.domain}>",
    )
    email.send(settings, mail, now)


_SEND: Mapping[str, Callable[[Config, Sequence[str], str, int], None]] = {"slack": _to_slack, "email": _to_email}
