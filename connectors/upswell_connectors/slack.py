"""Posting to Slack: by incoming webhook, or by bot token and channel."""

import http.client
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RateLimitErrorRetryHandler, RetryState
from slack_sdk.web import WebClient
from slack_sdk.webhook import WebhookClient

from upswell.configuration.settings import SlackSettings
from upswell.errors import DeliveryError

API = "https://slack.com/api/"
_TIMEOUT = 15
_LONGEST_WAIT = 30
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_REMEDIES = {
    "invalid_auth": "put a valid bot token in its place",
    "token_revoked": "put a new bot token in its place",
    "token_expired": "put a new bot token in its place",
    "account_inactive": "put a new bot token in its place",
    "missing_scope": "give the app the scope chat:write and install it again",
    "not_in_channel": "invite the app to the channel",
    "channel_not_found": "name an existing channel under [slack], and invite the app to it",
    "is_archived": "name another channel under [slack]",
    "channel_is_archived": "make a new incoming webhook for another channel",
    "no_service": "make a new incoming webhook",
    "no_team": "make a new incoming webhook",
    "invalid_token": "make a new incoming webhook",
}
# The library logs what it cannot send, and with it the webhook's URL, which is a secret.
_silent = logging.getLogger("upswell_connectors.slack.sdk")
_silent.disabled = True


class _ShortWaits(RateLimitErrorRetryHandler):
    """Honours ``Retry-After`` once where it is short; a long one is left to the next attempt."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = super()._can_retry(state=state, request=request, response=response, error=error)
        return limited and response is not None and _wait(response) <= _LONGEST_WAIT


def _wait(response: HttpResponse) -> float:
    held = {name.lower(): values[0] for name, values in response.headers.items()}
    text = str(held.get("retry-after", "1"))
    return int(text) if text.isdecimal() else float("inf")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a bot's message stands: the channel's id, and the message's time stamp, which names it there."""

    channel: str
    ts: str


def send(settings: SlackSettings, message: Mapping[str, Any]) -> Posted | None:
    """Post ``message`` (``text`` and ``blocks``, for a bot ``metadata`` too), once; say where, which a webhook cannot.

    Only a refusal for the rate is tried again here.
    Raises DeliveryError, whose sentence holds neither the webhook's URL nor the token.
    """
    try:
        if settings.webhook_url:
            _by_webhook(settings.webhook_url.reveal(), message)
            return None
        return _by_token(settings, message)
    except URLError as error:
        raise DeliveryError(f"Slack could not be reached ({_cause(error)}): check the network") from None
    except (SlackClientError, http.client.InvalidURL, ValueError):
        raise DeliveryError("The Slack webhook URL is no URL: copy it from the app's settings", final=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError(
            f"Slack did not answer ({type(error).__name__}): the message may have arrived", unsure=True
        ) from None


def _by_webhook(url: str, message: Mapping[str, Any]) -> None:
    hook = WebhookClient(url, timeout=_TIMEOUT, retry_handlers=[_ShortWaits()], logger=_silent)
    answer = hook.send(text=message["text"], blocks=message["blocks"], unfurl_links=False, unfurl_media=False)
    if answer.status_code != 200:
        raise _refusal(answer.status_code, answer.body)


def client(settings: SlackSettings) -> WebClient:
    """Return what speaks to Slack's API with the bot token, and logs nothing."""
    return WebClient(
        token=settings.bot_token.reveal() if settings.bot_token else None,
        base_url=API,
        timeout=_TIMEOUT,
        retry_handlers=[_ShortWaits()],
        logger=_silent,
    )


def _by_token(settings: SlackSettings, message: Mapping[str, Any]) -> Posted | None:
    try:
        answer = client(settings).chat_postMessage(
            channel=str(settings.channel), unfurl_links=False, unfurl_media=False, **message
        )
    except SlackApiError as error:
        raise _refusal(error.response.status_code, str(error.response.get("error", ""))) from None
    channel, ts = answer.get("channel"), answer.get("ts")
    return Posted(str(channel), str(ts)) if channel and ts else None


def _refusal(status: int, body: str) -> DeliveryError:
    known = re.fullmatch(r"[a-z_]{1,60}", body)
    if status == 200 and not known:
        return DeliveryError("Slack's answer could not be read: the message may have arrived", unsure=True)
    code = body if known else f"HTTP {status}"
    remedy = _REMEDIES.get(code)
    passing = status == 429 or status >= 500 or code in _PASSING
    return DeliveryError(f"Slack refused the message ({code})" + (f": {remedy}" if remedy else ""), final=not passing)


def _cause(error: URLError) -> str:
    """Name what went wrong without quoting anything that might hold the URL."""
    reason = error.reason
    return (isinstance(reason, OSError) and reason.strerror) or type(reason).__name__
