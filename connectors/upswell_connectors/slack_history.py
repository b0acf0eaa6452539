"""Whether a message nobody answered for has arrived: the channel's history says it, where the token may read it.

https://docs.slack.dev/reference/methods/conversations.history
"""

import http.client
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from upswell.configuration.settings import SlackSettings
from upswell_connectors import slack

_PAGE, _MOST_PAGES = 200, 10
_ID = re.compile(r"[CG][A-Z0-9]{8,}")
_log = logging.getLogger("upswell_connectors.slack_history")


def posted_at(settings: SlackSettings, mark: Mapping[str, Any], since: int) -> int | None:
    """Return when the message that carries ``mark`` as its metadata was posted, of those since ``since``.

    Both are unix seconds UTC. None where there is no such message, or the history cannot be read: without the scope
    channels:history (groups:history in a private channel), or channels:read where the channel is not given by its id.
    """
    try:
        return _found(slack.client(settings), str(settings.channel), mark, since)
    except SlackApiError as error:
        code = str(error.response.get("error", ""))
        why = code if re.fullmatch(r"[a-z_]{1,60}", code) else f"HTTP {error.response.status_code}"
    except (SlackClientError, OSError, http.client.HTTPException, ValueError) as error:
        why = type(error).__name__
    _log.info("Slack's history of the channel could not be read (%s)", why)
    return None


def _found(client: WebClient, channel: str, mark: Mapping[str, Any], since: int) -> int | None:
    known = channel if _ID.fullmatch(channel) else _id_of(client, channel.removeprefix("#"))
    if known is None:
        return None
    asked = {"channel": known, "include_all_metadata": True, "oldest": str(since)}
    for message in _listed(client, "conversations.history", "messages", asked):
        held = message.get("metadata") or {}
        if all(held.get(key) == value for key, value in mark.items()):
            return int(float(message["ts"]))
    return None


def _id_of(client: WebClient, name: str) -> str | None:
    channels = _listed(client, "conversations.list", "channels", {"exclude_archived": True})
    return next((str(channel["id"]) for channel in channels if channel.get("name") == name), None)


def _listed(client: WebClient, method: str, key: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a list holds, page by page; history comes newest first."""
    cursor = ""
    for _ in range(_MOST_PAGES):
        answer = client.api_call(method, params={**asked, "limit": _PAGE, "cursor": cursor})
        yield from answer.get(key, [])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
