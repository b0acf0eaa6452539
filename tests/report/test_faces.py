"""The faces of the summary: terminal, Slack and email say the same."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from booked import at
from rich.console import Console
from summaries import BUSY, NAMES, QUIET, summary

from upswell.render import email, slack, terminal
from upswell.render.page import page
from upswell.report.figures import Restated
from upswell.report.summary import Health

HUGE = "2026-01-05 cus_1 new +70000000000000\n2026-11-10 cus_1 upgrade +1234567890123"
NEGATIVE = "2026-01-05 cus_1 new +10000\n2026-11-10 cus_1 downgrade -2500"
FIRST = "2026-11-10 cus_1 new +10000"
CASES = {
    "busy": summary(BUSY, names=NAMES),
    "quiet": summary(QUIET),
    "negative": summary(NEGATIVE, health=Health(3, 1, "2026-11-16T07:58:12Z")),
    "first": summary(FIRST),
    "empty": summary(health=Health(0, 0, None)),
    "tiny": summary("2026-01-05 cus_1 new +1\n2026-11-10 cus_1 seat +1"),
    "huge": summary(HUGE),
    "running": summary(BUSY, now=at("2026-11-12")),
    "currencies": summary(BUSY + "2026-02-01 e new +10000 currency=eur\n2026-11-10 e seat +25 currency=eur"),
}
every_case = pytest.mark.parametrize("told", CASES.values(), ids=CASES)


class _Text(HTMLParser):
    """Collects what is shown, and checks that tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.shown = [], []

    def handle_starttag(self, tag, _attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.shown.append(data)


def shown(html):
    """Return the text that ``html`` shows, on one line."""
    parser = _Text()
    parser.feed(html)
    assert parser.open == []
    return " ".join(" ".join(parser.shown).split())


def slack_texts(message):
    """Return every text in the blocks, unescaped, on one line."""
    found = re.findall(r'"text": ("(?:[^"\\]|\\.)*")', json.dumps(message["blocks"]))
    text = " ".join(json.loads(part) for part in found)
    return " ".join(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split())


@every_case
def test_every_face_says_the_core_figures_alike(told):
    """Headline, lead, each step, cause and customer stand in the same words everywhere."""
    said = page(told)
    faces = [
        " ".join(terminal.text(told, 200).split()),
        slack_texts(slack.message(told)),
        shown(email.letter(told).html),
        " ".join(email.letter(told).text.split()),
    ]
    for face in faces:
        assert said.headline in face
        assert said.lead in face
        assert said.period in face
        assert said.health in face
    for face in faces if not said.quiet else faces[:1] + faces[2:]:
        for line in (*said.steps, *said.causes, *said.customers):
            assert " ".join(line.text.split()) in face


@every_case
def test_the_terminal_stays_within_eighty_columns(told):
    """The plain text fits 80 columns and holds no escape sequence and no trailing blank."""
    text = terminal.text(told)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


@every_case
def test_slack_takes_the_message(told):
    """At most 50 blocks, 3,000 characters a text, 150 in the header, 12,000 in all; a text for notifications."""
    message = slack.message(told)
    assert 1 <= len(message["blocks"]) <= 50
    assert message["blocks"][0]["type"] == "header"
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert len(json.dumps(message["blocks"])) < 12_000
    assert page(told).headline in message["text"]


def test_names_from_right_to_left_turn_no_line_of_slack_around():
    """A line with such a name begins with a mark for left to right, so that its amount stays in front."""
    arabic = {"cus_1": "شركة الأمل", "cus_2": "Quill"}
    texts = [block["text"]["text"] for block in slack.message(summary(BUSY, names=arabic))["blocks"] if "text" in block]
    lines = [line for text in texts for line in text.splitlines()]
    assert "\u200e*+$730.00*  \u2068شركة الأمل\u2069" in lines
    assert "*+$120.00*  Quill" in lines


@every_case
def test_the_mail_is_small_and_needs_nothing_from_elsewhere(told):
    """The HTML is under 100 kB, loads nothing, has its styles inline, and keeps those for dark screens."""
    html = email.letter(told).html
    assert len(html.encode()) < 100_000
    assert not re.search(r"(src|href)=|url\(|@import", html)
    assert "prefers-color-scheme: dark" in html
    assert 'style="' in html


def test_the_busy_week_reads_like_this():
    """The first lines of the terminal's text, word for word."""
    assert terminal.text(CASES["busy"]).startswith(
        """\
Expansion in week 46  ·  Nov 9 – 15, 2026

Existing customers now pay $686.65 a month more
+$1,157.34 expansion from 3 customers (11.8% of opening MRR), −$30.00
contraction, −$440.69 churn. MRR went from $9,791.89 to $10,557.54.

Monthly recurring revenue
  Opening       $9,791.89
  New             +$99.00  █▏
  Expansion    +$1,157.34  ██████████████
  Contraction     −$30.00  ▎
  Churn          −$440.69  █████▎
  Discounts       −$20.00  ▏
  Closing      $10,557.54

Why it grew
             week 46   week 45  share
  Upgrades  +$490.00     $0.00  42.3%  ██████████████
  Seats     +$360.00  +$351.20  31.1%  ██████████▎
  Overage   +$208.34     $0.00  18.0%  █████▉
  Add-ons    +$99.00     $0.00   8.6%  ██▊
  5 movements of 3 customers: +$1,037.34 organic, +$120.00 with sales
"""
    )


def test_every_face_says_what_came_with_sales_and_what_was_last_week():
    """Expansion by cause stands beside last week's on every face, and what was organic apart from sales."""
    told = CASES["busy"]
    for face in (terminal.text(told, 200), slack_texts(slack.message(told)), shown(email.letter(told).html)):
        assert re.search(r"Seats +\+\$360\.00 +(week 45 )?\+\$351\.20", face)
        assert "+$1,037.34 organic, +$120.00 with sales" in face
    assert "Seats: +$360.00 (31.1%; week 45 +$351.20, 4-week mean +$87.80)" in email.letter(told).text
    assert "+$1,037.34 organic, +$120.00 with sales" in email.letter(told).text


def test_a_cause_of_last_week_only_is_told_with_nothing():
    """What grew last week and did not in this one stands below with 0; a week without expansion has no causes."""
    text = "2026-01-05 cus_1 new +100\n2026-11-04 cus_1 seat +50\n2026-11-10 cus_1 upgrade +50"
    rows = [(cause.label, cause.text, cause.last, cause.mean) for cause in page(summary(text)).causes]
    assert rows == [("Upgrades", "+$0.50", "$0.00", "$0.00"), ("Seats", "$0.00", "+$0.50", "+$0.12")]
    assert page(summary(text, period="2026-W47")).causes == ()


def test_a_summary_kept_without_causes_is_shown_without_last_weeks():
    """What was kept before there were causes is shown as it was."""
    told = CASES["busy"]
    old = replace(told, figures=replace(told.figures, causes={}))
    for face in (terminal.text(old), slack_texts(slack.message(old)), email.letter(old).text):
        assert re.search(r"Upgrades:? +\+\$490\.00", face)
    assert "Upgrades: +$490.00 (42.3%)" in email.letter(old).text
    assert "week 45" not in terminal.text(old).split("Why it grew")[1].split("Week by week")[0]


@pytest.mark.parametrize(
    ("case", "headline", "lead"),
    [
        ("quiet", "A quiet week: no existing customer grew, shrank or left", "MRR went from $5,000.00 to $5,099.00."),
        (
            "negative",
            "Existing customers now pay $25.00 a month less",
            "No expansion, −$25.00 contraction. MRR went from $100.00 to $75.00.",
        ),
        ("first", "The first week: $100.00 a month from new customers", "MRR reached $100.00."),
        ("empty", "There is no recurring revenue", "MRR stands at $0.00."),
        (
            "tiny",
            "Existing customers now pay $0.01 a month more",
            "+$0.01 expansion from 1 customer (100.0% of opening MRR), nothing lost. MRR went from $0.01 to $0.02.",
        ),
    ],
)
def test_headlines_fit_the_week(case, headline, lead):
    """Quiet, bad, first, empty and tiny weeks each have a sentence of their own."""
    said = page(CASES[case])
    assert (said.headline, said.lead) == (headline, lead)


def test_growth_that_losses_cancel_is_said():
    """Where expansion and losses are equal, the headline says that they cancel out."""
    told = summary("2026-01-05 cus_1 new +100\n2026-11-10 cus_1 seat +50\n2026-11-11 cus_1 downgrade -50")
    assert "cancel out" in page(told).headline


def test_a_quiet_week_is_a_short_slack_message():
    """Nobody reads a table of zeros: headline, period, where MRR stands, the ledger's health."""
    assert [block["type"] for block in slack.message(CASES["quiet"])["blocks"]] == [
        *("header", "context", "section", "context"),
    ]


def test_a_running_week_says_so_far():
    """The summary of the week that runs is marked on every face."""
    told = CASES["running"]
    for face in (terminal.text(told), email.letter(told).html, json.dumps(slack.message(told))):
        assert "so far" in face


def test_health_is_told_with_its_remedy():
    """Pending and failed events are counted where the figures are, with the command that helps."""
    counted = "Events not in these figures yet: 3 pending and 1 failed"
    assert page(CASES["negative"]).health == f"{counted}; run `upswell retry`; last event Mon, Nov 16, 08:58."
    assert page(CASES["empty"]).health == "No event has been received yet."


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        (None, "All events are in; last event Mon, Nov 16, 08:58."),
        (0, "All events are in; last event Mon, Nov 16, 08:58; all subscriptions are as at Stripe."),
        (1, "last event Mon, Nov 16, 08:58; 1 subscription is not as at Stripe: see `upswell reconcile`."),
        (1204, "last event Mon, Nov 16, 08:58; 1,204 subscriptions are not as at Stripe: see `upswell reconcile`."),
    ],
)
def test_health_says_how_ledger_and_stripe_compare(differences, words):
    """The line says whether subscriptions differ from Stripe's; nothing, before anybody compared them."""
    told = page(summary(health=Health(0, 0, "2026-11-16T07:58:12Z", differences))).health
    assert told.endswith(words)


def test_corrections_and_what_is_ahead_are_told():
    """Restated weeks and booked ends stand on every face with amounts, dates and reasons."""
    again = Restated("2026-W44", "seat", 12000, 15000, "arrived since: 10 → 12 seats")
    told = CASES["busy"]
    told = replace(told, figures=replace(told.figures, restated=(again,) * 7))
    for face in (terminal.text(told, 200), slack_texts(slack.message(told)), email.letter(told).text):
        assert "2026-W44 seat: +$120.00 is now +$150.00 (arrived since: 10 → 12 seats)" in face
        assert "and 2 more" in face
        assert "Dec 3, cus_4: +$20.00 discount (LAUNCH20 ends)" in face


def test_remarks_on_the_delivery_come_first():
    """That a post is late or may be a repeat stands above the figures."""
    blocks = slack.message(CASES["busy"], ["Posted late."])["blocks"]
    assert "Posted late." in blocks[3]["text"]["text"]
    assert "Note: Posted late." in email.letter(CASES["busy"], ["Posted late."]).text.splitlines()[4]
    assert "Posted late." in email.letter(CASES["quiet"], ["Posted late."]).html


HOSTILE = '<b onclick="x">&amp;</b> <!channel> *bold* `code` @here \x1b[31mred\nline ' + "&" * 400


def hostile():
    """Return a busy week in which every name and reason is hostile and long."""
    text = "\n".join(f"2026-11-10 cus_{n} seat +{n}00" for n in range(1, 9))
    told = summary(text, names={f"cus_{n}": HOSTILE for n in range(1, 9)})
    figures = told.figures
    top = tuple(replace(customer, reason=HOSTILE) for customer in figures.top_customers)
    again = tuple(Restated("2026-W44", "seat", 1, 2, HOSTILE) for _ in range(9))
    return replace(told, notes=(HOSTILE,) * 2, figures=replace(figures, top_customers=top, restated=again))


def test_hostile_names_stay_text_in_slack():
    """Names can neither mention, link nor format by markup, and the message stays within Slack's limits."""
    message = slack.message(hostile())
    sent = json.dumps(message)
    assert "<" not in sent
    assert len(json.dumps(message["blocks"])) < 12_000
    texts = [block["text"]["text"] for block in message["blocks"] if "text" in block]
    assert max(map(len, texts)) <= 3_000
    assert all(
        block["text"]["verbatim"] for block in message["blocks"] if block["type"] == "section" and "text" in block
    )
    assert message["blocks"][-1]["elements"][0]["text"].startswith("All events are in")


def test_what_does_not_fit_is_left_out_of_slack_from_the_end():
    """However much there is to note, the headline and the ledger's health stand, and Slack takes the message."""
    blocks = slack.message(replace(CASES["busy"], notes=(HOSTILE,) * 30))["blocks"]
    assert len(json.dumps(blocks)) < 12_000
    assert blocks[0]["text"]["text"] == "Existing customers now pay $686.65 a month more"
    assert blocks[-1]["elements"][0]["text"].startswith("All events are in")


def test_hostile_names_stay_text_in_mail_and_terminal():
    """Names are escaped in HTML, and control characters do not reach a terminal."""
    letter = email.letter(hostile())
    assert "<b onclick" not in letter.html
    assert '<b onclick="x">&amp;</b> <!channel>' in shown(letter.html)
    for text in (letter.subject, letter.text, terminal.text(hostile())):
        assert "\x1b" not in text
    assert "\n" not in letter.subject


def test_colour_is_for_terminals_that_want_it(monkeypatch):
    """A terminal gets colour; with NO_COLOR, or into a pipe, there is none."""

    def printed(**console):
        out = io.StringIO()
        terminal.show(CASES["busy"], Console(file=out, width=80, **console))
        return out.getvalue()

    assert "\x1b[1;32m" in printed(force_terminal=True, color_system="standard")
    assert "\x1b" not in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", printed(force_terminal=True))
