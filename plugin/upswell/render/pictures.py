"""The summary's pictures. They are drawn by a child process that ends, so that what draws them stays out of this one.

Without the packages that draw (``pip install "upswell[charts]"``) there are no pictures, and nobody is told.
"""

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from upswell.render.drawings import Drawing, drawings
from upswell.report.summary import Summary

Form = Literal["png", "svg"]
SECONDS = 30
WIDTH = 536
"""How wide a picture is shown, in CSS pixels; a PNG has twice as many."""

_log = logging.getLogger("upswell.pictures")
_DRAWS = ("altair", "vl_convert")
_CHILD = ("-P", "-m", "upswell.render.charts")
_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: ``name`` is short and unique among them, ``alt`` says what it shows, ``image`` is the file."""

    name: str
    title: str
    alt: str
    form: Form
    image: bytes


def pictures(summary: Summary, form: Form = "png", names: Sequence[str] = ()) -> tuple[Picture, ...]:
    """Draw what there is to show of ``summary``, or what of ``names`` there is.

    Returns nothing where the packages are missing, and where drawing fails or takes longer than SECONDS: the log says
    so in one line, and whatever was to have pictures goes out without.
    """
    wanted = [one for one in drawings(summary) if not names or one.name in names]
    if not wanted or not all(find_spec(package) for package in _DRAWS):
        return ()
    try:
        return _drawn(wanted, form)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        _log.warning("The charts could not be drawn, what they belong to goes out without: %s", _cause(error))
        return ()


def _drawn(wanted: Sequence[Drawing], form: Form) -> tuple[Picture, ...]:
    asked = json.dumps({"form": form, "width": WIDTH, "charts": [[one.name, one.shown] for one in wanted]})
    done = subprocess.run(  # noqa: S603 - this very program, in a new process
        [sys.executable, *_CHILD], input=asked.encode(), capture_output=True, check=True, timeout=SECONDS, env=_bare()
    )
    images = [base64.b64decode(image, validate=True) for image in json.loads(done.stdout)]
    return tuple(Picture(one.name, one.title, one.alt, form, image) for one, image in zip(wanted, images, strict=True))


def _bare() -> dict[str, str]:
    """Return an environment without secrets, in which the child finds what this process would."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}


def _cause(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {SECONDS} seconds"
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr.decode(errors="replace").strip().splitlines()
        return f"exit {error.returncode}" + (f", {said[-1][:300]}" if said else "")
    return f"{type(error).__name__}: {error}"
