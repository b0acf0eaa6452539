"""What the documents say exists, and what exists is in the documents."""

import re
from pathlib import Path

import click
import msgspec
import pytest
import rulebook

from upswell import __version__
from upswell.commands.cli import upswell
from upswell.configuration.options import SECTIONS
from upswell.core.kinds import DRIVERS, GROUPS, KINDS
from upswell.signals.signs import SIGNALS
from upswell.signals.terms import WEIGHTS
from upswell_connectors.client import PERMISSIONS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
SIGNS = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]


def options(command: click.Command) -> set[str]:
    """Return the long names of a command's options."""
    return {name for option in command.params for name in option.opts if name.startswith("--")}


@pytest.mark.parametrize("name", sorted(upswell.commands))
def test_every_command_has_its_heading(name: str) -> None:
    """The reference has a section on each command, which names each of its options."""
    assert f"### upswell {name}\n" in REFERENCE
    section = REFERENCE.split(f"### upswell {name}\n")[1].split("\n#")[0]
    named = options(upswell.commands[name])
    assert name == "init" or all(option in section for option in named), named


def test_every_heading_has_its_command() -> None:
    """The reference promises no command that does not exist."""
    assert set(re.findall(r"^### upswell (\S+)$", REFERENCE, flags=re.MULTILINE)) == set(upswell.commands)


def test_the_readme_names_the_commands_of_the_first_steps() -> None:
    """Whoever reads the README alone gets from the demo to the weekly summary."""
    for name in ("init", "connect", "serve", "backfill", "doctor", "replay", "summary", "movements"):
        assert f"upswell {name}" in README
    assert "make demo" in README
    assert "make test" in README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_written_as_a_command_is_one(document: Path) -> None:
    """Each `upswell NAME --option` in the documents exists."""
    for quoted in re.findall(r"`upswell ([a-z][^`]*)`", document.read_text(encoding="utf-8")):
        name, *rest = quoted.split()
        assert name in upswell.commands, quoted
        assert {word for word in rest if word.startswith("--")} <= options(upswell.commands[name]), quoted


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link names a file that is there, and a heading that is in it."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = document.parent / file if file else document
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE) if heading else []
        assert not heading or heading in {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_of_the_configuration_is_in_the_readme(name: str) -> None:
    """The README says what each section sets; its keys are in the example it links to."""
    assert f"`[{name}]`" in README


def test_keys_in_the_documents_exist() -> None:
    """What a document writes as `[section] key` is a key of the configuration."""
    for document in DOCUMENTS:
        for section, key in re.findall(r"`\[(\w+)\] (\w+)", document.read_text(encoding="utf-8")):
            assert key in {field.encode_name for field in msgspec.structs.fields(SECTIONS[section])}, (section, key)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_defined(kind: str) -> None:
    """The rules define each kind of movement and its group, and the README names it."""
    assert f"| `{kind}` | {GROUPS[kind]} |" in rulebook.TEXT
    assert f"`{kind}`" in README


def table(heading: str) -> list[str]:
    """Return the first column of the first table under a heading of the reference, as it is written."""
    section = REFERENCE.split(f"{heading}\n")[1].split("\n#")[0]
    return re.findall(r"^\| ([^|]+?) \|", section, flags=re.MULTILINE)[1:]


def test_the_permissions_are_those_that_are_needed() -> None:
    """The reference lists each permission that a restricted key needs, in the words of Stripe's dashboard.

    Accounts cannot be given to one: its refusal tells the account.
    """
    assert sorted(table("## Restricted keys")) == sorted(set(PERMISSIONS.values()) - {"Accounts"})


def test_every_driver_is_named() -> None:
    """The rules name all drivers there are, and no other."""
    (sentence,) = [found for found in rulebook.sentences() if found.startswith("Driver is one of ")]
    assert set(re.findall(r"\w+", sentence)) - {"Driver", "is", "one", "of", "and"} == set(DRIVERS)


def test_the_changelog_knows_the_version() -> None:
    """The version of the package is released there, or what it will be is under Unreleased."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = changelog.split("## [Unreleased]")[1].split("\n## ")[0]
    assert f"\n## [{__version__}]" in changelog or __version__ in unreleased


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_is_documented(name: str) -> None:
    """Each signal stands in docs/signals.md with its default points, what it is, an example, and its next step."""
    told, shown = re.findall(rf"^\| `{name}` \| (.*) \|$", SIGNS, flags=re.MULTILINE)
    assert told.split(" | ")[0] == str(WEIGHTS[name])
    assert shown.endswith(f" | {SIGNALS[name].next_step}")


def test_no_other_signal_is_documented() -> None:
    """What the document names as a signal is one."""
    assert set(re.findall(r"^\| `(\w+)` \|", SIGNS, flags=re.MULTILINE)) == set(SIGNALS)
