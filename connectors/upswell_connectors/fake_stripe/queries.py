"""What a request asks for: its parameters, checked against those that its endpoint takes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from upswell_connectors.fake_stripe import refusals

_USUAL_PAGE, _LONGEST_PAGE = 10, 100
_DEEPEST = 4
_NAME = re.compile(r"(\w+)(?:\[(\w*)\])?")
_TYPES = 20

_NEVER = 2**62
# What a bound in brackets adds to its second to get the first one that is in, and the first that is out.
_BOUNDS = {"gt": (1, None), "gte": (0, None), "lt": (None, 0), "lte": (None, 1), "": (0, 1)}

Raw = list[tuple[str, str]]
Reader = Callable[[str, Raw], Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A request's parameters: how much of a list, which of it, and what to expand.

    ``since`` and ``until`` bound the creation (unix seconds, ``until`` excluded); ``filters`` are what the endpoint
    itself takes, by name.
    """

    limit: int = _USUAL_PAGE
    starting_after: str | None = None
    ending_before: str | None = None
    since: int = 0
    until: int = _NEVER
    expand: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)


def parameters(text: str) -> dict[str, Raw]:
    """Return the values of a query string or a form by parameter, each with the key in brackets it stood under."""
    found: dict[str, Raw] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.fullmatch(key)
        if match is None:
            raise refusals.unknown_parameter(key)
        found.setdefault(match[1], []).append((match[2] or "", value))
    return found


def one(name: str, raw: Raw) -> str:
    """Read a text. Raises Refused where it is empty."""
    value = raw[-1][1]
    if not value:
        raise refusals.empty_parameter(name)
    return value


def many(_name: str, raw: Raw) -> tuple[str, ...]:
    """Read an array of texts."""
    return tuple(value for _, value in raw)


def flag(name: str, raw: Raw) -> bool:
    """Read true or false. Raises Refused for anything else."""
    value = one(name, raw)
    if value not in ("true", "false"):
        raise refusals.Refused(400, f"Invalid boolean: {value}", param=name)
    return value == "true"


def choice(*allowed: str) -> Reader:
    """Return what reads one of the words ``allowed``, and raises Refused for any other."""

    def read(name: str, raw: Raw) -> str:
        value = one(name, raw)
        if value not in allowed:
            raise refusals.no_choice(name, allowed)
        return value

    return read


def types(name: str, raw: Raw) -> tuple[str, ...]:
    """Read up to twenty types of events, none of them with a wildcard. Raises Refused."""
    found = many(name, raw)
    if len(found) > _TYPES:
        raise refusals.Refused(400, f"You may pass at most {_TYPES} types.", param=name)
    if any("*" in kind for kind in found):
        raise refusals.Refused(400, "A wildcard may be passed in type only.", param=name)
    return found


def integer(name: str, raw: Raw) -> int:
    """Read a whole number. Raises Refused."""
    value = one(name, raw)
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise refusals.no_integer(name, value)
    return int(value)


def window(name: str, raw: Raw) -> tuple[int, int]:
    """Read bounds of a time into the first second that is in and the first that is out."""
    lowest, highest = [0], [_NEVER]
    for bound, value in raw:
        second = integer(f"{name}[{bound}]" if bound else name, [("", value)])
        if bound not in _BOUNDS:
            raise refusals.unknown_parameter(f"{name}[{bound}]")
        first, last = _BOUNDS[bound]
        lowest += [] if first is None else [second + first]
        highest += [] if last is None else [second + last]
    return max(lowest), min(highest)


def list_query(found: Mapping[str, Raw], filters: Mapping[str, Reader], *, timed: bool) -> Query:
    """Read what is asked of a list that takes ``filters`` and, where it is ``timed``, bounds of creation.

    A limit out of bounds is drawn to the nearest, as recorded at Stripe. Raises Refused.
    """
    known = {"limit", "starting_after", "ending_before", "expand", *filters, *(("created",) if timed else ())}
    refuse_unknown(found, known)
    if "starting_after" in found and "ending_before" in found:
        both = "Received both starting_after and ending_before parameters. Please pass in only one."
        raise refusals.Refused(400, both)
    since, until = window("created", found["created"]) if "created" in found else (0, _NEVER)
    return Query(
        limit=max(1, min(integer("limit", found["limit"]), _LONGEST_PAGE)) if "limit" in found else _USUAL_PAGE,
        starting_after=one("starting_after", found["starting_after"]) if "starting_after" in found else None,
        ending_before=one("ending_before", found["ending_before"]) if "ending_before" in found else None,
        since=since,
        until=until,
        expand=_expand(found),
        filters={name: read(name, found[name]) for name, read in filters.items() if name in found},
    )


def single_query(found: Mapping[str, Raw]) -> Query:
    """Read what is asked of a single object: nothing but what to expand. Raises Refused."""
    refuse_unknown(found, {"expand"})
    return Query(expand=_expand(found))


def refuse_unknown(found: Mapping[str, Raw], known: Iterable[str]) -> None:
    """Raise Refused where there is a parameter that is not ``known``."""
    for name in sorted(found.keys() - set(known)):
        raise refusals.unknown_parameter(name)


def _expand(found: Mapping[str, Raw]) -> tuple[str, ...]:
    paths = many("expand", found.get("expand", []))
    for path in paths:
        if path.count(".") >= _DEEPEST:
            raise refusals.too_deep(path)
    return paths
