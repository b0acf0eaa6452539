"""POST /signals/usage: what an app's calls are answered, and what is kept of them.

``UPSWELL_DEEP=3000 pytest tests/usage/test_calls.py`` looks that much further.
"""

import json
import os
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake.told import applied, subscribed
from poisoned import CONTAINERS, DECIMALS, NUMBERS, WORDS
from receiving import TOKEN, configured

from upswell.core.reported import COLUMNS
from upswell.store.ledger import Ledger
from upswell.store.measures import readings_of
from upswell_webhooks.app import close, create_app
from upswell_webhooks.usage import Desk

DEEP = int(os.environ.get("UPSWELL_DEEP", "0"))
PATH = "/signals/usage"
HELD = {"Authorization": f"Bearer {TOKEN}"}
ROW = {"customer": "cus_1", "name": "api_calls", "units": 8450, "at": "2026-11-21T08:00:00Z", "key": "a"}


def answered(new=0, corrected=0, known=0, strangers=0, forgotten=0, bad=()):
    """Return the answer to a call."""
    counts = {"new": new, "corrected": corrected, "known": known, "strangers": strangers, "forgotten": forgotten}
    return 200, {**counts, "bad": list(bad)}


@pytest.fixture
def config(tmp_path):
    """Give the configuration of a receiver whose ledger knows the customer cus_1."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        applied(ledger, subscribed())
    return config


@pytest.fixture
def client(config):
    """Give a client of a receiver."""
    app = create_app(config, patience=0.2)
    yield app.test_client()
    close(app)


@pytest.fixture
def call(client):
    """Give a function that posts readings, or a raw body, and returns status and content of the answer."""

    def call(*rows, body=None, headers=HELD, mimetype="application/json"):
        data = json.dumps({"readings": rows}).encode() if body is None else body
        answer = client.post(PATH, data=data, headers=headers, content_type=mimetype)
        return answer.status_code, answer.json

    return call


def kept(config):
    """Return the readings of cus_1."""
    with Ledger(config.ledger.path) as ledger:
        return readings_of(ledger.connection, "cus_1")


def test_readings_are_kept_once(call, config):
    """A call is answered with what became of its readings; the same one again changes nothing, another corrects."""
    assert call(ROW) == answered(new=1)
    assert call(ROW, ROW) == answered(known=2)
    assert call(ROW | {"units": "8451"}) == answered(corrected=1)
    assert [(one.source, one.units) for one in kept(config)] == [("app", 8451)]


def test_units_are_kept_as_they_were_written(call, config):
    """A number of JSON does not become a float."""
    body = json.dumps({"readings": [ROW | {"units": 0}]}).replace(
        '"units": 0', '"units": 123456789012345678.000000000001'
    )
    assert call(body=body.encode()) == answered(new=1)
    assert kept(config)[0].units == Fraction(123456789012345678 * 10**12 + 1, 10**12)


def test_bad_rows_are_named_and_the_rest_is_kept(call, config):
    """Each row that cannot be read is named by its index, with what is wrong; the others are kept."""
    status, content = call(ROW, ROW | {"units": -1}, "x", ROW | {"limit": 5}, ROW | {"key": "b", "units": True})
    assert (status, content["new"]) == (200, 1)
    assert [bad["index"] for bad in content["bad"]] == [1, 2, 3, 4]
    assert content["bad"][0]["reason"].startswith("units is no number from 0 on")
    assert content["bad"][1]["reason"] == "a reading is an object"
    assert len(kept(config)) == 1


def test_strangers_are_kept_and_counted(call):
    """Readings of a customer that the ledger does not know yet are kept, and the answer counts them."""
    assert call(ROW, ROW | {"customer": "cus_9", "key": "z"}) == answered(new=2, strangers=1)


def test_a_call_may_bring_a_thousand(call):
    """A thousand readings are taken in one call, and one more is 413."""
    rows = [ROW | {"key": str(number)} for number in range(1001)]
    assert call(*rows[:1000]) == answered(new=1000)
    assert call(*rows) == (413, {"error": "A call may bring 1,000 readings: send the rest in another one."})


REFUSED = {
    "no token": (401, "The bearer token is missing, or is another one.", {"headers": {}}),
    "another token": (401, "The bearer token is missing", {"headers": {"Authorization": "Bearer token"}}),
    "another scheme": (401, "The bearer token is missing", {"headers": {"Authorization": "Basic dG9rZW46"}}),
    "a form": (415, "The body must be JSON", {"mimetype": "application/x-www-form-urlencoded"}),
    "no JSON": (400, "The body is no JSON.", {"body": b"x"}),
    "not UTF-8": (400, "The body is no JSON.", {"body": b'{"readings": ["\xff"]}'}),
    "deep JSON": (400, "The body is no JSON.", {"body": b"[" * 100_000}),
    "a list": (400, "The body is not of the form", {"body": b"[]"}),
    "another key": (400, "The body is not of the form", {"body": b'{"readings": [], "source": "x"}'}),
    "no list": (400, "The body is not of the form", {"body": b'{"readings": {}}'}),
    "too long": (413, "Request Entity Too Large", {"body": b" " * 1_000_001}),
}


@pytest.mark.parametrize(("status", "sentence", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_call_is_refused_in_a_sentence(call, status, sentence, said):
    """What cannot be taken is refused with one short sentence, which repeats nothing of what was sent."""
    code, content = call(ROW, **said)
    assert (code, list(content)) == (status, ["error"])
    assert content["error"].startswith(sentence)


def test_a_refusal_says_how_to_show_the_token(client):
    """401 asks for a bearer token, as HTTP wants it; another method is 405."""
    assert client.post(PATH).headers["WWW-Authenticate"] == "Bearer"
    assert client.get(PATH).headers["Allow"] == "POST"


def test_without_a_token_nothing_is_taken(tmp_path):
    """Where no token is configured, nobody can report usage, and the answer says so."""
    app = create_app(configured(tmp_path, UPSWELL_TOKEN=""))
    answer = app.test_client().post(PATH, json={"readings": []}, headers=HELD)
    close(app)
    assert answer.status_code == 403
    assert answer.json == {"error": "Usage is taken once there is a token: see [server] token_env."}


def test_a_locked_ledger_is_answered_with_503(call, config):
    """What cannot be stored is 503, without saying where the ledger is, and the same call later is taken."""
    with Ledger(config.ledger.path) as ledger, ledger.write():
        assert call(ROW) == (503, {"error": "The readings could not be stored: send them again later."})
    assert call(ROW) == answered(new=1)


def test_a_fault_nobody_foresaw_is_503_and_logged(call, monkeypatch, caplog):
    """Whatever goes wrong while writing is an answer, and the next call is taken."""
    with monkeypatch.context() as patched:
        patched.setattr("upswell_webhooks.usage.write_readings", lambda *_: {}["nothing"])
        assert call(ROW)[0] == 503
    assert "KeyError" in caplog.text
    assert call(ROW) == answered(new=1)


def test_calls_that_wait_are_bounded_and_finished(config):
    """A call that is one too many is refused at once; those that wait are stored before the desk is closed."""
    desk = Desk(config.ledger.path, patience=20)
    with Ledger(config.ledger.path) as ledger, ledger.write():
        calls = [desk.put(json.dumps({"readings": [ROW | {"key": str(key)}]}).encode()) for key in range(20)]
        assert [one.done() for one in calls] == [False] * 16 + [True] * 4
    desk.close()
    assert [one.result().status for one in calls[:16]] == [200] * 16
    assert "16 calls wait to be stored already" in str(calls[16].exception())
    assert "the receiver is stopping" in str(desk.put(b"").exception())
    assert len(kept(config)) == 16


def test_the_log_says_what_became_of_it(call, caplog):
    """One line in the log counts readings, and holds nothing of theirs."""
    caplog.set_level("INFO", "upswell.requests")
    call(ROW, {})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "upswell.requests"]
    assert line.endswith("new=1 corrected=0 known=0 outcome=usage bad=1")
    assert "cus_1" not in line


VALUES = st.one_of(st.none(), st.booleans(), st.sampled_from([*NUMBERS, *DECIMALS, *WORDS, *CONTAINERS]), st.text())
ROWS = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(COLUMNS), VALUES).map(lambda said: ROW | said),
    st.dictionaries(st.text(max_size=5), VALUES, max_size=3).map(lambda said: ROW | said),
)
BODIES = st.one_of(
    st.lists(ROWS, max_size=5).map(lambda rows: json.dumps({"readings": rows}).encode()),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.tuples(st.integers(0, 90), st.binary(max_size=3)).map(
        lambda cut: json.dumps({"readings": [ROW]}).encode()[: cut[0]] + cut[1]
    ),
)


@settings(
    max_examples=DEEP or 100,
    deadline=None,
    derandomize=not DEEP,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BODIES)
def test_poison_is_refused_or_named(call, body):
    """Whatever a call says, it is answered with 200 or 400, and each of its rows is kept or named."""
    status, content = call(body=body)
    assert status in {200, 400}
    if status == 400:
        assert list(content) == ["error"]
        return
    rows = json.loads(body)["readings"]
    assert content["new"] + content["corrected"] + content["known"] + len(content["bad"]) == len(rows)
    assert all(0 < len(bad["reason"]) < 200 for bad in content["bad"])
