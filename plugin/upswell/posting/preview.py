"""What would be sent, as a file to look at: the mail's HTML, or Slack's JSON for its Block Kit Builder."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from upswell.errors import UpswellError

NAMES: Mapping[str, str] = {"html": "upswell-{period}.html", "slack": "upswell-{period}.slack.json"}
"""The file of each format that can be looked at."""

_SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def write(text: str, form: str, period: str) -> Path:
    """Write ``text``, the summary of ``period`` in a format of NAMES, into the working directory; say where.

    The file is its owner's alone, since it names customers, and takes the place of an earlier one. Raises UpswellError.
    """
    path = Path(NAMES[form].format(period=period)).absolute()
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError as error:
        raise UpswellError(
            f"{path} cannot be written ({error.strerror}): run this in a directory that you may write to"
        ) from error
    return path


def show(path: Path) -> bool:
    """Open ``path`` in a browser; False where there is none, or no screen to see it on."""
    seen = sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _SCREENS)
    return seen and webbrowser.open(path.as_uri())
