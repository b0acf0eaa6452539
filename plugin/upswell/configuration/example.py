"""A complete, commented ``config.toml``, written from the options themselves."""

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from types import NoneType
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import FieldInfo

from upswell.configuration.option_types import Section, is_section
from upswell.configuration.options import SECTIONS

_WIDTH = 100
_HEAD = (
    "The configuration of Upswell. Every key is here, with its default or, behind a #, with an example. "
    "Secrets are not: the keys name the environment variables, or files, that hold them."
)


def render(answers: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Return the text of a configuration file; ``answers`` are values in place of defaults, by section and key."""
    given = answers or {}
    blocks = [_comment(_HEAD)]
    for name, cls in SECTIONS.items():
        blocks += _blocks(name, cls, given.get(name, {}))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _blocks(name: str, cls: type[Section], answers: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the section's own block of lines, then one for each section inside it."""
    fields = msgspec.structs.fields(cls)
    plain = [field for field in fields if _shape(field) is None]
    yield [*_comment(cls.__doc__), f"[{name}]", *_keys(plain, answers)]
    for field in fields:
        inner = f"{name}.{field.encode_name}"
        match _shape(field):
            case "section":
                yield from _blocks(inner, field.type, {})
            case "list":
                cls = get_args(field.type)[0]
                keys = _keys(msgspec.structs.fields(cls), {})
                yield [*_comment(cls.__doc__), f"#[[{inner}]]", *(f"#{line.removeprefix('#')}" for line in keys)]
            case "table":
                yield [*_comment(_note(field)), f"[{inner}]", *(_examples(_example(field)))]


def _shape(field: FieldInfo) -> str | None:
    """Say which kind of section the field is: ``section``, ``list`` of sections, ``table``, or None for a plain key."""
    bare = get_args(field.type)[0] if hasattr(field.type, "__metadata__") else field.type
    if get_origin(bare) is dict:
        return "table"
    if get_origin(bare) is tuple:
        return "list" if is_section(get_args(bare)[0]) else None
    return "section" if is_section(bare) else None


def _keys(fields: Iterable[FieldInfo], answers: Mapping[str, Any]) -> Iterator[str]:
    for field in fields:
        value = answers.get(field.encode_name, field.default)
        yield from _comment(_note(field))
        if value is None or value is msgspec.NODEFAULT:
            yield from _examples({field.encode_name: _example(field)})
        else:
            yield f"{field.encode_name} = {_toml(value)}"


def _examples(values: Mapping[str, Any]) -> list[str]:
    return [f"#{key} = {_toml(value)}" for key, value in values.items()]


def _toml(value: Any) -> str:
    return json.dumps(value.key if isinstance(value, ZoneInfo) else value, ensure_ascii=False)


def _comment(text: str | None) -> list[str]:
    return [f"# {line}" for line in wrap(text or "", _WIDTH)]


def _note(field: FieldInfo) -> str:
    """Return the field's description, and the values it may have where they can be counted."""
    *_, note = (str(meta.description) for meta in field.type.__metadata__ if meta.description)
    bare = get_args(field.type)[0]
    kind = get_args(bare)[0] if NoneType in get_args(bare) else bare
    return f"{note} One of {', '.join(map(_toml, get_args(kind)))}." if get_origin(kind) is Literal else note


def _example(field: FieldInfo) -> Any:
    *_, example = (meta.examples[0] for meta in field.type.__metadata__ if meta.examples)
    return example
