"""[[hooks.endpoint]]: what is taken, and what is refused in a sentence that repeats no secret."""

import base64
from pathlib import Path

import pytest
from receivers import OTHER_SECRET, SECRET

from upswell.configuration.config import load
from upswell.errors import ConfigError

ENV = {"UPSWELL_HOOK_SECRET": SECRET}
URL = 'url = "https://app.example.com/in"\n'


def loaded(text: str, env: dict[str, str] | None = None):
    """Load endpoints from TOML; return them."""
    path = Path("config.toml")
    path.write_text(text, encoding="utf-8")
    return load(path, ENV if env is None else env).hooks


def endpoint(rest: str, name: str = "campaigns") -> str:
    """Return an endpoint in TOML."""
    return f'[[hooks.endpoint]]\nname = "{name}"\n{rest}'


def test_an_endpoint_needs_a_name_an_address_and_a_secret() -> None:
    """Everything else has a default: all events, and no names of people."""
    (hook,) = loaded(endpoint(URL))
    assert (hook.name, hook.url.reveal(), hook.people) == ("campaigns", "https://app.example.com/in", False)
    assert hook.events == ("movement.recorded", "movement.restated", "signal.raised", "signal.cleared")
    assert [secret.reveal() for secret in hook.secrets] == [SECRET]
    assert hook.destination == "hook:campaigns"


def test_secrets_and_addresses_come_from_the_environment_or_a_file() -> None:
    """Several secrets sign while one is rolled; an address that is a secret stays out of the configuration."""
    Path("secret").write_text(f"{SECRET}  # new\n{OTHER_SECRET}\n", encoding="utf-8")
    Path("address").write_text("https://hooks.example.com/in/hush\n", encoding="utf-8")
    third, fourth = (f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"3", b"4"))
    filed, told = loaded(
        endpoint('url_file = "address"\nsecret_file = "secret"\n') + endpoint('secret_env = "A, B"', "other"),
        {"A": third, "B": fourth, "UPSWELL_HOOK_URL": "https://other.example.com/hush"},
    )
    assert [secret.reveal() for secret in filed.secrets] == [SECRET, OTHER_SECRET]
    assert [secret.reveal() for secret in told.secrets] == [third, fourth]
    assert filed.url.reveal() == "https://hooks.example.com/in/hush"
    assert told.url.reveal() == "https://other.example.com/hush"
    assert "hush" not in repr((filed, told))
    assert filed.mark != told.mark


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080/in", "http://localhost/in", "https://[::1]:8080/in", "https://app.example.com:8443/in?a=1"],
)
def test_addresses_that_are_taken(url: str) -> None:
    """Https of the internet, and this machine's own."""
    assert loaded(endpoint(f'url = "{url}"'))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://app.example.com/in", "is not encrypted: Upswell sends to https:// only"),
        ("https://10.0.0.7/in", "cannot be reached from outside"),
        ("https://169.254.169.254/latest", "cannot be reached from outside"),
        ("https://crm.internal/in", "cannot be reached from outside"),
        ("https://user:hush@app.example.com/in", "holds a name or a password"),
        ("https://app.example.com/in#hush", "holds a fragment"),
        ("https://app.example.com:99999/hush", "is no address"),
    ],
)
def test_addresses_that_are_refused(url: str, told: str) -> None:
    """Nothing unencrypted, nothing private, no password in it; the sentence does not repeat it."""
    for text, env in ((f'url = "{url}"', ENV), ("", ENV | {"UPSWELL_HOOK_URL": url})):
        with pytest.raises(ConfigError, match=told) as refused:
            loaded(endpoint(text), env)
        assert 'config.toml: [[hooks.endpoint]] "campaigns": its address' in str(refused.value)
        assert "hush" not in str(refused.value)


SHORT = "whsec_" + base64.b64encode(b"hush-hush").decode()


@pytest.mark.parametrize("secret", ["hush-hush", SHORT, "whsec_hush!", f"hush{SECRET}", "whsec_" + "A" * 200])
def test_secrets_that_are_none_are_refused(secret: str) -> None:
    """whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it; the sentence says how to make one."""
    with pytest.raises(ConfigError, match="24 to 64 bytes in base64; make one with `echo") as refused:
        loaded(endpoint(URL), {"UPSWELL_HOOK_SECRET": secret})
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (endpoint(""), "has no address: give url, or fill the environment variable UPSWELL_HOOK_URL"),
        (endpoint(URL + 'secret_env = "NONE"'), "has no secret: fill the environment variable NONE"),
        (endpoint(URL) + endpoint(URL), '2 [[hooks.endpoint]] have the name "campaigns"'),
        (endpoint(URL) + endpoint(URL, "crm"), '"campaigns" and "crm" have the same secret: give each its own'),
        (endpoint(URL, "Campaigns!"), 'name = "Campaigns!" is not allowed: lower-case letters'),
        (endpoint(URL + 'events = ["movement.made"]'), "is not allowed"),
        ("".join(endpoint(URL, f"e{number}") for number in range(21)), "there are 21 [[hooks.endpoint]]: 20 are"),
        (f"[[hooks.endpoint]]\n{URL}", "[hooks.endpoint] lacks the key 'name'"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, told: str) -> None:
    """The endpoint, the key, and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        loaded(text)
    assert told in str(refused.value)
