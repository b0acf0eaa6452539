"""What is drawn for a terminal, as plain text."""

import io
from collections.abc import Callable

from rich.console import Console


def plain(draw: Callable[[Console], None], width: int) -> str:
    """Return what ``draw`` prints on a console of ``width`` columns, without colour and without spaces at the end."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        draw(console)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
