"""What a channel is told at once: a sentence a movement, without links, as a Slack message and as a mail."""

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import PlainTextObject, SectionBlock

from upswell.render import words
from upswell.render.email import Letter
from upswell.report.announcing import MOVEMENT_EVENTS, RECORDED
from upswell.store.outbox import Notice

_LONGEST_NAME, _LONGEST_REASON, _LONGEST_SUBJECT = 60, 300, 150
_MOST, _MOST_SIGNALS = 10, 3
_KINDS = {"price_change": " (price change)", "discount": " (discount)", "term_change": " (other billing term)"}

Said = Mapping[str, Any]


def sentences(notices: Sequence[Notice], names: Mapping[str, str], zone: ZoneInfo) -> list[str]:
    """Return one sentence a movement, and one a customer with signals; ten of each at most, and how many more.

    Who is most ready for more comes first.
    """
    shown = {one.customer: words.clean(names.get(one.customer, one.customer), _LONGEST_NAME) for one in notices}
    moved = [_sentence(one, shown[one.customer], zone) for one in notices if one.type in MOVEMENT_EVENTS]
    signals: dict[str, list[Said]] = defaultdict(list)
    for one in notices:
        if one.type not in MOVEMENT_EVENTS:
            signals[one.customer].append(one.said["signal"])
    best = sorted(signals.items(), key=lambda one: -one[1][0]["score"])
    ready = [_ready(shown[customer], held) for customer, held in best]
    return [*_first(moved, "movements"), *_first(ready, "signals")]


def _first(told: Sequence[str], command: str) -> list[str]:
    left = len(told) - _MOST
    return [*told[:_MOST], *([f"And {left:,} more: `upswell {command}` lists them."] if left > 0 else [])]


def _ready(name: str, held: Sequence[Said]) -> str:
    """Say who is ready for more, why, and what to do next: that of the signal with the most points."""
    first, *_ = best = sorted(held, key=lambda said: (-said["points"], said["signal"], said["subject"]))
    why = "; ".join(words.clean(said["evidence"], _LONGEST_REASON) for said in best[:_MOST_SIGNALS])
    return f"{name} looks ready for more (score {first['score']} of 100): {why}. {first['next_step']}."


def message(said: Sequence[str]) -> dict[str, Any]:
    """Return a Slack message of these sentences: plain text, in which nothing is a link or a mention."""
    blocks = [SectionBlock(text=PlainTextObject(text=one, emoji=False)).to_dict() for one in said]
    return {"text": html.escape(" ".join(said), quote=False), "blocks": blocks}


def letter(said: Sequence[str]) -> Letter:
    """Return a short mail of these sentences, the first one its subject."""
    paragraphs = "".join(f"<p>{html.escape(one)}</p>" for one in said)
    return Letter(words.clean(said[0], _LONGEST_SUBJECT), "\n\n".join(said) + "\n", paragraphs)


def _sentence(notice: Notice, name: str, zone: ZoneInfo) -> str:
    if notice.type == RECORDED:
        return _recorded(notice.said["movement"], name)
    was, now = notice.said["was"], notice.said["now"]
    day = words.day(words.read((was or now)["occurred_at"], zone))
    before = f"was told as {_amount(was)}" if was else "was taken back"
    after = f"is {_amount(now)}: {_reason(now)}" if now else "did not happen: what came later took it away"
    return f"Corrected: {name}, {day}, {before} and {after}"


def _recorded(said: Said, name: str) -> str:
    amount = words.amount(abs(said["amount"]), said["currency"])
    kind, reason = said["kind"], _reason(said)
    if kind == "new":
        return f"{name} is a new customer at {amount} a month: {reason}"
    if kind == "churn":
        return f"{name} has left with {amount} a month: {reason}"
    if kind == "reactivation":
        return f"{name} pays {amount} a month again: {reason}"
    way = "more" if said["amount"] > 0 else "less"
    return f"{name} now pays {amount} a month {way}{_KINDS.get(kind, '')}: {reason}"


def _amount(said: Said) -> str:
    kind = said["kind"].replace("_", " ")
    return f"{words.signed(said['amount'], said['currency'])} a month ({kind})"


def _reason(said: Said) -> str:
    return words.clean(said["reason"], _LONGEST_REASON)
