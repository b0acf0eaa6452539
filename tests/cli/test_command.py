"""The command as a whole: its help, its exit codes, and how it ends when somebody stops it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from upswell import __version__
from upswell.commands.cli import upswell as group

PROGRAM = [sys.executable, "-m", "upswell"]


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_explains_itself(upswell, name: str) -> None:
    """Each command has a help text, and each of its options a line in it."""
    ended = upswell(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert group.commands[name].help
    assert all(option.help for option in group.commands[name].params if isinstance(option, click.Option))


def test_the_list_of_commands_is_not_cut_short(upswell) -> None:
    """Each command's line in the help fits."""
    assert "..." not in upswell("--help").out.replace("[ARGS]...", "")


def test_help_loads_nothing_heavy() -> None:
    """The help answers at once because it loads none of the libraries that commands need."""
    heavy = {
        "rich",
        "flask",
        "stripe",
        "sqlite_utils",
        "sqlite3",
        "msgspec",
        "babel",
        "apscheduler",
        "granian",
        "slack_sdk",
    }
    code = f"import sys, upswell.commands.cli as cli; cli.run(['--help']); sys.exit(bool({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_the_version_is_the_packages(upswell) -> None:
    """--version names the program and its version."""
    assert upswell("--version").out == f"upswell, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["movements", "--kind", "x"], ["replay"], ["movements", "--since", "2026-02-30"]]
)
def test_wrong_usage_ends_with_2(upswell, arguments: list[str]) -> None:
    """An unknown command, option or value is told on standard error."""
    ended = upswell(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: upswell" in ended.err


def test_a_date_is_told_how_to_be_written(upswell) -> None:
    """A day that no calendar has is refused by name."""
    assert "'2026-02-30' is no date: write one as 2026-11-16" in upswell("movements", "--since", "2026-02-30").err


@pytest.mark.parametrize("command", ["movements", "summary", "retry"])
def test_what_is_wrong_is_one_sentence(upswell, command: str) -> None:
    """Where there is no ledger, no reading command makes one: exit 1, one line that names the remedy."""
    ended = upswell(command)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("There is no ledger at upswell.db: `upswell serve`, `upswell backfill` or ")
    assert ended.err.count("\n") == 1
    assert not Path("upswell.db").exists()


@pytest.mark.parametrize("command", [["movements"], ["doctor"], ["serve"], ["replay", "-"]])
def test_a_named_configuration_must_exist(upswell, command: list[str]) -> None:
    """--config with a file that is not there is an error in every command that reads it."""
    ended = upswell("--config", "gone.toml", *command)
    assert (ended.code, ended.err) == (1, "There is no configuration file gone.toml: `upswell init` writes one\n")


@pytest.mark.usefixtures("ledger")
def test_a_reader_that_has_enough_is_no_error() -> None:
    """Where standard output is closed early, the command ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = subprocess.run(
            [*PROGRAM, "movements", "--format", "jsonl"], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_interrupted_it_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    """Ctrl-C while a command waits for its input ends it with 130, and says nothing."""
    with subprocess.Popen(
        [*PROGRAM, "replay", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "upswell.db").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err.strip()) == (130, b"", b"")


def test_interrupted_while_it_loads_it_shows_no_traceback() -> None:
    """Ctrl-C before the command has begun ends the same way."""
    code = "import sys, upswell.__main__ as program\nsys.modules['upswell.commands.cli'] = None\n"
    interrupt = (
        "class Late:\n    def find_spec(self, *_):\n        raise KeyboardInterrupt\nsys.meta_path.insert(0, Late())\n"
    )
    code += "del sys.modules['upswell.commands.cli']\n" + interrupt + "program.main()\n"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"")


def test_told_to_be_verbose_it_logs_its_own_work_only() -> None:
    """-v shows what Upswell logs; what libraries log could hold addresses that are secret."""
    code = (
        "import logging, sys, upswell.commands.cli as cli\n"
        "cli.run(['-v', 'movements'])\n"
        "logging.getLogger('upswell.x').debug('ours')\n"
        "logging.getLogger('urllib3').debug('theirs')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert "DEBUG upswell.x ours" in ended.stderr
    assert "theirs" not in ended.stderr
