"""What goes below a bot's message in Slack: a picture and a reply, in its thread.

The message is out by then. So nothing here raises: what cannot be added is said in the log, with its remedy.
https://docs.slack.dev/reference/methods/files.completeUploadExternal
"""

import http.client
import logging
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.error import HTTPError

from slack_sdk.errors import SlackApiError, SlackClientError

from upswell.configuration.settings import SlackSettings
from upswell_connectors import slack
from upswell_connectors.slack import Posted

_CODE = re.compile(r"[a-z_:.]{1,60}")
_REMEDIES = {
    "missing_scope": "give the app the scope {needed} and install it again",
    "not_in_channel": "invite the app to the channel",
}
_log = logging.getLogger("upswell_connectors.slack_thread")


@dataclass(frozen=True, slots=True)
class Upload:
    """A PNG to be shown: ``data`` is the file in base64, ``alt`` says what it shows."""

    name: str
    title: str
    alt: str
    data: str


def add(settings: SlackSettings, posted: Posted, upload: Upload | None, reply: Mapping[str, Any] | None) -> None:
    """Add the picture, and after it the reply (``text`` and ``blocks``), to the thread of the message ``posted``."""
    if upload:
        _try("The picture", partial(_upload, settings, posted, upload))
    if reply:
        _try("The details", partial(_reply, settings, posted, reply))


def _upload(settings: SlackSettings, posted: Posted, upload: Upload) -> None:
    slack.client(settings).files_upload_v2(
        channel=posted.channel,
        thread_ts=posted.ts,
        filename=f"{upload.name}.png",
        title=upload.title,
        alt_txt=upload.alt,
        content=b64decode(upload.data),
    )


def _reply(settings: SlackSettings, posted: Posted, reply: Mapping[str, Any]) -> None:
    slack.client(settings).chat_postMessage(
        channel=posted.channel, thread_ts=posted.ts, unfurl_links=False, unfurl_media=False, **reply
    )


def _try(what: str, do: Callable[[], None]) -> None:
    try:
        do()
    except SlackApiError as error:
        code, needed = (_named(error.response.get(key)) for key in ("error", "needed"))
        remedy = _REMEDIES.get(code, "").format(needed=needed or "files:write")
        why = code or f"HTTP {error.response.status_code}"
    except HTTPError as error:
        error.close()
        why, remedy = f"HTTP {error.code}", ""
    except (SlackClientError, OSError, http.client.HTTPException, ValueError) as error:
        why, remedy = type(error).__name__, ""
    else:
        return
    _log.warning("%s could not be added to the message in Slack (%s)%s", what, why, f": {remedy}" if remedy else "")


def _named(told: object) -> str:
    """Return a code or a scope as Slack names it; nothing where it is none."""
    text = str(told or "")
    return text if _CODE.fullmatch(text) else ""
