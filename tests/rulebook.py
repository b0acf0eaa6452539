"""The rule book, docs/rules.md, cut into the sentences that tests hold, and its tables of cases that tests read.

Headings and quoted lines (``>``) explain; every other line is a rule. The lines of a paragraph or of a list item are
joined and cut after each full stop. A table row is a sentence too: its first cell, a colon, and its other cells with
semicolons between them. Backticks, asterisks, the targets of links, white space, a sentence's first letter being a
capital and its ending in a colon make no difference.

A table below a sentence that ends in a colon holds cases: its rows are no sentences, since the test that has the
sentence takes them from the page, by ``cases``.
"""

import re
from collections.abc import Iterator
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
_END = re.compile(r'(?<=[.!?])\s+(?=[A-Z0-9`*"(])')
_ITEM = re.compile(r"(?:-|\d+\.) ")


def cut(text: str) -> list[str]:
    """Return the sentences of a text, plain."""
    parts = [_plain(part) for part in _END.split(text.strip())]
    return [part[:1].upper() + re.sub(r":$", ".", part[1:]) for part in parts]


def sentences(text: str = TEXT) -> list[str]:
    """Return every sentence of a rule book: of its paragraphs, its lists and its tables but those of cases."""
    found = []
    for above, block in _pairs(text):
        if not block.startswith("|"):
            found += cut(block)
        elif not above.endswith(":"):
            found += [sentence for row in _rows(block) for sentence in cut(f"{row[0]}: {'; '.join(row[1:])}.")]
    return found


def introductions(text: str = TEXT) -> list[str]:
    """Return the sentences that stand above tables of cases."""
    return [cut(above)[-1] for above, block in _pairs(text) if block.startswith("|") and above.endswith(":")]


def cases(introduction: str, text: str = TEXT) -> list[tuple[str, ...]]:
    """Return the rows of the table of cases below ``introduction``, cell by cell, plain."""
    found = [block for above, block in _pairs(text) if block.startswith("|") and introduction in cut(above)]
    return [tuple(_plain(cell) for cell in row) for row in _rows(found[0])]


def _plain(text: str) -> str:
    """Return a text without its markup."""
    return " ".join(re.sub(r"[`*]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)).split())


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each paragraph, list item (each as one line) and table with the one above it."""
    above = ""
    for part in re.split(r"\n\s*\n", text):
        lines = [line for line in part.splitlines() if line.strip() and not line.startswith((">", "#"))]
        blocks = ["\n".join(lines)] if lines and lines[0].startswith("|") else _joined(lines)
        for block in blocks:
            yield above, block
            above = block


def _joined(lines: list[str]) -> list[str]:
    """Join the lines of a paragraph, or of each list item."""
    blocks: list[str] = []
    for line in lines:
        if (item := _ITEM.match(line)) or not blocks:
            blocks.append(line[item.end() :] if item else line)
        else:
            blocks[-1] += f" {line.strip()}"
    return blocks


def _rows(table: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
