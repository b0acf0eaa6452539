"""Tables for people: drawn on a terminal, and plain, one row a line, where the output is piped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Grid:
    """The headings of a table; ``numbers`` are those of columns that are set to the right, the last column wraps."""

    headings: tuple[str, ...]
    numbers: tuple[str, ...] = ()

    def write(self, rows: Sequence[tuple[str, ...]], out: IO[str], styles: Sequence[str] | None = None) -> None:
        """Write ``rows``; ``styles`` are rich's, one a row, where ``out`` is a terminal."""
        if out.isatty():
            self._draw(rows, styles or [""] * len(rows), out)
        elif rows:
            self._align(rows, out)

    def _align(self, rows: Sequence[tuple[str, ...]], out: IO[str]) -> None:
        widths = [max(map(len, column)) for column in zip(self.headings, *rows, strict=True)]
        for cells in (self.headings, *rows):
            padded = (
                cell.rjust(width) if heading in self.numbers else cell.ljust(width)
                for heading, cell, width in zip(self.headings, cells, widths, strict=True)
            )
            out.write("  ".join(padded).rstrip() + "\n")

    def _draw(self, rows: Sequence[tuple[str, ...]], styles: Sequence[str], out: IO[str]) -> None:
        from rich.console import Console  # a tenth of a second, only on a terminal
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False, header_style="bold")
        last = self.headings[-1]
        for heading in self.headings:
            justify = "right" if heading in self.numbers else "left"
            drawn.add_column(heading, justify=justify, no_wrap=heading != last)  # type: ignore[arg-type]  # a literal
        for cells, style in zip(rows, styles, strict=True):
            drawn.add_row(*(Text(cell) for cell in cells), style=style)
        Console(file=out).print(drawn)
