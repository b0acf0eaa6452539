"""The summary as the command asks for it: made from the ledger, shown in a format, posted by hand.

    summary = period_summary(ledger, config, "2026-W46")    # None: the week running now; kind=Month: the month
    print(render_as(summary, "slack"))                      # one of FORMATS
    for outcome in post_period(ledger, config, None):       # None: the last complete week
        print(outcome.text)                                 # outcome.ok is False where a channel failed

On a terminal, ``upswell.render.terminal.show(summary, console)`` prints the text with colour.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from upswell.answers.summary import summary_of
from upswell.answers.trend import with_trend
from upswell.configuration.settings import Config
from upswell.posting.delivery import Outcome, post_by_hand
from upswell.render import email, slack, terminal
from upswell.render.pictures import Picture, pictures
from upswell.report.periods import Reported, Week
from upswell.report.summary import Summary, as_json
from upswell.store.ledger import Ledger


def period_summary(
    ledger: Ledger,
    config: Config,
    name: str | None,
    now: int | None = None,
    *,
    kind: type[Reported] = Week,
    trend: bool = False,
) -> Summary:
    """Summarise the period ``name`` of a ``kind`` (``2026-W46``; of months ``2026-11``), or the one running now.

    ``now`` is unix seconds UTC (default: the clock's); ``trend`` asks for the twelve periods that pictures show.
    Raises UpswellError for what is no such period, or has not begun.
    """
    moment = _now(now)
    told = summary_of(ledger, config, _named(name, kind, config) or kind.containing(moment, _zone(config)), moment)
    return with_trend(ledger, told, moment) if trend else told


def post_period(
    ledger: Ledger, config: Config, name: str | None, now: int | None = None, *, kind: type[Reported] = Week
) -> Sequence[Outcome]:
    """Post the period ``name`` of a ``kind``, or the last complete one, wherever it was not posted yet.

    Returns what came of each channel. Raises UpswellError for what is no such period, or is not over.
    """
    moment = _now(now)
    period = _named(name, kind, config) or kind.last_complete(moment, _zone(config))
    return post_by_hand(ledger, config, period, moment)


def render_as(summary: Summary, form: str) -> str:
    """Return ``summary`` as one of FORMATS: text for 80 columns, JSON, Slack's JSON, or the mail's HTML."""
    return FORMATS[form](summary)


def _json(summary: Summary) -> str:
    return json.dumps(as_json(summary), indent=2, ensure_ascii=False)


def _slack(summary: Summary) -> str:
    return json.dumps(slack.message(summary), indent=2, ensure_ascii=False)


def _html(summary: Summary) -> str:
    """Return the mail's HTML as a page that stands alone: its pictures are in it."""
    images = {each.name: email.Image(_inside(each), each.alt) for each in pictures(summary, "svg")}
    return email.letter(summary, (), images).html


def _inside(picture: Picture) -> str:
    return f"data:image/svg+xml;base64,{b64encode(picture.image).decode()}"


FORMATS: Mapping[str, Callable[[Summary], str]] = {"text": terminal.text, "json": _json, "slack": _slack, "html": _html}


def _now(now: int | None) -> int:
    return int(time.time()) if now is None else now


def _zone(config: Config) -> ZoneInfo:
    return config.report.timezone


def _named(name: str | None, kind: type[Reported], config: Config) -> Reported | None:
    return None if name is None else kind.parse(name, _zone(config))
