"""upswell events: what came in, one event as it came, and dead letters thrown away."""

import json
import re
import sys
from pathlib import Path

import pytest
from cli.conftest import Ended, Terminal, event, lines

from upswell.store.ledger import Ledger

CREATED = 1767225600


@pytest.fixture
def replayed(upswell) -> Ended:
    """Give a ledger with one event in each state but received; the command's end."""
    foreign = event("d", CREATED + 3) | {"livemode": True}
    told = [event("a"), event("b", CREATED + 1, items=None), event("c", CREATED + 2, discounts=["di_1"]), foreign]
    Path("e.jsonl").write_text(lines(*told))
    return upswell("replay", "e.jsonl")


def states(ended: Ended) -> dict[str, str]:
    """Return the state of each event that was listed as JSON, in its order."""
    return {told["id"]: told["state"] for told in json.loads(ended.out)}


@pytest.mark.usefixtures("replayed")
def test_events_are_listed_newest_first_with_state_and_reason(upswell) -> None:
    """Every event is there, the latest first, and says why it is not applied."""
    ended = upswell("events", "--format", "json")
    assert list(states(ended).items()) == [
        ("evt_d", "ignored"),
        ("evt_c", "waiting"),
        ("evt_b", "failed"),
        ("evt_a", "applied"),
    ]
    told = {one["id"]: one for one in json.loads(ended.out)}
    assert set(told["evt_a"]) == {"id", "type", "created", "received_at", "state", "reason"}
    assert (told["evt_a"]["created"], told["evt_a"]["reason"]) == ("2026-01-01T00:00:00Z", None)
    assert "di_1" in told["evt_c"]["reason"]
    assert "items" in told["evt_b"]["reason"]


@pytest.mark.usefixtures("replayed")
def test_the_table_has_one_line_an_event(upswell) -> None:
    """For people: the report zone's time, state, type, id and reason."""
    first, *rest = upswell("events").out.splitlines()
    assert first.split() == ["Created", "State", "Type", "Id", "Why"]
    assert re.match(r"2026-01-01 00:00:03  ignored  customer\.subscription\.created  evt_d  a live mode event", rest[0])
    assert len(rest) == 4
    assert "evt_d" in upswell("events", screen=Terminal()).out


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--state", "failed"], ["evt_b"]),
        (["--state", "waiting"], ["evt_c"]),
        (["--state", "received"], []),
        (["--state", "applied"], ["evt_a"]),
        (["--state", "ignored"], ["evt_d"]),
        (["--type", "customer.*", "--limit", "2"], ["evt_d", "evt_c"]),
        (["--type", "customer.subscription.created", "--state", "applied"], ["evt_a"]),
        (["--type", "invoice.*"], []),
        (["--limit", "1"], ["evt_d"]),
    ],
)
def test_events_are_chosen_by_state_type_and_number(upswell, arguments: list[str], found: list[str]) -> None:
    """Each option chooses, and several choose together."""
    assert list(states(upswell("events", "--format", "json", *arguments))) == found


def test_an_event_is_shown_as_it_came(upswell) -> None:
    """Byte for byte, with the spaces and the order of what was sent."""
    sent = '{"type":"moon.landed",   "id":"evt_m", "created":1767225600, "note": "Zoë"}'
    Path("m.jsonl").write_text(sent)
    upswell("replay", "m.jsonl")
    assert upswell("events", "evt_m").out == f"{sent}\n"


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize("arguments", [["evt_none"], ["--forget", "evt_none", "--yes"]])
def test_an_unknown_event_is_named(upswell, arguments: list[str]) -> None:
    """Exit 1 and one sentence that says where ids are."""
    ended = upswell("events", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert "has no event evt_none: take an id from `upswell events`" in ended.err


@pytest.mark.usefixtures("replayed")
def test_a_dead_letter_is_thrown_away_and_named_again_when_it_comes_again(upswell) -> None:
    """A failed event is gone after --forget; the same event sent anew is new, and fails anew."""
    ended = upswell("events", "--forget", "evt_b", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert "Should Stripe send it again, it is taken in as a new event" in ended.out
    assert "evt_b" not in states(upswell("events", "--format", "json"))
    assert "1 new, 3 known already" in upswell("replay", "e.jsonl").out
    assert states(upswell("events", "--format", "json"))["evt_b"] == "failed"


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize("name", ["evt_a", "evt_c", "evt_d"])
def test_only_what_failed_can_be_thrown_away(upswell, name: str) -> None:
    """Figures rest on what was applied, and what waits is still to come."""
    ended = upswell("events", "--forget", name, "--yes")
    assert ended.code == 1
    assert "only an event that failed can be dropped" in ended.err
    assert name in states(upswell("events", "--format", "json"))


@pytest.mark.usefixtures("replayed")
def test_what_figures_rest_on_stays(upswell) -> None:
    """An event that was applied and fails when it is read anew is still what the history names as its source."""
    with Ledger(Path("upswell.db")) as ledger, ledger.write() as connection:
        connection.execute("UPDATE events SET state = 'failed', reason = 'x' WHERE id = 'evt_a'")
    ended = upswell("events", "--forget", "evt_a", "--yes")
    assert (ended.code, "figures rest on it" in ended.err) == (1, True)
    assert "evt_a" in states(upswell("events", "--format", "json"))


@pytest.mark.usefixtures("replayed")
def test_nothing_is_thrown_away_without_a_yes(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal --yes is needed, exit 2; on one it is asked, and no is no."""
    ended = upswell("events", "--forget", "evt_b")
    assert (ended.code, "--yes" in ended.err) == (2, True)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert upswell("events", "--forget", "evt_b").code == 130
    assert "evt_b" in states(upswell("events", "--format", "json"))
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert upswell("events", "--forget", "evt_b").code == 0
    assert "evt_b" not in states(upswell("events", "--format", "json"))
