"""upswell summary --open: what would be sent, as a file, in a browser where there is one."""

import base64
import json
import re
import stat
import webbrowser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from upswell.posting import preview

BUILDER = "Paste it into https://app.slack.com/block-kit-builder to see it as Slack shows it\n"


@pytest.fixture
def drawing():
    """Draw."""
    return True


@pytest.fixture
def opened(monkeypatch):
    """Give the addresses that a browser would have opened, on a machine with a screen."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    return addresses


@pytest.fixture
def headless(monkeypatch):
    """Take the screen away, and let nothing be opened."""
    monkeypatch.setattr(preview.sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail(f"{address} was opened"))
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("ledger")
def test_the_mail_is_a_page_that_stands_alone(upswell, opened):
    """The HTML is written beside, its path printed, and opened; its pictures are in it, and nothing is loaded."""
    ended = upswell("summary", "--week", "2026-W02", "--format", "html", "--open")
    path = Path("upswell-2026-W02.html").absolute()
    assert ended == (0, f"{path}\n", "")
    assert opened == [path.as_uri()]
    page = path.read_text()
    sources = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', page)
    assert len(sources) == len(re.findall(r"(?:src|href)=|url\(|@import", page)) == 2
    for source in sources:
        assert ET.fromstring(base64.b64decode(source)).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  # our own
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("ledger")
def test_slacks_json_is_what_its_builder_takes(upswell, opened):
    """The file is the message alone, an object with ``blocks`` and ``text``: it is pasted unchanged."""
    ended = upswell("summary", "--week", "2026-W02", "--format", "slack", "--open")
    path = Path("upswell-2026-W02.slack.json").absolute()
    assert ended == (0, f"{path}\n", BUILDER)
    told = json.loads(path.read_text())
    assert set(told) == {"text", "blocks"}
    assert told == json.loads(upswell("summary", "--week", "2026-W02", "--format", "slack").out)
    assert {block["type"] for block in told["blocks"]} <= {"header", "section", "context"}
    assert opened == [path.as_uri()]


@pytest.mark.usefixtures("ledger", "headless")
def test_without_a_browser_the_path_is_enough(upswell):
    """On a server nothing is opened, a text browser neither: the file is there, and that is said."""
    ended = upswell("summary", "--week", "2026-W02", "--format", "slack", "--open")
    assert ended.code == 0
    assert ended.err == BUILDER + "No browser was found to open it in\n"
    assert Path(ended.out.strip()).is_file()


@pytest.mark.usefixtures("ledger", "opened")
def test_an_earlier_file_is_replaced_whole(upswell):
    """Asked again, the file is the new one, and nothing is left beside it."""
    for name in ("upswell-2026-W02.slack.json", ".upswell-2026-W02.slack.json.part"):
        Path(name).write_text("old" * 100_000)
    upswell("summary", "--week", "2026-W02", "--format", "slack", "--open")
    assert json.loads(Path("upswell-2026-W02.slack.json").read_text())["blocks"]
    assert not Path(".upswell-2026-W02.slack.json.part").exists()


@pytest.mark.usefixtures("ledger", "headless")
def test_a_file_that_cannot_be_written_is_one_sentence(upswell):
    """Where a directory is in the way the path is named, and what to do."""
    Path("upswell-2026-W02.slack.json").mkdir()
    ended = upswell("summary", "--week", "2026-W02", "--format", "slack", "--open")
    assert (ended.code, ended.out) == (1, "")
    assert "upswell-2026-W02.slack.json cannot be written (Is a directory): run this in" in ended.err


@pytest.mark.parametrize("more", [(), ("--format", "json"), ("--format", "html", "--post")])
def test_what_is_not_sent_cannot_be_opened(upswell, more):
    """--open is about what would be sent: with text, JSON or --post it is a wrong usage."""
    ended = upswell("summary", "--open", *more)
    assert ended.code == 2
    assert "--open shows what would be sent" in ended.err
