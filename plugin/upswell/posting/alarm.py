"""Raising the alarm: what `alerts` finds is posted to each channel, once an incident."""

import html
import logging
from collections.abc import Callable, Mapping, Sequence

from upswell.configuration.settings import Config
from upswell.errors import UpswellError
from upswell.report.alerts import DAYS, Alert, Pulse, alerts, due, remembered
from upswell.store import arrivals, dispatches, events
from upswell.store.ledger import Ledger, note_job
from upswell_connectors import email, slack
from upswell_connectors.webhook_endpoints import own_endpoints

_JOB = "alerts"
_DAY_SECONDS = 86_400

_log = logging.getLogger("upswell.alarm")


def raise_alarm(ledger: Ledger, config: Config, now: int) -> tuple[Alert, ...]:
    """Post the incidents that last at ``now`` (unix seconds UTC) to each channel that was not told of them yet.

    Returns all that last. A channel that does not take a message is told at the next call.
    """
    held = pulse(ledger, config, now)
    lasting = alerts(held)
    before: dict[str, list[str]] = ledger.job(_JOB) or {}
    told = {channel: remembered(before.get(channel, ()), lasting, held) for channel in config.report.channels}
    for channel, known in told.items():
        if (fresh := due(lasting, known)) and _is_sent(config, channel, fresh, now):
            known += [alert.incident for alert in fresh]
    if told != before:
        with ledger.write() as connection:
            note_job(connection, _JOB, told)
    return lasting


def pulse(ledger: Ledger, config: Config, now: int) -> Pulse:
    """Read how receiving goes at ``now``, and ask Stripe for the endpoint where there is a key that may."""
    open_work = events.counts(ledger)
    first, longest = arrivals.pauses(ledger, now - DAYS * _DAY_SECONDS)
    there = own_endpoints(config)
    disabled = None if there is None else tuple(one.id for one in there if one.status != "enabled")
    lost = tuple(hook.name for hook in config.hooks if dispatches.is_lost(ledger, hook.destination))
    return Pulse(now, first, open_work.last_event_at, longest, open_work.failed, disabled, lost)


def _is_sent(config: Config, channel: str, fresh: Sequence[Alert], now: int) -> bool:
    sentences = list(dict.fromkeys(alert.sentence for alert in fresh))
    try:
        _SEND[channel](config, sentences, now)
    except UpswellError as error:
        _log.warning("%s could not be alerted, and is again later: %s", channel, error)
        return False
    _log.warning("%s is alerted: %s", channel, " ".join(sentences))
    return True


def _to_slack(config: Config, sentences: Sequence[str], _now: int) -> None:
    if config.slack:
        text = "\n".join(f":rotating_light: {html.escape(sentence, quote=False)}" for sentence in sentences)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        slack.send(config.slack, {"text": text, "blocks": [section]})


def _to_email(config: Config, sentences: Sequence[str], now: int) -> None:
    if config.email:
        text = "\n\n".join(sentences) + "\n"
        mail = email.Mail(
            to=config.email.to,
            subject="Upswell: somebody must look",
            text=text,
            html="".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences),
            message_id=f"<upswell.alert.{now}@{config.email.domain}>",
        )
        email.send(config.email, mail, now)


_SEND: Mapping[str, Callable[[Config, Sequence[str], int], None]] = {"slack": _to_slack, "email": _to_email}
