"""Writing down what a benchmark measured: its own section of RESULTS.md, with machine, versions and date."""

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = "# Results\n\nEach section is written by the script that it names, as it is run; nothing is copied by hand.\n"


def section(script: str, text: str, *, packages: Sequence[str] = ()) -> str:
    """Put ``text`` (Markdown) in the place of the section of ``script`` in RESULTS.md, and return the section.

    It says on which machine, with which Python, SQLite and ``packages``, and when that was measured.
    """
    name = f"## {script}"
    body = f"{name}\n\n{_circumstances(packages)}\n\n{text.strip()}\n"
    held = RESULTS.read_text() if RESULTS.exists() else _HEAD
    parts = [part for part in re.split(r"^(?=## )", held, flags=re.MULTILINE) if not part.startswith(f"{name}\n")]
    head, *others = parts
    RESULTS.write_text("\n".join([head.rstrip() + "\n", *sorted([*(other.rstrip() + "\n" for other in others), body])]))
    return body


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, figures to the right."""
    lines = [head, ["---:" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _circumstances(packages: Sequence[str]) -> str:
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    versions += [f"{name} {version(name)}" for name in packages]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine}; {', '.join(versions)}."


def _processor() -> str:
    if sys.platform == "linux":
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.machine()
