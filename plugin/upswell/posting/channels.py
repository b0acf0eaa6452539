"""The channels a summary is posted to: how each composes it, and how each sends what was composed.

What is composed is JSON text: the ledger keeps it before it is sent, exactly as it is sent.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from upswell.configuration.settings import Config, EmailSettings, SlackSettings
from upswell.errors import DeliveryError
from upswell.render import email as email_face
from upswell.render import slack as slack_face
from upswell.render.pictures import pictures
from upswell.report.summary import Summary
from upswell.store.deliveries import Delivery
from upswell_connectors import email, slack, slack_history, slack_thread
from upswell_connectors.slack_thread import Upload

REPEAT = "This may be a repeat: it is unknown whether an earlier attempt arrived."
"""The remark on what is sent although it may have arrived."""


@dataclass(frozen=True, slots=True)
class Channel:
    """``compose(config, summary, remarks, before)`` gives the content, ``send(config, content, now)`` hands it over.

    ``before`` is the earlier attempt, if there was one. ``send`` raises DeliveryError; ``kept(content, error)`` is what
    the ledger keeps of the content after it, or after it went well (None): no picture, a next attempt draws it again
    from the summary that was kept. ``posted_at(config, content, since)`` says when content whose end nobody knows
    arrived after all, since ``since``; None where nobody can tell.
    """

    compose: Callable[[Config, Summary, Sequence[str], Delivery | None], str]
    send: Callable[[Config, str, int], None]
    kept: Callable[[str, DeliveryError | None], str]
    posted_at: Callable[[Config, str, int], int | None]


def slack_of(config: Config) -> SlackSettings:
    """Return how Slack is reached. Raises DeliveryError where it is not configured."""
    if config.slack is None:
        raise DeliveryError("Slack is not configured any more: fill [slack]", final=True)
    return config.slack


def email_of(config: Config) -> EmailSettings:
    """Return how mail is sent. Raises DeliveryError where it is not configured."""
    if config.email is None:
        raise DeliveryError("Email is not configured any more: fill [email]", final=True)
    return config.email


def _compose_slack(config: Config, summary: Summary, remarks: Sequence[str], before: Delivery | None) -> str:
    """Write the message; a bot's carries a mark that its channel's history can be asked for."""
    message = slack_face.message(summary, remarks)
    if config.slack and config.slack.bot_token and not config.slack.webhook_url:
        message["metadata"] = _mark_of(before.content if before else "") or _mark(summary)
        message["thread"] = _thread(summary)
    return json.dumps(message, ensure_ascii=False)


def _thread(summary: Summary) -> dict[str, Any]:
    """Return what goes below a bot's message: nothing below a short one."""
    reply = slack_face.details(summary)
    drawn = pictures(summary, names=["bridge"]) if reply else ()
    uploads = [asdict(Upload(each.name, each.title, each.alt, b64encode(each.image).decode())) for each in drawn]
    return {"picture": next(iter(uploads), None), "reply": reply}


def _kept_of_slack(content: str, _error: DeliveryError | None) -> str:
    held = json.loads(content)
    if "thread" in held:
        held["thread"]["picture"] = None
    return json.dumps(held, ensure_ascii=False)


def _mark(summary: Summary) -> dict[str, Any]:
    """Return a mark that no other delivery has, whatever else posts to the channel."""
    return {
        "event_type": "upswell_summary",
        "event_payload": {"period": summary.period.name, "delivery": secrets.token_hex(8)},
    }


def _mark_of(content: str) -> dict[str, Any] | None:
    held: dict[str, Any] = json.loads(content) if content else {}
    return held.get("metadata")


def _slack_posted_at(config: Config, content: str, since: int) -> int | None:
    mark = _mark_of(content)
    return slack_history.posted_at(config.slack, mark, since) if mark and config.slack else None


def _send_slack(config: Config, content: str, _now: int) -> None:
    settings, message = slack_of(config), json.loads(content)
    thread = message.pop("thread", None)
    posted = slack.send(settings, message)
    if posted and thread:
        slack_thread.add(settings, posted, thread["picture"] and Upload(**thread["picture"]), thread["reply"])


def _compose_email(config: Config, summary: Summary, remarks: Sequence[str], before: Delivery | None) -> str:
    """Write the mail; who got it in an earlier attempt does not get it again."""
    reached = json.loads(before.content)["reached"] if before and before.content else []
    message_id = _message_id(config, summary)
    drawn = pictures(summary)
    images = {each.name: email_face.Image(f"cid:{_content_id(each.name, message_id)}", each.alt) for each in drawn}
    letter = email_face.letter(summary, remarks, images)
    mail = email.Mail(
        to=tuple(to for to in config.email.to if to not in reached) if config.email else (),
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=message_id,
        inlines=tuple(
            email.Inline(each.name, _content_id(each.name, message_id), b64encode(each.image).decode())
            for each in drawn
        ),
    )
    return json.dumps({**asdict(mail), "reached": reached}, ensure_ascii=False)


def _send_email(config: Config, content: str, now: int) -> None:
    settings, held = email_of(config), json.loads(content)
    del held["reached"]
    if held["to"]:
        inlines = tuple(email.Inline(**each) for each in held["inlines"])
        email.send(settings, email.Mail(**{**held, "to": tuple(held["to"]), "inlines": inlines}), now)


def _kept_of_email(content: str, error: DeliveryError | None) -> str:
    held = json.loads(content)
    held["inlines"] = []
    if error and error.refused:
        held["reached"] += [to for to in held["to"] if to not in error.refused]
    return json.dumps(held, ensure_ascii=False)


def _content_id(name: str, message_id: str) -> str:
    return f"{name}.{message_id.strip('<>')}"


def _message_id(config: Config, summary: Summary) -> str:
    """One id a period and ledger, so that mail programs show a repeat once."""
    sender = config.email.sender if config.email else ""
    domain = config.email.domain if config.email else "localhost"
    ledger = str(config.ledger.path.resolve())
    return f"<upswell.{summary.period.name}.{sha256(f'{ledger} {sender}'.encode()).hexdigest()[:16]}@{domain}>"


CHANNELS: Mapping[str, Channel] = {
    "slack": Channel(_compose_slack, _send_slack, _kept_of_slack, _slack_posted_at),
    "email": Channel(_compose_email, _send_email, _kept_of_email, lambda *_: None),
}
