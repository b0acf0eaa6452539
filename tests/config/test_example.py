"""config.example.toml, and what `upswell init` writes."""

import re
import tomllib
from pathlib import Path

import msgspec
from receivers import SECRET

from upswell.configuration.config import load
from upswell.configuration.example import render
from upswell.configuration.options import SECTIONS
from upswell.configuration.settings import Secret

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_the_example_is_what_init_writes() -> None:
    """The example beside the README is rendered from the options, so it cannot fall behind them."""
    assert EXAMPLE.read_text(encoding="utf-8") == render()


def test_the_example_loads_and_changes_nothing() -> None:
    """Whoever copies the example has the defaults."""
    found, defaults = load(EXAMPLE, {}), load(None, {})
    assert found.ledger.path == EXAMPLE.parent / defaults.ledger.path
    assert (found.stripe, found.server, found.report) == (defaults.stripe, defaults.server, defaults.report)
    assert (found.slack, found.email, found.rules) == (defaults.slack, defaults.email, defaults.rules)
    assert found.hooks == defaults.hooks == ()


def test_every_example_in_it_is_allowed(tmp_path: Path) -> None:
    """With each # before a key taken away, the file loads and configures everything."""
    text = re.sub(r"^#(?=\S)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = text.replace("/run/secrets", str(tmp_path)).replace("to = []", 'to = ["a@x.test"]')
    for name in re.findall(rf'"{tmp_path}/(\w+)"', text):
        (tmp_path / name).write_text(SECRET)
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    found = load(path, {})
    assert found.slack
    assert found.email
    (hook,) = found.hooks
    assert (hook.name, hook.secrets, hook.people) == ("campaigns", (Secret(SECRET),), False)
    assert found.rules.price_changes == frozenset({("price_old", "price_new")})
    assert found.rules.roles == {"price_or_product": "add_on"}


def test_every_key_is_in_the_example() -> None:
    """Section by section, the example holds each key there is, as a value or as a comment."""
    tables = tomllib.loads(re.sub(r"^#(?=\S)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    for name, cls in SECTIONS.items():
        assert set(tables[name]) == {field.encode_name for field in msgspec.structs.fields(cls)}


def test_answers_stand_in_place_of_defaults() -> None:
    """What was answered is written as a value, also where there is no default."""
    text = render({"report": {"timezone": "Asia/Tokyo"}, "email": {"to": ["a@x.test"], "from": 'U "q" <u@x.test>'}})
    tables = tomllib.loads(text)
    assert tables["report"]["timezone"] == "Asia/Tokyo"
    assert (tables["email"]["to"], tables["email"]["from"]) == (["a@x.test"], 'U "q" <u@x.test>')
