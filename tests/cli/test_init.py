"""upswell init: a complete configuration, by asking or from flags."""

import io
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from cli.conftest import Terminal

from upswell.configuration.config import load
from upswell.configuration.example import render
from upswell.configuration.questions import QUESTIONS


@pytest.fixture(autouse=True)
def nobody_at_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard input be an empty pipe."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def type_in(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Let standard input be a terminal where ``answers`` are typed."""
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{answer}\n" for answer in answers)))

    def prompted(words: str) -> str:
        sys.stdout.write(words)
        return sys.stdin.readline().removesuffix("\n")

    monkeypatch.setattr("click.termui.visible_prompt_func", prompted)


def test_without_a_terminal_nothing_is_asked(upswell) -> None:
    """The defaults are written, and the next steps are told."""
    ended = upswell("init")
    assert (ended.code, ended.err) == (0, "")
    assert Path("config.toml").read_text() == render()
    assert ended.out.startswith("Wrote config.toml. Next:\n1. Set the environment variables STRIPE_API_KEY, ")
    for word in ("STRIPE_WEBHOOK_SECRET", "SLACK_WEBHOOK_URL", "`upswell doctor`", "`upswell serve`"):
        assert word in ended.out


def test_the_file_is_its_owners(upswell) -> None:
    """Nobody else can read it."""
    upswell("init", "--yes")
    assert stat.S_IMODE(Path("config.toml").stat().st_mode) == 0o600


def test_every_question_has_a_flag(upswell) -> None:
    """What the flags say stands in the file."""
    given = {
        "--timezone": "Asia/Tokyo",
        "--currency": "jpy",
        "--day": "friday",
        "--time": "17:30",
        "--ledger": "data/up.db",
        "--public-url": "https://up.test",
        "--slack-channel": "#growth",
        "--email-host": "mail.test",
        "--email-security": "tls",
        "--email-username": "up",
        "--email-from": "Up <up@x.test>",
        "--email-to": "a@x.test, b@x.test",
    }
    assert set(given) == {question.flag for question in QUESTIONS}
    ended = upswell("init", *(part for pair in given.items() for part in pair))
    assert ended.code == 0
    assert "`upswell connect https://up.test`" in ended.out
    assert "SLACK_BOT_TOKEN, SMTP_PASSWORD" in ended.out
    found = load(None, {"SLACK_BOT_TOKEN": "xoxb-1"})
    assert (found.report.timezone.key, found.report.currency, found.report.day) == ("Asia/Tokyo", "jpy", "friday")
    assert (str(found.ledger.path), found.server.public_url) == ("data/up.db", "https://up.test")
    assert found.email
    assert (found.email.security, found.email.to) == ("tls", ("a@x.test", "b@x.test"))
    assert found.report.channels == ("slack", "email")


def test_an_existing_file_is_never_overwritten(upswell) -> None:
    """Whatever it holds stays; the sentence says what to do instead."""
    Path("config.toml").write_text("mine")
    assert upswell("init") == (
        1,
        "",
        "config.toml exists already: edit it, or write another with --config FILE\n",
    )
    assert Path("config.toml").read_text() == "mine"


def test_another_file_can_be_named(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """By --config, else by UPSWELL_CONFIG."""
    assert upswell("--config", "one.toml", "init").code == 0
    monkeypatch.setenv("UPSWELL_CONFIG", "two.toml")
    assert upswell("init").code == 0
    assert Path("one.toml").read_text() == Path("two.toml").read_text()


@pytest.mark.parametrize(
    ("flag", "value", "sentence"),
    [
        ("--timezone", "Europe/Berln", 'the nearest known one is "Europe/Berlin"'),
        ("--day", "mon", 'a day of the week, such as "monday"'),
        ("--time", "9", 'a time of day, such as "09:00"'),
        ("--currency", "euro", 'a currency code of three letters, such as "usd"'),
        ("--email-to", "nobody", "an email address"),
        ("--email-host", "mail.test", "add --email-from and --email-to"),
    ],
)
def test_a_flag_that_is_not_allowed_is_wrong_usage(upswell, flag: str, value: str, sentence: str) -> None:
    """The answer is checked before anything is written; exit 2."""
    ended = upswell("init", flag, value)
    assert ended.code == 2
    assert sentence in ended.err
    assert not Path("config.toml").exists()


def test_a_folder_that_is_not_there_is_named(upswell) -> None:
    """The file cannot be written, and the sentence says why."""
    ended = upswell("--config", "gone/config.toml", "init")
    assert (ended.code, ended.err) == (
        1,
        "gone/config.toml cannot be written (No such file or directory): check its folder\n",
    )


def test_it_asks_again_until_the_answer_is_allowed(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong answers are explained at once; empty ones take the default; no mail server, no questions on email."""
    type_in(monkeypatch, "Mars", "Europe/Berlin", "EUR", "", "08:00", "", "", "", "")
    ended = upswell("init")
    assert ended.code == 0
    assert '[report] timezone = "Mars" is not allowed' in ended.out + ended.err
    assert "Sender" not in ended.out
    tables = tomllib.loads(Path("config.toml").read_text())
    wanted = {"timezone": "Europe/Berlin", "day": "monday", "time": "08:00", "currency": "EUR"}
    assert tables["report"].items() >= wanted.items()


def test_email_needs_its_answers(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a mail server is named, sender and recipients cannot be left empty."""
    flags = ("--timezone", "UTC", "--currency", "usd", "--day", "monday", "--time", "09:00", "--ledger", "up.db")
    type_in(monkeypatch, "", "", "mail.test", "", "", "", "up@x.test", "", "a@x.test")
    ended = upswell("init", *flags)
    assert ended.code == 0
    assert (ended.out + ended.err).count("An answer is needed") == 2
    assert load(None, {}).report.channels == ("email",)
