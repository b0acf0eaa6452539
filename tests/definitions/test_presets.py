"""Presets: what they set, what beats them, and that docs/definitions.md tells of them truly."""

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from upswell.configuration import options
from upswell.configuration.config import load
from upswell.core.rules import PRESETS, Rules
from upswell.errors import ConfigError


def cells(line: str) -> list[str]:
    """Return the cells of a table's line."""
    return [cell.strip() for cell in line.strip("|").split("|")]


PAGE = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")
COMPARED, _ = PAGE.split("\n## The figures\n")
KEYS = {field.encode_name for field in msgspec.structs.fields(options.Rules)}
TABLES = [[cells(line) for line in block.splitlines()] for block in re.findall(r"(?:^\|.*\n)+", COMPARED, re.MULTILINE)]
*COMPARISONS, SETTINGS = TABLES


def rules(folder: Path, text: str) -> Rules:
    """Return the rules of a configuration that holds ``text``."""
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load(folder / "config.toml", {}).rules


def column(number: int) -> dict[str, Any]:
    """Return what a column of the page's table of presets sets, by key."""
    written = {row[0].strip("`"): row[number].strip("`") for row in SETTINGS[2:] if row[number]}
    return {key: tomllib.loads(f"value = {value}")["value"] for key, value in written.items()}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_its_keys_and_no_other(tmp_path: Path, name: str) -> None:
    """The rules of a preset are the rule book's but for the keys in its table."""
    assert rules(tmp_path, f'[rules]\npreset = "{name}"\n') == replace(load(None, {}).rules, **PRESETS[name])


@pytest.mark.parametrize("name", PRESETS)
def test_a_written_key_beats_the_preset(tmp_path: Path, name: str) -> None:
    """What is written counts, even where it is the default, and leaves the preset's other keys alone."""
    for key, value in {"churn_at": "end", "past_due": "exclude", "discounts": "recurring", "usage": "include"}.items():
        found = rules(tmp_path, f'[rules]\n{key} = "{value}"\npreset = "{name}"\n')
        assert found == replace(load(None, {}).rules, **{**PRESETS[name], key: value})
    assert rules(tmp_path, f'[rules]\nsettle_minutes = 0\npreset = "{name}"\n').settle_minutes == 0


def test_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    """The error names the key, the value and the presets there are."""
    with pytest.raises(ConfigError, match=r'\[rules\] preset = "strype" is not allowed: one of "chartmogul", "stripe"'):
        rules(tmp_path, '[rules]\npreset = "strype"\n')


def test_the_configuration_knows_every_preset() -> None:
    """What may be written as preset is what the table of presets holds."""
    literal, _ = get_args(get_args(msgspec.structs.fields(options.Rules)[0].type)[0])
    assert set(get_args(literal)) == set(PRESETS)


def test_the_example_shows_what_holds_without_a_preset() -> None:
    """Behind its #, a key that a preset may set stands as it is without one."""
    defaults = {field.name: field.default for field in fields(Rules)}
    for field in msgspec.structs.fields(options.Rules):
        if any(field.name in preset for preset in PRESETS.values()):
            (example,) = (meta.examples[0] for meta in field.type.__metadata__ if meta.examples)
            assert (field.name, example) == (field.name, defaults[field.name])


def test_the_page_tells_what_each_preset_sets() -> None:
    """The table of presets on the page is the one in the code, and beside it stands the default."""
    assert {name: column(number) for number, name in enumerate(PRESETS, start=2)} == PRESETS
    assert column(1) == {key: getattr(Rules(), key) for key in column(1)}


def test_every_key_on_the_page_exists() -> None:
    """Each key that the page offers to make ours match theirs is one of [rules]."""
    offered = {key for table in COMPARISONS for row in table[2:] for key in re.findall(r"`(\w+)`", row[-1])}
    offered |= set(re.findall(r"`(\w+) = ", COMPARED))
    assert {"churn_at", "past_due", "discounts", "usage", "settle_minutes"} <= offered
    assert offered <= KEYS


def test_every_statement_has_its_source() -> None:
    """Each source that the page names is listed with its address, each one listed is used, and no cell has neither."""
    listed = re.findall(r"^- ([A-Z]\d+): \[[^]]+\]\(https://", PAGE, re.MULTILINE)
    assert len(set(listed)) == len(listed)
    assert set(re.findall(r"\[([SCPB]\d+)\](?!\()", PAGE)) == set(listed)
    for row in (row for table in COMPARISONS for row in table[2:]):
        assert all(re.search(r"\[[SCPB]\d+\]|not verified", cell) for cell in row[2:-1]), row
