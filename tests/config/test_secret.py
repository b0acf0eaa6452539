"""A secret does not show itself by accident."""

import json
from dataclasses import asdict

import pytest

from upswell.configuration.settings import Secret, SlackSettings


def test_a_secret_is_only_shown_on_request() -> None:
    """Neither text nor formatting nor a repr of what holds it tells the value; reveal does."""
    settings = SlackSettings(Secret("hidden"), Secret("hidden"), "#revenue")
    shown = f"{settings} {settings!r} {settings.webhook_url} {asdict(settings)} %s"
    assert "hidden" not in shown % settings.bot_token
    assert settings.webhook_url
    assert settings.webhook_url.reveal() == "hidden"


def test_a_secret_is_no_json() -> None:
    """What is written out for programs cannot hold one."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"token": Secret("hidden")})


def test_secrets_are_compared_by_value() -> None:
    """Two configurations that were read from the same place are equal."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
