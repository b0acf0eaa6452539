"""upswell forget: who it was is gone from every table and from the file, and every figure is as it was."""

import json
import tempfile
import zlib
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import desks
import pytest
from connectors.sent import body, customer, item, subscription
from hypothesis import given, settings
from hypothesis import strategies as st
from intake.told import AT, DAY, applied, tables
from receiving import configured
from serving import Served, until

from forgetting.conftest import MAIL, METADATA, NAME, OWNER, TRACES, sent
from upswell.answers.explanation import why
from upswell.answers.summary import summary_of
from upswell.core.catalogue import Customer
from upswell.core.facts import Facts, Told
from upswell.core.rules import Rules
from upswell.errors import LedgerBusy, UpswellError
from upswell.intake import forgetting
from upswell.intake.applying import retry
from upswell.intake.looking import account_of, look
from upswell.intake.reclassify import reclassify
from upswell.posting.delivery import post_by_hand
from upswell.report.periods import Week
from upswell.serving import serve
from upswell.signals.raising import decide
from upswell.signals.signs import Look
from upswell.signals.terms import Sign
from upswell.store import books, deliveries
from upswell.store.ledger import Ledger, hold
from upswell.store.raised import standing, write_signals
from upswell.store.records import write_facts
from upswell_connectors.shapes import facts_of_object

RULES = Rules(sales_keys=("rep",))
NOW = AT + 40 * DAY


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger that has the person in every place there is."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        applied(opened, *sent(), rules=RULES)
        yield opened


def bytes_of(path: Path) -> bytes:
    """Return all bytes of a ledger's files, and of what is compressed in it."""
    with Ledger(path) as opened:
        unpacked = b"".join(
            zlib.decompress(packed)
            for (packed,) in opened.connection.execute("SELECT body FROM events WHERE length(body) > 0")
        )
    return unpacked + b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def traces(path: Path) -> list[str]:
    """Return which traces of the person the files still hold."""
    held = bytes_of(path)
    return [trace for trace in TRACES if trace.encode() in held]


def test_the_person_is_found_before(ledger):
    """What the other tests search for is there as long as nobody is forgotten."""
    assert traces(ledger.path) == list(TRACES)


def test_the_figures_stay_and_the_person_goes(ledger):
    """Movements are the same to the byte, and no file holds a trace of the name, the address or the metadata."""
    before = books.movements(ledger)
    done = forgetting.forget(ledger, RULES, "cus_1")
    assert (done.customers, done.erased) == (("cus_1",), True)
    assert books.movements(ledger) == before
    assert {movement.origin for movement in before if movement.customer == "cus_1"} == {"sales"}
    assert books.names(ledger, ["cus_1", "cus_2"]) == {"cus_1": done.pseudonym, "cus_2": "Moss"}
    assert traces(ledger.path) == []
    assert b"Moss" in bytes_of(ledger.path)


def test_what_is_rebuilt_is_the_same(ledger):
    """A reclassification after forgetting gives the movements from before it, and brings nobody back."""
    before = books.movements(ledger)
    forgetting.forget(ledger, RULES, "cus_1")
    assert all(found.before == found.after for found in reclassify(ledger, RULES).differences)
    assert books.movements(ledger) == before
    assert traces(ledger.path) == []


def test_what_comes_later_does_not_bring_them_back(ledger):
    """Repeated events are duplicates, late ones count with their amounts, and neither leaves a trace on the disk."""
    forgetting.forget(ledger, RULES, "cus_1")
    applied(ledger, *sent(), rules=RULES)
    assert traces(ledger.path) == []
    applied(ledger, *(one for one in sent(1) if b"checkout" not in one), rules=RULES)
    assert traces(ledger.path) == []
    assert [movement.amount for movement in books.movements(ledger, customer="cus_1", kind="seat")] == [3000, 1000]
    reclassify(ledger, RULES)
    assert traces(ledger.path) == []


BY_ID = [*sent()[2:7], sent()[8]]
"""Events that name their customer by its id, which is all that is remembered."""

KEPT = ("history", "customers", "usage", "movements", "discounts", "mentions", "accounts")


def told_in(order, cut, rules):
    """Return what tables hold where the customer is forgotten after ``cut`` events, in that order."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "u.db", create=True) as ledger:
        first, *rest = order
        applied(ledger, first, *rest[:cut], rules=rules)
        forgetting.forget(ledger, rules, "cus_1")
        applied(ledger, *rest[cut:], rules=rules)
        assert traces(ledger.path) == []
        held = tables(ledger)
        return {name: held[name] for name in KEPT}


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(BY_ID), cut=st.integers(0, len(BY_ID)))
def test_it_does_not_matter_when_somebody_is_forgotten(order, cut):
    """In whatever order events come, and forgotten whenever, the tables and the movements are the same in the end."""
    known = sent()[0]
    assert told_in([known, *order], cut, RULES) == told_in([known, *BY_ID], len(BY_ID), RULES)


def test_the_ledger_is_that_of_a_stranger(ledger, tmp_path):
    """Forgotten after or before the events came, the tables are the same."""
    forgetting.forget(ledger, RULES, "cus_1")
    with Ledger(tmp_path / "other.db", create=True) as other:
        first, *rest = sent()
        applied(other, first, rules=RULES)
        forgetting.forget(other, RULES, "cus_1")
        applied(other, *rest, rules=RULES)
        without = ("received_at", "applied_at", "forgotten_at", "body")
        held, alike = tables(ledger, without=without), tables(other, without=without)
    for name in ("history", "customers", "usage", "movements", "discounts", "forgotten"):
        assert held[name] == alike[name]


def test_what_the_api_shows_does_not_bring_them_back(ledger):
    """A backfill tells of the customer again: the pseudonym stays."""
    done = forgetting.forget(ledger, RULES, "cus_1")
    told = Told(NOW, Customer("cus_1", NAME, MAIL, METADATA))
    with ledger.write() as connection:
        write_facts(connection, None, Facts(told=(told,)), RULES)
    assert books.names(ledger, ["cus_1"]) == {"cus_1": done.pseudonym}
    assert traces(ledger.path) == []


@pytest.mark.parametrize("before", [True, False])
def test_what_lists_show_of_subscriptions_is_stripped_too(ledger, before):
    """A look at Stripe's list that was there before, or comes afterwards, keeps the sales key and no metadata else."""
    if not before:
        forgetting.forget(ledger, RULES, "cus_1")
    shown = json.loads(sent()[2])["data"]["object"]
    with ledger.write() as connection:
        write_facts(connection, None, facts_of_object(shown, NOW), RULES)
    if before:
        assert "Fernandez" in str(ledger.connection.execute("SELECT value FROM snapshots").fetchone())
        forgetting.forget(ledger, RULES, "cus_1")
    (held,) = ledger.connection.execute("SELECT json_extract(value, '$.metadata') FROM snapshots").fetchone()
    assert json.loads(held) == {"rep": "yes"}
    assert traces(ledger.path) == []


def test_what_waits_and_what_failed_goes_on(ledger):
    """A waiting event is applied without the name once what it needs comes; a dead letter stays one."""
    forgetting.forget(ledger, RULES, "cus_1")
    known = body(
        {
            "id": "di_unknown",
            "object": "discount",
            "coupon": {"id": "c", "object": "coupon", "duration": "forever", "percent_off": 50},
        },
        "customer.discount.created",
        id="evt_late",
        created=AT + 13 * DAY,
    )
    done = applied(ledger, known, rules=RULES)
    assert (done.waiting, done.failed) == (0, 1)
    assert retry(ledger, RULES).failed == 1
    assert traces(ledger.path) == []


def test_posted_summaries_keep_their_figures(ledger, slack, mail):
    """In what was posted the pseudonym stands in place of the name, and no figure differs."""
    config = desks.config(ledger.path, slack=slack.settings, email=mail.settings())
    week = Week.containing(AT + 9 * DAY, config.report.timezone)
    post_by_hand(ledger, config, week, NOW)
    said = deliveries.recorded(ledger, week)
    assert "Fernandez" in said.figures.top_customers[0].name
    done = forgetting.forget(ledger, RULES, "cus_1")
    told = deliveries.recorded(ledger, week)
    assert told.figures.top_customers[0].name == done.pseudonym
    assert told.figures.bridge == said.figures.bridge
    assert [top.amount for top in told.figures.top_customers] == [top.amount for top in said.figures.top_customers]
    for (content,) in ledger.connection.execute("SELECT content FROM deliveries").fetchall():
        assert done.pseudonym in json.dumps(json.loads(content))
    assert traces(ledger.path) == []
    assert summary_of(ledger, config, week, NOW).figures.bridge == said.figures.bridge


def test_an_account_of_several_customers_is_forgotten_whole(tmp_path):
    """Where metadata join customers, all of them go, under one pseudonym, and they stay one customer."""
    rules = Rules(customer_key="metadata.account_id")
    second = body(
        customer(id="cus_3", name="Fernandez Two", metadata=METADATA), "customer.created", id="evt_c3", created=AT
    )
    owner = OWNER | {"id": "sub_3", "customer": "cus_3"}
    held = body(subscription(item(id="si_3"), **owner), "customer.subscription.created", id="evt_s3", created=AT + DAY)
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        applied(ledger, *sent(), second, held, rules=rules)
        before = [(one.occurred_at, one.kind, one.amount, one.mrr_after) for one in books.movements(ledger)]
        done = forgetting.forget(ledger, rules, "cus_3")
        assert done.customers == ("cus_1", "cus_3")
        after = books.movements(ledger)
        assert [(one.occurred_at, one.kind, one.amount, one.mrr_after) for one in after] == before
        assert {one.customer for one in after} == {done.pseudonym, "cus_2"}
        assert traces(ledger.path) == []
        again = forgetting.forget(ledger, rules, done.pseudonym)
        assert (again.pseudonym, again.customers) == (done.pseudonym, done.customers)


def test_signals_stay_under_the_pseudonym(tmp_path):
    """Who was told of keeps its signals and its cooldown, and they name nobody; a second run finds nothing more."""
    config = configured(tmp_path, '[rules]\ncustomer_key = "metadata.account_id"\n[signals]\nonboarding_days = 0\n')
    with Ledger(config.ledger.path, create=True) as ledger:
        applied(ledger, *sent(), rules=config.rules)
        account = account_of(ledger, "cus_1")
        sign = Sign("renewal", "sub_1", f"{account} renews", Fraction(1))
        with ledger.write() as connection:
            write_signals(connection, decide(account, Look((sign,), None), (), NOW, config.signals))
        done = forgetting.forget(ledger, config.rules, "cus_1")
        (one,) = standing(ledger)
        assert (one.customer, one.evidence) == (done.pseudonym, f"{done.pseudonym} renews")
        assert look(ledger, config, NOW).customers == 2
        assert traces(ledger.path) == []


def test_forgetting_again_changes_nothing(ledger):
    """Whoever was interrupted runs it again."""
    forgetting.forget(ledger, RULES, "cus_1")
    before = tables(ledger, without=("forgotten_at",))
    forgetting.forget(ledger, RULES, "cus_1")
    assert tables(ledger, without=("forgotten_at",)) == before


def test_why_is_still_told(ledger):
    """Each movement of a forgotten customer can be explained, with evidence that names nobody."""
    forgetting.forget(ledger, RULES, "cus_1")
    for movement in books.movements(ledger, customer="cus_1"):
        told = why(ledger, RULES, movement.id, NOW)
        assert told.evidence
        assert not [trace for trace in TRACES if trace in repr(told)]


def test_nobody_unknown_is_forgotten(ledger):
    """One sentence, and nothing is written."""
    with pytest.raises(UpswellError, match="knows no customer cus_9"):
        forgetting.forget(ledger, RULES, "cus_9")


def test_beside_a_running_serve_the_file_is_written_anew_by_that_one(tmp_path):
    """The bytes are gone from file and log while the receiver goes on; what comes afterwards leaves no trace."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        applied(ledger, *sent())
    served = Served(tmp_path).ready()
    try:
        with Ledger(config.ledger.path) as ledger:
            assert forgetting.forget(ledger, Rules(), "cus_1").erased
            assert traces(config.ledger.path) == []
            late = body(
                customer(name=NAME, email=MAIL, metadata=METADATA), "customer.updated", id="evt_z", livemode=False
            )
            assert served.post(late) == 200
            until(
                lambda: ledger.connection.execute(
                    "SELECT 1 FROM events WHERE id = 'evt_z' AND state = 'applied'"
                ).fetchone()
            )
            assert traces(config.ledger.path) == []
    finally:
        served.kill()


def test_a_reader_delays_the_log_and_nothing_else(ledger):
    """While somebody reads an old state the log cannot be emptied; the file is not written anew for it twice."""
    with Ledger(ledger.path) as reader:
        reader.connection.execute("BEGIN")
        reader.connection.execute("SELECT count(*) FROM events").fetchone()
        ledger.want_erased()
        with pytest.raises(LedgerBusy, match="is being used"):
            ledger.erase(seconds=0.1)
        said = []
        ledger.connection.set_trace_callback(said.append)
        with pytest.raises(LedgerBusy):
            ledger.erase(seconds=0.1)
        reader.connection.execute("COMMIT")
        ledger.erase()
    assert "VACUUM" not in said
    assert not ledger.wants_erasing()
    assert Path(f"{ledger.path}-wal").read_bytes().count(b"Fernandez") == 0


def test_what_is_begun_is_finished_by_the_next_serve(tmp_path, monkeypatch):
    """Where the file could not be written anew, that is noted, and done as soon as somebody may."""
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        applied(ledger, *sent())
        monkeypatch.setattr(forgetting, "_ERASE_SECONDS", 0.0)
        assert not forgetting.forget(ledger, Rules(), "cus_1").erased
        assert ledger.wants_erasing()
    with Ledger(tmp_path / "upswell.db", checkpoints=True) as ledger:
        ledger.relieve()
        assert not ledger.wants_erasing()
    assert traces(tmp_path / "upswell.db") == []


def test_a_large_file_is_written_anew_before_anybody_waits(tmp_path, monkeypatch):
    """Beside the receiver it would take too long: the command does not wait for it, the next start of serve does it."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        applied(ledger, *sent())
    with monkeypatch.context() as large:
        large.setattr("upswell.store.ledger._BESIDE", 0)
        with closing(hold(config.ledger.path)), Ledger(config.ledger.path, checkpoints=True) as serving:
            assert not forgetting.forget(serving, Rules(), "cus_1").erased
            serving.relieve()
            assert serving.wants_erasing()
        serve._prepare(config)
    with Ledger(config.ledger.path) as ledger:
        assert not ledger.wants_erasing()
    assert traces(config.ledger.path) == []
