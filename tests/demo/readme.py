"""The Slack message and the picture in the README, made from the demo's ledger.

``python -m demo.readme LEDGER`` in the folder of the tests, with a ledger of ``upswell demo --today 2026-11-18``,
writes both anew.
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from upswell.configuration.config import load
from upswell.posting.reports import period_summary
from upswell.render import slack, terminal
from upswell.store.ledger import Ledger

ROOT = Path(__file__).parents[2]
WEEK = "2026-W46"
NOW = 1_794_960_000
"""The beginning of the demo's 2026-11-18, UTC."""
_BLOCK = re.compile(r"(<!-- slack -->\n```\n).*?(```\n)", re.DOTALL)
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def summary(ledger):
    """Return the summary of the README's week, from the demo's ledger at this path."""
    with Ledger(ledger) as opened:
        return period_summary(opened, load(None, {}), WEEK, NOW)


def message(told):
    """Return the Slack message as people read it, one block after the other, without its line on health."""
    return "\n".join(line for block in slack.message(told)["blocks"][:-1] for line in _lines(block))


def _lines(block):
    texts = [block["text"]] if "text" in block else [*block.get("elements", ()), *block.get("fields", ())]
    plain = [re.sub(r"\*(.+?)\*", r"\1", text["text"].replace("```", "")) for text in texts]
    if "fields" in block:
        plain = [text.replace("\n", "  ·  ") for text in plain]
    return [*(line for text in plain for line in text.splitlines() if line), ""]


def picture(told):
    """Return the summary on a terminal, as SVG."""
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True)
    terminal.show(told, console)
    return _FONTS.sub("", console.export_svg(title="upswell summary --week " + WEEK))


def written(readme, told):
    """Return the README's text with the message in its place."""
    return _BLOCK.sub(lambda found: f"{found[1]}{message(told).rstrip()}\n{found[2]}", readme)


if __name__ == "__main__":
    made = summary(Path(sys.argv[1]))
    readme = ROOT / "README.md"
    readme.write_text(written(readme.read_text(), made))
    (ROOT / "docs/images/summary.svg").write_text(picture(made))
