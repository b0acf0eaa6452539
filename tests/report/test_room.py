"""Where there is little room, or much to say: nothing is cut off unseen, and nothing makes a page wider."""

import re

from summaries import BUSY, summary

from upswell.render import email, slack, terminal

STILL = "2026-01-05 cus_1 new +10000"
CODES = ("eur gbp chf sek nok dkk pln czk huf brl inr aud", "cad nzd zar mxn sgd hkd thb ils try aed sar php")
MANY = [
    f"2026-01-05 {code} new +1000000000 currency={code}\n2026-11-10 {code} seat +250000000 currency={code}\n"
    for codes in CODES
    for code in codes.split()
]


def test_a_quiet_terminal_cuts_no_label():
    """With nothing to draw beside the steps, their names stand whole."""
    lines = terminal.text(summary(STILL)).splitlines()
    assert [line.split()[0] for line in lines if line.endswith("$0.00")] == ["Expansion", "Contraction", "Churn"]


def currencies(many):
    """Return the lines of the busy week's Slack message that are of so many other currencies, and all their text."""
    blocks = slack.message(summary(BUSY + "".join(MANY[:many])))["blocks"]
    texts = [block["text"]["text"] for block in blocks if "text" in block]
    (text,) = [text for text in texts if text.startswith("*Other currencies*")]
    return text.splitlines()[1:], text


def test_slack_says_how_many_lines_found_no_room():
    """A list that is too long for one section ends with how many more there are, and every other line is whole."""
    (*shown, last), text = currencies(24)
    assert all("MRR went from" in line for line in shown)
    assert last == f"•  and {24 - len(shown)} more"
    assert len(text) <= 3_000


def test_in_slack_a_list_that_fits_is_whole():
    """Nothing is said to be missing where nothing is."""
    shown, _ = currencies(6)
    assert len(shown) == 6
    assert all("MRR went from" in line for line in shown)


def test_a_name_without_a_gap_breaks_in_the_mail():
    """Whatever stands in the card may break anywhere, so that an address as a name makes it no wider than it is."""
    (card,) = re.findall(r'<td class="inner text" style="([^"]*)"', email.letter(summary(BUSY)).html)
    assert {"word-break: break-word", "overflow-wrap: anywhere"} <= set(card.split(";"))


def test_a_quiet_mail_keeps_no_room_for_bars():
    """Without pictures and steps the amounts stand at the right, as in the tables below."""
    assert 'class="bars"' not in email.letter(summary(STILL)).html
    assert 'class="bars"' in email.letter(summary(BUSY)).html
