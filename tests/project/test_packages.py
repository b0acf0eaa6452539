"""What the project needs is declared, and what it declares is needed."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = {
    "upswell": ROOT / "plugin" / "upswell",
    "upswell_webhooks": ROOT / "webhooks" / "upswell_webhooks",
    "upswell_connectors": ROOT / "connectors" / "upswell_connectors",
}
SOURCES = sorted(path for folder in PACKAGES.values() for path in folder.rglob("*.py"))
# What Flask is made of, and says so.
PARTS = {"jinja2": "flask", "werkzeug": "flask"}
# Time zones for machines that have none, and what draws altair's charts: zoneinfo and altair find them by themselves.
DATA = {"tzdata", "vl_convert_python"}
# What only type checkers import.
TYPES = {"_typeshed"}
CONTRACTS = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
FLOORS = [layer.split(" | ") for layer in CONTRACTS["The floors"]["layers"]]
CORE = {name.removeprefix("upswell.") for name in CONTRACTS["The pure core"]["source_modules"]}


def imported(path: Path) -> Iterator[str]:
    """Yield the top names of all modules that ``path`` imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def requirements(name: str) -> dict[str, str]:
    """Return the versions by name that a file of requirements pins."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split(";")[0].strip().split("==") for line in lines)


def declared() -> list[Requirement]:
    """Return everything that pyproject.toml asks for, to run and to develop."""
    return [Requirement(line) for line in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])]


def test_every_import_is_declared_and_every_dependency_imported() -> None:
    """Nothing works by accident because another package brought it, and nothing is installed for no reason."""
    names = {name for path in SOURCES for name in imported(path)} - set(sys.stdlib_module_names) - set(PACKAGES)
    charts = PROJECT["project"]["optional-dependencies"]["charts"]
    lines = [*PROJECT["project"]["dependencies"], *charts]
    wanted = {Requirement(line).name.replace("-", "_") for line in lines} - DATA
    assert {PARTS.get(name, name) for name in names - TYPES} == wanted


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_locked_versions_fit_and_the_lowest_are_the_lower_bounds(requirement: Requirement) -> None:
    """Both lists belong to the pyproject.toml beside them."""
    name = requirement.name.replace("_", "-").lower()
    lower = next(spec.version for spec in requirement.specifier if spec.operator == ">=")
    assert requirements("locked.txt")[name] in requirement.specifier
    assert requirements("lowest.txt")[name].startswith(str(Version(lower)))


@pytest.mark.parametrize("folder", PACKAGES.values(), ids=PACKAGES)
def test_every_package_is_typed(folder: Path) -> None:
    """Type checkers believe a package's annotations where py.typed lies in it."""
    assert (folder / "py.typed").is_file()


def test_every_module_stands_on_a_floor() -> None:
    """A new module is given its floor in pyproject.toml, or import-linter would not watch it."""
    modules = {
        f"upswell.{path.stem}" if path.is_file() else f"upswell.{path.name}"
        for path in PACKAGES["upswell"].iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }
    assert modules | {"upswell_webhooks", "upswell_connectors"} == {name for floor in FLOORS for name in floor}


def test_the_architecture_tells_what_each_package_is() -> None:
    """Its table has the packages in the order of the floors, each with what its own docstring says first."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", text, re.MULTILINE)
    packages = [name for floor in FLOORS for name in floor if folder(name).is_dir()]
    assert [name for name, _ in rows] == packages
    for name, said in rows:
        first, *_ = ast.get_docstring(ast.parse((folder(name) / "__init__.py").read_text(encoding="utf-8"))).split(
            "\n\n"
        )
        assert first.replace("``", "`") == said, name


def folder(name: str) -> Path:
    """Return where the package of that dotted name lies."""
    top, *inner = name.split(".")
    return PACKAGES[top].joinpath(*inner)


def test_the_pure_core_is_one_list() -> None:
    """The lowest floors, the forbidden imports and the coverage that is demanded are about the same modules."""
    assert {f"upswell.{name}" for name in CORE} == {name for floor in FLOORS[-len(CORE) :] for name in floor}
    files = {f"{name}/*.py" if (PACKAGES["upswell"] / name).is_dir() else f"{name}.py" for name in CORE}
    assert {f"*/upswell/{name}" for name in files} == set(PROJECT["tool"]["coverage"]["report"]["include"])


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_pure_core_needs_the_standard_library_only(name: str) -> None:
    """Movements are one pure function of a customer's history and the rules: no clock, no database, no network.

    A module of the core imports the core and the standard library, without the parts that touch the world.
    """
    folder = PACKAGES["upswell"] / name
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    names = {found for file in files for found in imported(file)} - {"upswell"}
    assert names <= set(sys.stdlib_module_names) - set(CONTRACTS["The pure core"]["forbidden_modules"])
