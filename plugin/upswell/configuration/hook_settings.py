"""The endpoints that outgoing webhooks go to, from what the configuration says of them."""

import binascii
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from upswell.configuration.addresses import refused
from upswell.configuration.hook_options import HookEndpoint
from upswell.configuration.option_types import Section
from upswell.configuration.settings import HookSettings, Secret
from upswell.errors import ConfigError

Find = Callable[[Section, str, str], tuple[Secret, ...]]

SECTION = "hooks.endpoint"
_SHORTEST, _LONGEST = 24, 64
_MOST = 20
_MAKE = 'make one with `echo "whsec_$(openssl rand -base64 32)"`'


def several(given: Sequence[HookEndpoint], find: Find) -> tuple[HookSettings, ...]:
    """Return the endpoints; ``find(endpoint, section, key)`` gives the secrets that a key names.

    Raises ConfigError, which repeats neither an address nor a secret.
    """
    if len(given) > _MOST:
        raise ConfigError(f"there are {len(given)} [[{SECTION}]]: {_MOST} are allowed")
    for name, many in Counter(one.name for one in given).items():
        if many > 1:
            raise ConfigError(f'{many} [[{SECTION}]] have the name "{name}": each needs one of its own')
    found = tuple(_settings(one, find) for one in given)
    _refuse_shared(found)
    return found


def _refuse_shared(found: Sequence[HookSettings]) -> None:
    """Refuse a secret that signs for two: whoever receives at one could send to the other in our name."""
    holders: dict[Secret, str] = {}
    for hook in found:
        for secret in hook.secrets:
            if holders.setdefault(secret, hook.name) != hook.name:
                raise ConfigError(
                    f'[[{SECTION}]] "{holders[secret]}" and "{hook.name}" have the same secret: give each its own'
                )


def _settings(given: HookEndpoint, find: Find) -> HookSettings:
    return HookSettings(
        name=given.name,
        url=_url(given, find),
        secrets=tuple(_secrets(given, find)),
        events=given.events,
        people=given.people,
    )


def _url(given: HookEndpoint, find: Find) -> Secret:
    found = (Secret(given.url),) if given.url else find(given, SECTION, "url")
    if not found:
        raise ConfigError(f'[[{SECTION}]] "{given.name}" has no address: give url, or fill {_place(given, "url")}')
    if wrong := refused(found[0].reveal()):
        raise ConfigError(f'[[{SECTION}]] "{given.name}": its address {wrong}')
    return found[0]


def _secrets(given: HookEndpoint, find: Find) -> Iterator[Secret]:
    """Yield what signs, as the specification of Standard Webhooks has it: 24 to 64 bytes in base64."""
    found = find(given, SECTION, "secret")
    if not found:
        raise ConfigError(f'[[{SECTION}]] "{given.name}" has no secret: fill {_place(given, "secret")}; {_MAKE}')
    for secret in found:
        if not _SHORTEST <= _size(secret) <= _LONGEST:
            size = f"{_SHORTEST} to {_LONGEST} bytes"
            raise ConfigError(f'[[{SECTION}]] "{given.name}": a secret is whsec_ and {size} in base64; {_MAKE}')
        yield secret


def _size(secret: Secret) -> int:
    prefix, _, text = secret.reveal().partition("whsec_")
    try:
        return 0 if prefix else len(b64decode(text + "=" * (-len(text) % 4), validate=True))
    except binascii.Error:
        return 0


def _place(given: HookEndpoint, key: str) -> str:
    file = getattr(given, f"{key}_file")
    return f"the file {file}" if file else f"the environment variable {getattr(given, f'{key}_env')}"
