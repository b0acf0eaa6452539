"""Checking ``config.toml`` against its options: one error at a time, naming the key, the value and what is allowed.

No sentence here repeats a secret.
"""

import json
import re
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import inspect

from upswell.configuration.option_types import Section, is_section
from upswell.errors import ConfigError

Checked = TypeVar("Checked", bound=Section)

_SECRET = re.compile(r"\b(sk|rk)_(live|test)_|\bwhsec_|\bxox[a-z]-|hooks\.slack\.com/|://[^/\s]*:[^/\s]*@")
_LONGEST_SHOWN = 60


def check(cls: type[Checked], table: object, section: str) -> Checked:
    """Return ``table``, as TOML gave it, as the section ``cls``; ``section`` is its dotted name.

    Raises ConfigError for the first key that is unknown, missing or not allowed; the caller adds the file's name.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{section} must be a section: [{section}] on a line of its own, and its keys below")
    fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
    for key in table:
        if key not in fields:
            raise ConfigError(f"[{section}] has no key {key!r}: the nearest one is {nearest(key, fields)!r}")
    for key, field in fields.items():
        if field.required and key not in table:
            raise ConfigError(f"[{section}] lacks the key {key!r}")
    return cls(**{fields[key].name: _value(fields[key].type, value, section, key) for key, value in table.items()})


def nearest(word: str, known: "dict[str, Any] | set[str]") -> str:
    """Return which of ``known`` is most like ``word``."""
    return get_close_matches(word, sorted(known), n=1, cutoff=0.0)[0]


def allowed(kind: inspect.Type) -> str:
    """Say in words what a value of ``kind`` may be."""
    match kind:
        case inspect.Metadata(extra={"allowed": str(words)}):
            return words
        case inspect.Metadata(type=inner):
            return allowed(inner)
        case inspect.UnionType(types=(inner, *_)):
            return allowed(inner)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType(item_type=inner):
            return f"a list in square brackets, each entry {allowed(inner)}"
        case _:
            return "a section of keys and values"


def _value(kind: Any, value: Any, section: str, key: str) -> Any:
    """Return ``value`` as a field's ``kind``: a scalar, a section, a list of sections, or a table of scalars."""
    bare = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    inner = get_args(bare)
    if is_section(bare):
        return check(bare, value, f"{section}.{key}")
    if get_origin(bare) is tuple and is_section(inner[0]):
        return tuple(check(inner[0], entry, f"{section}.{key}") for entry in _listed(value))
    if get_origin(bare) is dict and isinstance(value, dict):
        return {name: _scalar(inner[1], entry, f"{section}.{key}", name) for name, entry in value.items()}
    return _scalar(kind, value, section, key)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _scalar(kind: Any, value: Any, section: str, key: str) -> Any:
    try:
        return msgspec.convert(value, kind, dec_hook=_zone)
    except msgspec.ValidationError as error:
        expected = allowed(inspect.type_info(kind))
        hint = f"; {error.__cause__}" if isinstance(error.__cause__, ValueError) else ""
        raise ConfigError(_refusal(f"[{section}] {key}", value, expected) + hint) from None


def _refusal(place: str, value: Any, expected: str) -> str:
    if _SECRET.search(str(value)):
        return f"{place} holds what looks like a secret: keep it in the environment or a file; allowed here: {expected}"
    if place.endswith("_env"):
        return f"{place} is not allowed: {expected}, which holds the secret"
    shown = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    return f"{place} = {shown} is not allowed: {expected}"


def _zone(kind: type, value: Any) -> ZoneInfo:
    if kind is not ZoneInfo or not isinstance(value, str):
        raise TypeError("not the name of a time zone")
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'the nearest known one is "{nearest(value, available_timezones())}"') from None
