"""Pictures of the summary: what they show, drawn by a process that ends, or left out without a word."""

import json
import logging
import subprocess
import sys
import zlib
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from charted import PNG, charted, size
from summaries import BUSY, QUIET

from upswell.render import charts, pictures
from upswell.render.charts import draw, packed
from upswell.render.drawings import drawings
from upswell.render.pictures import WIDTH

HUGE = """
2026-01-05 cus_1 new +70000000000000
2026-11-10 cus_1 upgrade +1234567890123
2026-11-11 cus_1 seat +1
2026-11-12 cus_1 downgrade -200000000000
"""
TINY = "2026-01-05 cus_1 new +1\n2026-11-10 cus_1 seat +1"
NEGATIVE = "2026-01-05 cus_1 new +10000\n2026-11-10 cus_1 downgrade -2500\n2026-11-11 cus_1 churn -7500"
FIRST = "2026-11-10 cus_1 new +10000"
YEN = "2026-01-05 c new +1000 currency=jpy\n2026-10-05 c seat +10 currency=jpy\n2026-11-10 c seat +5 currency=jpy"
DINAR = YEN.replace("jpy", "kwd")
CASES = {
    "busy": (charted(BUSY), ["bridge", "causes", "retention"]),
    "quiet": (charted(QUIET), ["bridge", "retention"]),
    "huge": (charted(HUGE), ["bridge", "causes", "retention"]),
    "tiny": (charted(TINY), ["bridge", "causes", "retention"]),
    "negative": (charted(NEGATIVE), ["bridge", "retention"]),
    "first": (charted(FIRST), ["bridge"]),
    "yen": (charted(YEN, currency="jpy"), ["bridge", "causes", "retention"]),
    "dinar": (charted(DINAR, currency="kwd"), ["bridge", "causes", "retention"]),
    "empty": (charted(), []),
}
BUSY_WEEK = CASES["busy"][0]


@pytest.fixture
def drawing():
    """Draw."""
    return True


def texts(svg):
    """Return every text that an SVG shows."""
    return [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  # our own


@pytest.mark.parametrize(("told", "names"), CASES.values(), ids=CASES)
def test_each_kind_of_week_has_its_pictures(told, names):
    """Tiny, huge, negative and first weeks are drawn, and where there is nothing to show there is no picture."""
    drawn = pictures.pictures(told)
    assert [each.name for each in drawn] == names
    for each in drawn:
        assert size(each.image)[0] == 2 * WIDTH
        assert len(each.image) < 70_000


@pytest.mark.parametrize("told", [told for told, _ in CASES.values()], ids=CASES)
def test_every_picture_is_as_wide_as_the_mail(told):
    """The chart and the room for what is written beside it fill the width, at any size of amount."""
    for plan in drawings(told):
        chart = draw(plan.name, plan.shown, WIDTH).to_dict()
        assert chart["width"] > 150
        assert chart["padding"]["left"] + chart["width"] + chart["padding"]["right"] == WIDTH


def test_the_bridge_goes_from_opening_to_closing_by_every_kind():
    """Each kind with a movement is a step that begins where the one before ended; the amounts are written in full."""
    rows = drawings(BUSY_WEEK)[0].shown["rows"]
    assert [(row["label"], row["text"]) for row in rows] == [
        ("Opening", "$9,791.89"),
        ("New", "+$99.00"),
        ("Upgrades", "+$490.00"),
        ("Add-ons", "+$99.00"),
        ("Seats", "+$360.00"),
        ("Overage", "+$208.34"),
        ("Discounts", "−$20.00"),
        ("Downgrades", "−$30.00"),
        ("Churn", "−$440.69"),
        ("Closing", "$10,557.54"),
    ]
    levels = [row["to"] for row in rows]
    assert [row["from"] for row in rows[1:-1]] == levels[:-2]
    assert levels[-1] == levels[-2]


def test_every_number_in_a_picture_is_in_its_alt_text_or_beside_it():
    """Who cannot see the picture reads the same amounts; the SVG shows them in the words of every other face."""
    (bridge,) = pictures.pictures(BUSY_WEEK, "svg", names=["bridge"])
    assert (bridge.name, bridge.form, bridge.title) == ("bridge", "svg", "Monthly recurring revenue")
    shown = texts(bridge.image)
    for word in ("Opening", "$9,791.89", "Seats", "+$360.00", "−$440.69", "Nov 9 – 15, 2026"):
        assert word in shown
        assert word.casefold() in bridge.alt.casefold()


def test_a_picture_loads_nothing_and_knows_no_clock():
    """The same summary gives the same bytes, and an SVG refers to nothing outside."""
    first, again = pictures.pictures(BUSY_WEEK, "svg"), pictures.pictures(BUSY_WEEK, "svg")
    assert first == again
    for each in first:
        assert b"href" not in each.image
        assert each.image.count(b"http") == each.image.count(b'="http://www.w3.org/')


def test_the_process_that_serves_never_imports_what_draws():
    """What draws takes some 100 MB: it is imported by the child alone."""
    program = (
        "import sys, json\n"
        "from charted import charted\n"
        "from summaries import BUSY\n"
        "from upswell.render import pictures as drawing\n"
        "from upswell.render.pictures import pictures\n"
        "drawing.SECONDS = 600\n"
        "drawn = pictures(charted(BUSY), names=['bridge'])\n"
        "print(json.dumps([len(drawn), 'altair' in sys.modules, 'vl_convert' in sys.modules]))\n"
    )
    path = {"PYTHONPATH": ":".join(place for place in sys.path if place)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=path)
    assert json.loads(done.stdout) == [1, False, False]


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_without_the_extra_there_is_no_picture_and_no_word(package, monkeypatch, caplog):
    """A message goes out without pictures where what draws them is not installed, and nobody is told."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setitem(sys.modules, package, None)
    assert pictures.pictures(BUSY_WEEK) == ()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no room')", "exit 1, no room"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit -9"),
        ("print('[]')", "ValueError"),
        ("print('sausage')", "JSONDecodeError"),
        ("import time; time.sleep(600)", "it took longer than 0.3 seconds"),
    ],
)
def test_a_drawing_that_fails_is_no_picture_and_one_line(program, said, monkeypatch, caplog):
    """Whatever becomes of the child, within 30 seconds there is an answer, and the log says what happened."""
    monkeypatch.setattr(pictures, "_CHILD", ("-c", program))
    if "sleep" in program:
        monkeypatch.setattr(pictures, "SECONDS", 0.3)
    assert pictures.pictures(BUSY_WEEK) == ()
    (record,) = caplog.records
    assert said in record.getMessage()
    assert record.getMessage().startswith("The charts could not be drawn, what they belong to goes out without: ")


def test_a_child_is_given_no_secret(monkeypatch):
    """Keys and tokens in the environment stay with the process that needs them."""
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_hush_hush")
    monkeypatch.setenv("ANY_NAME_AT_ALL", "xoxb-hush-hush")
    assert "hush" not in json.dumps(pictures._bare())


def test_compressing_a_png_changes_no_pixel():
    """A packed PNG holds the same header and the same pixels."""
    (bridge,) = pictures.pictures(BUSY_WEEK, names=["bridge"])
    again = packed(bridge.image)
    assert again == bridge.image
    start = again.index(b"IDAT")
    length = int.from_bytes(again[start - 4 : start], "big")
    width, height = size(again)
    assert len(zlib.decompress(again[start + 4 : start + 4 + length])) == height * (4 * width + 1)
    assert again.startswith(PNG)
    assert again.endswith(b"IEND\xaeB`\x82")


def test_causes_keep_their_colours_from_week_to_week():
    """A cause has one shade, whichever others there were."""
    (causes,) = (one for one in drawings(CASES["tiny"][0]) if one.name == "causes")
    assert causes.shown["causes"] == [("Seats", 2)]


def lightness(colour):
    """Return the lightness (CIE L*, 0 black to 100 white) of a colour written ``#rrggbb``."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.0089 else 903.3 * luminance


def test_colours_are_told_apart_in_grey():
    """Causes, and growth, level and loss, are steps of lightness, wide enough for print and for any eye."""
    for colours in (charts._CAUSES, [fill for fill, _ in (charts._BARS[bar] for bar in ("grew", "level", "shrank"))]):
        steps = [lightness(colour) for colour in colours]
        assert all(later - earlier > 15 for earlier, later in pairwise(steps))
