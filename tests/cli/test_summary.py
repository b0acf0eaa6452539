"""upswell summary: printed in four forms, or posted."""

import json
from pathlib import Path

import pytest
from cli.conftest import Terminal

from upswell.commands.cli import upswell as group
from upswell.posting import reports


def test_every_form_is_offered() -> None:
    """The command takes the forms that there are."""
    (option,) = [option for option in group.commands["summary"].params if option.name == "form"]
    assert list(option.type.choices) == list(reports.FORMATS)


@pytest.mark.usefixtures("ledger")
def test_a_week_is_printed_as_json(upswell) -> None:
    """--week names the week, --format json prints the documented object."""
    told = json.loads(upswell("summary", "--week", "2026-W02", "--format", "json").out)
    assert (told["week"], told["complete"], told["expansion"]["seat"]) == ("2026-W02", True, 3000)


@pytest.mark.usefixtures("ledger")
def test_without_a_week_it_is_the_running_one(upswell) -> None:
    """The running week is marked as not complete."""
    assert json.loads(upswell("summary", "--format", "json").out)["complete"] is False
    assert "so far" in upswell("summary").out


@pytest.mark.usefixtures("ledger")
def test_a_terminal_gets_colour(upswell) -> None:
    """The text is the same, in bold and colours."""
    assert "\x1b[" in upswell("summary", "--week", "2026-W02", screen=Terminal()).out


@pytest.mark.parametrize("form", ["text", "html", "slack"])
@pytest.mark.usefixtures("ledger")
def test_piped_it_is_plain(upswell, form: str) -> None:
    """No control sequence reaches a file, and the output ends with one line end."""
    out = upswell("summary", "--week", "2026-W02", "--format", form).out
    assert "\x1b" not in out
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


@pytest.mark.parametrize("week", ["2026-46", "2026-W54", "2126-W01"])
@pytest.mark.usefixtures("ledger")
def test_what_is_no_week_is_an_error(upswell, week: str) -> None:
    """A week that does not exist, or has not begun, is named; exit 1."""
    ended = upswell("summary", "--week", week)
    assert ended.code == 1
    assert week in ended.err


@pytest.mark.parametrize("option", ["--week", "--month"])
@pytest.mark.parametrize("more", [(), ("--post",)])
@pytest.mark.usefixtures("ledger")
def test_an_empty_name_is_no_period(upswell, option: str, more: tuple[str, ...]) -> None:
    """A variable of a script that is not set prints, and posts, no other period in its place."""
    ended = upswell("summary", option, "", *more)
    assert (ended.code, ended.out) == (1, "")
    assert "'' is no" in ended.err


@pytest.mark.usefixtures("ledger")
def test_a_week_and_a_month_are_two_periods(upswell) -> None:
    """Both at once are refused, whatever they say."""
    assert upswell("summary", "--week", "", "--month", "2026-10").code == 2


@pytest.mark.usefixtures("ledger")
def test_posting_says_what_came_of_it(upswell) -> None:
    """Without a channel the summary is recorded, and that is said."""
    assert upswell("summary", "--post", "--week", "2026-W02") == (
        0,
        "2026-W02 is recorded; no channel is configured to post it to.\n",
        "",
    )


@pytest.mark.usefixtures("ledger")
def test_a_channel_that_fails_ends_with_1(upswell) -> None:
    """What failed is said on standard error."""
    Path("config.toml").write_text(
        '[email]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nfrom = "a@x.test"\nto = ["b@x.test"]\n'
    )
    ended = upswell("summary", "--post", "--week", "2026-W02")
    assert (ended.code, ended.out) == (1, "")
    assert "mail" in ended.err.lower()
