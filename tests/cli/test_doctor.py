"""upswell doctor: each line is well, or names its remedy."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from booked import put
from cli.conftest import damage, event, lines
from scenarios.story import Story

from upswell.configuration.config import load
from upswell.doctor.examination import _sqlite, findings
from upswell.fetching.course import Course, finish, save
from upswell.store.ledger import Ledger, note_job

KEY = "sk_test_hidden"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put every secret into the environment."""
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_hidden,whsec_hidden2")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/hidden")


@pytest.fixture
def applied(upswell, secrets: None) -> None:
    """Give a ledger with one event, applied."""
    Path("a.jsonl").write_text(lines(event("a")))
    assert upswell("replay", "a.jsonl").code == 0


def faults(out: str) -> dict[str, str]:
    """Return what is to be mended, by its subject."""
    return dict(re.findall(r"^FIX  (.{15}) (.*)$", out, flags=re.MULTILINE))


@pytest.mark.usefixtures("applied")
def test_a_complete_installation_is_well(upswell) -> None:
    """Every line is ok, exit 0, and no secret is shown."""
    upswell("--config", "config.toml", "init")
    ended = upswell("doctor")
    assert (ended.code, faults(ended.out), ended.err) == (0, {}, "")
    assert re.search(
        r"^ok   webhook secret  2 in the environment variable STRIPE_WEBHOOK_SECRET", ended.out, re.MULTILINE
    )
    assert re.search(r"^ok   next summary    Monday \d{4}-\d\d-\d\d 09:00 UTC$", ended.out, re.MULTILINE)
    assert re.search(r"^ok   last event      \d+ (second|minute)s? ago$", ended.out, re.MULTILINE)
    assert "hidden" not in ended.out


def test_a_new_user_is_told_what_to_do(upswell) -> None:
    """Without anything: which variables to set, and how the ledger comes about; exit 1."""
    ended = upswell("doctor")
    told = {subject.strip(): text for subject, text in faults(ended.out).items()}
    assert ended.code == 1
    assert set(told) == {"Stripe key", "webhook secret", "ledger"}
    assert "environment variable STRIPE_API_KEY" in told["Stripe key"]
    assert "environment variable STRIPE_WEBHOOK_SECRET" in told["webhook secret"]
    assert "`upswell serve`, `upswell backfill` or `upswell replay FILE` creates it" in told["ledger"]
    assert not Path("upswell.db").exists()


def test_without_webhooks_no_secret_is_needed(upswell) -> None:
    """Webhooks = false is a choice, and no fault."""
    Path("config.toml").write_text("[stripe]\nwebhooks = false\n")
    assert "webhook secret " not in faults(upswell("doctor").out)


@pytest.mark.usefixtures("secrets")
def test_a_ledger_without_events_wants_some(upswell) -> None:
    """The address for Stripe is told."""
    Ledger(Path("upswell.db"), create=True).close()
    Path("config.toml").write_text('[server]\npublic_url = "https://up.test"\n')
    assert "`upswell connect https://up.test` makes the webhook endpoint" in upswell("doctor").out


def test_what_failed_and_what_waits_is_told(upswell, applied: None) -> None:
    """With the first reasons, and what to do after them."""
    Path("w.jsonl").write_text(lines(event("w", discounts=["di_1"])))
    upswell("--config", "keyless.toml", "init")
    Path("keyless.toml").write_text('[stripe]\napi_key_env = "NONE"\n')
    upswell("--config", "keyless.toml", "replay", "w.jsonl")
    assert "1 to do. waiting for di_1" in upswell("doctor").out
    Path("f.jsonl").write_text(lines(event("f", items=None)))
    upswell("--config", "keyless.toml", "replay", "f.jsonl")
    ended = upswell("doctor")
    assert ended.code == 1
    assert re.search(r"^FIX  applied         1 failed: evt_f: .* Then run `upswell retry`$", ended.out, re.MULTILINE)


@pytest.mark.usefixtures("applied")
def test_a_key_of_the_other_mode_is_a_fault(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live key does not belong to a ledger of test events."""
    monkeypatch.setenv("STRIPE_API_KEY", "rk_live_hidden")
    ended = upswell("doctor")
    assert "FIX  mode            the ledger holds test mode" in ended.out
    assert "hidden" not in ended.out


@pytest.mark.usefixtures("applied")
def test_half_a_login_is_a_fault(upswell) -> None:
    """A user name without its password cannot log in."""
    Path("config.toml").write_text('[email]\nhost = "m"\nfrom = "a@x.test"\nto = ["a@x.test"]\nusername = "up"\n')
    assert "the environment variable SMTP_PASSWORD" in faults(upswell("doctor").out)["email login    "]


@pytest.mark.usefixtures("applied")
def test_a_damaged_ledger_is_told(upswell) -> None:
    """A ledger that fails SQLite's own check is to be restored."""
    damage(Path("upswell.db"))
    ended = upswell("doctor")
    assert ended.code == 1
    assert "damaged" in faults(ended.out)["ledger         "]


@pytest.mark.usefixtures("secrets")
def test_something_else_in_place_of_the_ledger_is_told(upswell) -> None:
    """A file that is no SQLite file is a fault, and no traceback."""
    Path("upswell.db").touch(mode=0o600)
    Path("upswell.db").write_text("a text, and no database at all")
    ended = upswell("doctor")
    assert (ended.code, list(faults(ended.out))) == (1, ["ledger         "])


@pytest.mark.usefixtures("applied")
def test_the_age_of_the_last_event_is_in_its_largest_unit() -> None:
    """Two days and an hour are two days."""
    config = load()
    with Ledger(config.ledger.path) as ledger:
        put(ledger, "2026-01-05 cus_9 new +100")
        (received,) = ledger.connection.execute("SELECT max(received_at) FROM events").fetchone()
    told = {
        seconds: next(line.text for line in findings(config, received + seconds) if line.subject == "last event")
        for seconds in (0, 1, 3600, 2 * 86400 + 3600)
    }
    assert list(told.values()) == ["0 seconds ago", "1 second ago", "1 hour ago", "2 days ago"]


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("noted", "well", "text"),
    [
        (None, True, "not yet: `upswell serve` does it"),
        ({"through": 1, "at": 0, "new": 3}, True, "2 hours ago; it brought 3 events"),
        ({"through": 1, "at": 0, "failed_at": 3600, "trouble": "no"}, False, "failed 1 hour ago (no); 2 hours ago; it"),
        ({"through": 1, "at": -21 * 86_400}, False, "21 days ago; it brought 0 events: start `upswell serve`"),
        (
            {"through": 1, "at": 0, "gap": [0, 86_400]},
            False,
            "Events from 1970-01-01 00:00 UTC to 1970-01-02 00:00 UTC",
        ),
    ],
)
def test_the_last_catch_up_is_told(noted, well: bool, text: str) -> None:
    """When it was and what it brought; it is a fault where it failed, is overdue, or came too late."""
    config = load()
    now = 4_000_000_000
    if noted:
        moments = {key: now - 7200 + noted[key] for key in ("at", "failed_at") if key in noted}
        with Ledger(config.ledger.path) as ledger, ledger.write() as connection:
            note_job(connection, "catch_up", noted | moments)
    told = next(line for line in findings(config, now) if line.subject == "catch-up")
    assert told.well is well
    assert text in told.text


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("noted", "well", "text"),
    [
        (None, True, "not yet: `upswell serve` does it at night"),
        (
            {"at": 0, "looked_at": 1200, "differences": 0},
            True,
            "0 of 1,200 subscriptions differ from Stripe's, 2 hours",
        ),
        (
            {"at": 0, "looked_at": 12, "differences": 3},
            False,
            "3 of 12 subscriptions differ from Stripe's, 2 hours ago",
        ),
        ({"at": 0, "differences": 0, "failed_at": 3600, "trouble": "no"}, False, "not 1 hour ago (no): try `upswell"),
    ],
)
def test_the_last_comparison_with_stripe_is_told(noted, well: bool, text: str) -> None:
    """Differences are a fault with its remedy, and so is a comparison that did not succeed."""
    now = 4_000_000_000
    if noted:
        moments = {key: now - 7200 + noted[key] for key in ("at", "failed_at") if key in noted}
        with Ledger(Path("upswell.db")) as ledger, ledger.write() as connection:
            note_job(connection, "reconciled", noted | moments)
    told = next(line for line in findings(load(), now) if line.subject == "reconciled")
    assert told.well is well
    assert told.text.startswith(text)


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("held", "well", "text"),
    [
        ({}, True, "not read yet: `upswell serve` does it, with a Stripe key"),
        ({"begun": 0, "trouble": "the key may not"}, False, "not read: the key may not"),
        ({"begun": 1_800_000_000, "readings": 2, "requests": 3}, True, "2 readings with 3 requests, 3 hours ago"),
    ],
)
def test_the_last_reading_of_meters_is_told(held: dict[str, object], well: bool, text: str) -> None:
    """What billing meters brought and took is told, and what the key may not is a finding."""
    config = load()
    with Ledger(config.ledger.path, create=True) as ledger, ledger.write() as connection:
        note_job(connection, "meters", held)
    told = next(line for line in findings(config, 1_800_010_800) if line.subject == "billing meters")
    assert (told.well, told.text) == (well, text)


def test_what_stripe_could_not_count_is_told(upswell) -> None:
    """Thin events that report errors of a meter are taken in, and are a finding for a week, with the meter's id."""
    at = int(time.time())
    thin = {
        "id": "evt_test_1",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "created": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", ".134Z"),
        "livemode": False,
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    }
    nameless = thin | {"id": "evt_test_2", "type": "v1.billing.meter.no_meter_found", "related_object": None}
    Path("thin.jsonl").write_text(lines(thin, nameless))
    assert upswell("replay", "thin.jsonl").code == 0
    config = load()
    found = {
        now: next(one for one in findings(config, now) if one.subject == "meter events")
        for now in (at, at + 8 * 86_400)
    }
    assert not found[at].well
    assert found[at].text.startswith("2 reports in a week of usage of mtr_1 that Stripe could not count")
    assert found[at + 8 * 86_400].well


def test_products_that_lack_families_are_named(upswell) -> None:
    """`upswell doctor` names products with several active prices of one interval: declare their families."""
    story = Story("endive")
    team = {"upswell_plan": "team"}
    held = [story.price("Pro", 10), story.price("Pro", 12), story.price("Pro", 11), story.price("Pro", 100, "year")]
    held[2].change(active=False)
    _alone = story.price("Reports", 5), story.price("Reports", 4, currency="eur"), story.price("Reports", 15, "3 month")
    _declared = story.price("Team", 5, metadata=team), story.price("Team", 6, metadata=team)
    Path("p.jsonl").write_text(lines(*story.events))
    upswell("replay", "p.jsonl")
    (told,) = re.findall(r"^ok   plan families   (.*)$", upswell("doctor").out, re.MULTILINE)
    assert told.startswith(
        "several active prices: Pro (prod_Pro) has 2 for 1 month in USD; [rules.families] or metadata"
    )
    Path("config.toml").write_text(f'[rules.families]\n"{held[0].id}" = "pro"\n')
    assert "Pro (prod_Pro)" in upswell("doctor").out
    Path("config.toml").write_text('[rules.families]\n"prod_Pro" = "pro"\n')
    assert "plan families   none missing" in upswell("doctor").out


@pytest.mark.usefixtures("applied")
def test_of_many_products_that_lack_families_three_are_named(upswell) -> None:
    """Three are named, and how many more there are."""
    story = Story("basil")
    for number in range(5):
        story.price(f"Plan-{number}", 10)
        story.price(f"Plan-{number}", 20)
    Path("p.jsonl").write_text(lines(*story.events))
    upswell("replay", "p.jsonl")
    out = upswell("doctor").out
    assert "Plan-2 (prod_Plan-2) has 2 for 1 month in USD; and 2 more; " in out
    assert "Plan-3" not in out


@pytest.mark.parametrize(
    ("version", "mended"),
    [
        ((3, 40, 1), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_sqlite_is_named_with_a_note_and_no_fault(version: tuple[int, int, int], mended: bool) -> None:
    """A release with the fault of the write-ahead log is named as such, and is no finding."""
    found = _sqlite(version)
    assert found.well
    assert ("3.51.3" in found.text.split(";", 1)[-1]) is (not mended or version == (3, 51, 3))


@pytest.mark.usefixtures("applied")
def test_whether_history_was_read_is_told(upswell) -> None:
    """Never read is advice, finished is said with its age, and begun without an end is a fault."""
    assert (
        "ok   history         what events told; `upswell backfill` reads all that Stripe knows" in upswell("doctor").out
    )
    with Ledger(Path("upswell.db")) as ledger, ledger.write() as connection:
        finish(connection, Course(1_000), int(time.time()) - 7200)
    assert "ok   history         read from Stripe 2 hours ago" in upswell("doctor").out
    with Ledger(Path("upswell.db")) as ledger, ledger.write() as connection:
        save(connection, Course(1_000))
    assert "FIX  history         a backfill is not finished: `upswell backfill` goes on" in upswell("doctor").out
