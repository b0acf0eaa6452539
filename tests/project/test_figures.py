"""Every figure of the summary is defined in the documents, with its unit."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from summaries import summary

from upswell.report.figures import Figures
from upswell.report.summary import KEYS, Summary, as_json

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8").split("\n## The figures\n")[1].split("\n##")[0]
ROWS = [re.split(r" \| ", line.strip("| ")) for line in SECTION.splitlines() if line.startswith("| `")]


def keys(word: str = "week") -> Iterator[str]:
    """Yield every key of the JSON, those inside others with a dot; what is by currency has the figures again."""
    called = KEYS[word]
    hints = {**get_type_hints(Summary), **get_type_hints(Figures), "start": str, "end": str, "period": str}
    hints = {called.get(key, key): hint for key, hint in hints.items()}
    for key in as_json(summary(period={"week": "2026-W46", "month": "2026-11"}[word])):
        yield key
        if key != "other_currencies":
            yield from inner(key, hints[key], {} if key == "targets" else called)


def inner(prefix: str, hint: Any, called: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys of what ``hint`` says: of a dataclass, or of one inside a list, a mapping or an option."""
    if is_dataclass(hint):
        for field, kind in get_type_hints(hint).items():
            key = f"{prefix}.{called.get(field, field)}"
            yield key
            yield from inner(key, kind, called)
    for part in get_args(hint):
        yield from inner(prefix, part, called)


def test_every_key_is_defined_once() -> None:
    """Each key of `summary --format json` has a row in docs/definitions.md, and each row there is a key."""
    rows = Counter(key for row in ROWS for key in re.findall(r"`([^`]+)`", row[0]))
    missing, unknown = set(keys()) - set(rows), set(rows) - set(keys())
    assert not missing, f"docs/definitions.md, The figures, lacks a row for {sorted(missing)}"
    assert not unknown, f"docs/definitions.md, The figures, has rows of what is no key: {sorted(unknown)}"
    assert max(rows.values()) == 1


def test_a_month_has_the_same_keys_but_for_its_name() -> None:
    """Keys that say `week` say `month` in the JSON of a month, as the section says, and all others are the same."""
    assert [key.replace("week", "month") for key in keys()] == list(keys("month"))
    assert "Keys that say `week` say `month` there" in SECTION


def test_every_row_says_what_it_is_and_in_which_unit() -> None:
    """A row has a definition; a unit stands beside it unless the keys inside have their own."""
    inside = {key.rpartition(".")[0] for key in keys()}
    for row in ROWS:
        names = re.findall(r"`([^`]+)`", row[0])
        assert len(row[1]) > 3, names
        assert (len(row) == 3 and row[2]) or set(names) <= inside | {"other_currencies"}, names
