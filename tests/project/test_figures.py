"""Every figure of the summary is defined in the documents, with its unit."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from summaries import summary

from upswell.figures import Figures
from upswell.summary import Summary, as_json

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8").split("\n## The figures\n")[1].split("\n##")[0]
ROWS = [re.split(r" \| ", line.strip("| ")) for line in SECTION.splitlines() if line.startswith("| `")]


def keys() -> Iterator[str]:
    """Yield every key of the JSON, those inside others with a dot; what is by currency has the figures again."""
    hints = {**get_type_hints(Summary), **get_type_hints(Figures)}
    for key in as_json(summary()):
        yield key
        if key != "other_currencies":
            yield from inner(key, hints[key])


def inner(prefix: str, hint: Any) -> Iterator[str]:
    """Yield the keys of what ``hint`` says: of a dataclass, or of one inside a list, a mapping or an option."""
    if is_dataclass(hint):
        for key, kind in get_type_hints(hint).items():
            yield f"{prefix}.{key}"
            yield from inner(f"{prefix}.{key}", kind)
    for part in get_args(hint):
        yield from inner(prefix, part)


def test_every_key_is_defined_once() -> None:
    """Each key of `summary --format json` has a row in docs/definitions.md, and each row there is a key."""
    rows = Counter(key for row in ROWS for key in re.findall(r"`([^`]+)`", row[0]))
    missing, unknown = set(keys()) - set(rows), set(rows) - set(keys())
    assert not missing, f"docs/definitions.md, The figures, lacks a row for {sorted(missing)}"
    assert not unknown, f"docs/definitions.md, The figures, has rows of what is no key: {sorted(unknown)}"
    assert max(rows.values()) == 1


def test_every_row_says_what_it_is_and_in_which_unit() -> None:
    """A row has a definition; a unit stands beside it unless the keys inside have their own."""
    inside = {key.rpartition(".")[0] for key in keys()}
    for row in ROWS:
        names = re.findall(r"`([^`]+)`", row[0])
        assert len(row[1]) > 3, names
        assert (len(row) == 3 and row[2]) or set(names) <= inside | {"other_currencies"}, names
