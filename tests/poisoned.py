"""Events in which something is wrong, for hypothesis: valid ones, with parts left out, put in or doubled."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Path = tuple[Any, ...]

NUMBERS = [0, 1, -1, -5, 2**31, 2**53, -(2**53), 2**63, 2**70, 253_402_300_800, 1_800_000_000, 1.5, -0.0, 1e308]
DECIMALS = ["0", "-1", "0.5", "9" * 20, "9" * 30, "1e-99", "1e400", "NaN", "Infinity", "-0", "1_000", "\u0661"]
WORDS = [
    *("", "x", "a\x00b", "\x00", "é" * 500, "\ud800", "zzz", "jpy", "kwd", "day", "week", "fortnight", "metered"),
    *("licensed", "tiered", "volume", "graduated", "once", "repeating", "trialing", "active", "paused", "canceled"),
]
CONTAINERS: list[Any] = [[], [None], [[]], {}, {"id": None}, {"id": "x"}, {"data": []}, {"data": None}]
ODD = st.sampled_from([..., None, True, False, *NUMBERS, *DECIMALS, *WORDS, *CONTAINERS])


def places(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of everything inside ``node``."""
    if path:
        yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


def found(node: Any, path: Path) -> Any:
    """Return what is at ``path`` of ``node``."""
    for step in path:
        node = node[step]
    return node


def _alike(value: Any) -> st.SearchStrategy[Any]:
    """Draw something of the same type as ``value`` that is seldom seen in its place."""
    if isinstance(value, bool) or value is None:
        return ODD
    if isinstance(value, int):
        return st.sampled_from([*NUMBERS, value + 1, value - 1, -value, value * 1000])
    if isinstance(value, str):
        return st.sampled_from([*WORDS, *DECIMALS, value + "0", f"-{value}"])
    if isinstance(value, list):
        return st.sampled_from([value * 2, value * 50, value[::-1], value[:-1]])
    return ODD


@st.composite
def mutated(draw: st.DrawFn, event: dict[str, Any], most: int = 3) -> dict[str, Any]:
    """Draw ``event`` with up to ``most`` nodes of its data, or its type, replaced, left out, doubled or copied.

    Its id and its time stay: it still is the event it was, and what it says is nonsense.
    """
    event = deepcopy(event)
    for _ in range(draw(st.integers(1, most))):
        paths = [path for path in places(event) if path[0] in {"data", "type", "object"}]
        *way, last = draw(st.sampled_from(paths))
        parent = found(event, tuple(way))
        change = draw(st.sampled_from(["replaced", "alike", "alike", "copied"]))
        value = (
            draw(ODD if change == "replaced" else _alike(parent[last])) if change != "copied" else _copied(draw, event)
        )
        if value is ...:
            del parent[last]
        else:
            parent[last] = deepcopy(value)
        if not isinstance(event.get("data"), dict):
            break
    return event


def _copied(draw: st.DrawFn, event: dict[str, Any]) -> Any:
    return found(event, draw(st.sampled_from(list(places(event)))))


def written(event: dict[str, Any]) -> bytes:
    """Return ``event`` as bytes; lone surrogates are escaped, as a careless sender writes them."""
    return json.dumps(event).encode()
