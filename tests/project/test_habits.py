"""Habits of the code that no other tool checks."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("plugin", "webhooks", "connectors", "tests", "docs", "benchmarks", "requirements", "deploy")
KINDS = {".py", ".md", ".toml", ".txt", ".html", ".svg", ".service", ".timer", ".yaml", ".yml"}
TEXTS = sorted(
    [
        ROOT / "Makefile",
        *(ROOT / ".ci").iterdir(),
        *(path for path in ROOT.iterdir() if path.suffix in KINDS),
        *(path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.suffix in KINDS),
    ]
)
TESTS = [path for path in TEXTS if path.name.startswith("test_") and path.suffix == ".py"]
MODULES = [path for path in TEXTS if path.suffix == ".py" and "tests" not in path.relative_to(ROOT).parts]
LONGEST = 300


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT / "tests")))
def test_every_test_says_what_it_demands(path: Path) -> None:
    """The docstring of a test is the requirement."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), node.name


def test_no_module_is_too_long() -> None:
    """A module that grows past 300 lines is two."""
    assert [str(path) for path in MODULES if path.read_text(encoding="utf-8").count("\n") > LONGEST] == []


def test_nothing_tells_of_one_machine_or_of_work_undone() -> None:
    """No path of somebody's machine, no note to oneself, and no half of a merge is published."""
    merges = r"^(?:<{7}|>{7}) "
    unwanted = re.compile(r"/(?:root|work)/|/home/\w|\b(?:TO" + r"DO|FIX" + r"ME|XX" + rf"X)\b|{merges}", re.MULTILINE)
    found = [(str(path), match[0]) for path in TEXTS for match in unwanted.finditer(path.read_text(encoding="utf-8"))]
    assert found == []


def test_a_logger_keeps_its_name_wherever_its_module_goes() -> None:
    """Whoever reads the log filters by loggers: each is named outright, after what it tells of, and not by its file."""
    assert [str(path) for path in MODULES if "getLogger(__name__)" in path.read_text(encoding="utf-8")] == []
