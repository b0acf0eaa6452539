"""What makes customers stale, and what a rebuild makes of them."""

import pytest
from connectors.sent import body, item, price, subscription

from intake.told import (
    AT,
    BROKEN,
    DAY,
    OUR_CLOCK,
    UPDATED,
    applied,
    event,
    granted,
    joined,
    made,
    moved,
    movements,
    priced,
    stale,
    subscribed,
    tables,
    taken,
)
from upswell.core.rules import Rules
from upswell.errors import InvariantError
from upswell.intake.applying import apply_pending, retry
from upswell.store import books
from upswell.store.events import counts

LIFE = [subscribed(1), joined(1, name="Fern"), moved(1, 5, 8, AT + DAY), moved(1, 8, 2, AT + 2 * DAY), subscribed(2)]
BOOKED = [("cus_1", "new", 5000), ("cus_2", "new", 5000), ("cus_1", "seat", 3000), ("cus_1", "downgrade", -6000)]


def test_the_same_events_twice_change_nothing(ledger):
    """Applying the same events any number of times gives the same ledger, in every row of every table."""
    applied(ledger, *LIFE, BROKEN, granted(3))
    before = tables(ledger)
    applied(ledger, *LIFE, BROKEN, granted(3))
    applied(ledger, *LIFE[::-1])
    assert tables(ledger) == before
    assert movements(ledger) == BOOKED


def test_nothing_pending_means_nothing_is_written(ledger):
    """Where nothing is pending, applying writes nothing."""
    applied(ledger, *LIFE)
    written = ledger.connection.total_changes
    assert apply_pending(ledger, Rules()).applied == 0
    assert ledger.connection.total_changes == written


def everybody(ledger):
    """Make every customer stale."""
    with ledger.write() as connection:
        connection.execute("INSERT INTO stale(account) SELECT DISTINCT account FROM accounts")


def test_a_rebuild_equals_itself(ledger):
    """Movements may be computed again at any time, with the same result, byte for byte."""
    applied(ledger, *LIFE, made(), granted(1, at=AT + 5))
    before = tables(ledger)
    everybody(ledger)
    apply_pending(ledger, Rules())
    assert tables(ledger) == before


class Killed(BaseException):
    """The process ended."""


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_what_was_interrupted_is_resumed(fresh, calls):
    """Killed between any two commits of applying and rebuilding, the next run brings the same ledger."""
    whole, interrupted = fresh(), fresh()
    applied(whole, *LIFE)
    left = iter(range(calls))

    def killed(_done, _all):
        if next(left, None) is None:
            raise Killed

    taken(interrupted, *LIFE[:3])
    try:
        apply_pending(interrupted, Rules(), progress=killed)
        taken(interrupted, *LIFE[3:])
        apply_pending(interrupted, Rules(), progress=killed)
    except Killed:
        taken(interrupted, *LIFE)
    apply_pending(interrupted, Rules())
    assert tables(interrupted, without=OUR_CLOCK) == tables(whole, without=OUR_CLOCK)
    assert counts(interrupted).pending == 0


def test_killed_after_the_facts_the_customer_is_known_to_be_stale(ledger):
    """Between facts and movements a customer is stale, counted as pending, and rebuilt by the next run."""

    def killed(*_):
        raise Killed

    taken(ledger, subscribed(1))
    with pytest.raises(Killed):
        apply_pending(ledger, Rules(), progress=killed)
    assert (stale(ledger), counts(ledger).pending, movements(ledger)) == ({"cus_1": None}, 1, [])
    assert apply_pending(ledger, Rules()).applied == 0
    assert (stale(ledger), counts(ledger).pending, movements(ledger)) == ({}, 0, [("cus_1", "new", 5000)])


def test_other_rules_rebuild_everybody(ledger):
    """Rules other than last time make every customer anew; the old ones bring back what was."""
    applied(ledger, *LIFE, made(), granted(1), joined(3))
    before = books.movements(ledger)
    apply_pending(ledger, Rules(settle_minutes=0, discounts="none"))
    apply_pending(ledger, Rules(settle_minutes=3 * 24 * 60))
    assert movements(ledger) == [("cus_2", "new", 5000), ("cus_1", "new", 2000)]
    apply_pending(ledger, Rules())
    assert books.movements(ledger) == before


TABLED = Rules(roles={"price_1": "seat"}), Rules(price_changes=frozenset({("a", "b")}))


@pytest.mark.parametrize("rules", TABLED, ids=["a table", "a set"])
def test_the_same_rules_rebuild_nobody(ledger, rules):
    """Rules that say the same as last time leave everybody alone."""
    applied(ledger, *LIFE, rules=rules)
    written = ledger.connection.total_changes
    apply_pending(ledger, Rules(**{name: getattr(rules, name) for name in Rules.__dataclass_fields__}))
    assert ledger.connection.total_changes == written


ACCOUNTS = Rules(customer_key="metadata.account_id")
JOINED = [
    subscribed(1),
    subscribed(2, at=AT + DAY),
    joined(1, metadata={"account_id": "acme"}),
    joined(2, metadata={"account_id": "acme"}),
    subscribed(3),
    joined(3, metadata={"other": "acme"}),
]


def test_a_customer_key_joins_customers(ledger):
    """All Stripe customers that share the value of ``customer_key`` are one; who has none is its own."""
    applied(ledger, *JOINED, rules=ACCOUNTS)
    assert movements(ledger) == [("acme", "new", 5000), ("cus_3", "new", 5000), ("acme", "seat", 5000)]
    apply_pending(ledger, Rules())
    assert movements(ledger) == [("cus_1", "new", 5000), ("cus_3", "new", 5000), ("cus_2", "new", 5000)]


def test_customers_are_joined_in_any_order(fresh):
    """Whether the key or the subscription comes first does not matter."""
    one, other = fresh(), fresh()
    applied(one, *JOINED, rules=ACCOUNTS)
    for told in JOINED[::-1]:
        applied(other, told, rules=ACCOUNTS)
    assert tables(one, without=OUR_CLOCK) == tables(other, without=OUR_CLOCK)


def test_another_value_parts_a_customer(ledger):
    """A customer whose key changes takes all its history along; the account it left has none of it."""
    applied(ledger, *JOINED, rules=ACCOUNTS)
    applied(ledger, joined(2, at=AT + 9, metadata={"account_id": "umbrella"}), rules=ACCOUNTS)
    assert movements(ledger) == [("acme", "new", 5000), ("cus_3", "new", 5000), ("umbrella", "new", 5000)]
    applied(ledger, joined(1, at=AT + 10, metadata={"account_id": ""}), rules=ACCOUNTS)
    assert movements(ledger) == [("cus_1", "new", 5000), ("cus_3", "new", 5000), ("umbrella", "new", 5000)]
    assert stale(ledger) == {}


def test_a_late_word_of_an_old_key_changes_nothing(ledger):
    """A customer belongs where its newest event says, whatever comes last."""
    applied(ledger, subscribed(1), joined(1, at=AT + 9, metadata={"account_id": "umbrella"}), rules=ACCOUNTS)
    applied(ledger, joined(1, metadata={"account_id": "acme"}), rules=ACCOUNTS)
    assert movements(ledger) == [("umbrella", "new", 5000)]


def test_a_catalogue_event_rebuilds_whom_it_touches(ledger):
    """A product's name, a price's family, a coupon's terms: every customer it concerns is rebuilt, nobody else."""
    other = item(id="si_9", price=price(id="price_9", product="prod_9"))
    taken(ledger, *LIFE, subscribed(9, other))
    apply_pending(ledger, Rules())
    product = {"id": "prod_1", "object": "product", "name": "Pro", "metadata": {}}
    taken(ledger, body(product, "product.created", id="evt_product", created=AT))
    rebuilt = []
    apply_pending(ledger, Rules(), progress=lambda *_: rebuilt.append(stale(ledger)))
    assert {"cus_1", "cus_2"} == rebuilt[0].keys()
    reasons = {one.reason for one in books.movements(ledger, kind="new")}
    assert reasons == {"Starts with Pro × 5: 50.00 a month", "Starts with prod_9 × 5: 50.00 a month"}


def test_a_price_s_metadata_renames_the_past(ledger):
    """Plan families are as last known, for all history: what was an upgrade becomes a price change."""
    dearer = item(
        id="si_1", price={**item()["price"], "id": "price_2", "unit_amount": 2000, "unit_amount_decimal": "2000"}
    )
    swap = body(subscription(dearer), UPDATED, {"items": {"data": [item(id="si_1")]}}, id="evt_swap", created=AT + DAY)
    applied(ledger, subscribed(1), swap)
    assert movements(ledger)[1:] == [("cus_1", "upgrade", 5000)]
    family = {"metadata": {"upswell_plan": "pro"}, "at": AT + 2 * DAY}
    applied(ledger, priced(**family), priced(**family, id="price_2", unit_amount_decimal="2000", name="evt_price_2"))
    assert movements(ledger)[1:] == [("cus_1", "price_change", 5000)]


def test_movements_that_do_not_add_up_are_not_written(ledger, monkeypatch):
    """A breach fails loudly: the reason is kept as the customer's, its movements stay as they were, others go on."""
    applied(ledger, subscribed(1))
    before = books.movements(ledger)
    with monkeypatch.context() as patched:
        patched.setattr(
            "upswell.store.books.breaches", lambda found: ["1 is not 2"] if found[0].customer == "cus_1" else []
        )
        done = applied(ledger, moved(1, 5, 8, AT + DAY), subscribed(2, at=AT + 2 * DAY))
    assert (done.applied, done.failed) == (2, 1)
    assert stale(ledger) == {
        "cus_1": "cus_1: The movements of cus_1 do not add up (1 is not 2): please report this history"
    }
    assert done.reasons == tuple(stale(ledger).values())
    assert (counts(ledger).failed, counts(ledger).pending) == (1, 0)
    assert books.movements(ledger) == [*before, *books.movements(ledger, customer="cus_2")]
    assert retry(ledger, Rules()).failed == 0
    assert movements(ledger) == [("cus_1", "new", 5000), ("cus_1", "seat", 3000), ("cus_2", "new", 5000)]


def test_a_new_event_tries_a_customer_again(ledger, monkeypatch):
    """A customer that could not be rebuilt is tried again with its next event."""
    with monkeypatch.context() as patched:
        patched.setattr("upswell.store.books.breaches", lambda _: ["1 is not 2"])
        applied(ledger, subscribed(1))
    assert apply_pending(ledger, Rules()).failed == 1
    assert applied(ledger, moved(1, 5, 8, AT + DAY)).failed == 0
    assert movements(ledger) == [("cus_1", "new", 5000), ("cus_1", "seat", 3000)]


def test_books_refuse_what_does_not_add_up(ledger):
    """Opening + movements = closing, per customer and currency, in integers: this is checked on every write."""
    applied(ledger, subscribed(1), moved(1, 5, 8, AT + DAY))
    found = books.movements(ledger)
    with pytest.raises(InvariantError, match="cus_1 do not add up"), ledger.write() as connection:
        books.write_movements(connection, "cus_1", found[1:])
    assert books.movements(ledger) == found


def test_what_is_of_another_account_or_mode_is_ignored(ledger):
    """An event of another account or mode is stored with the reason, and never applied."""
    live = subscribed(2).replace(b'"type"', b'"livemode": true, "type"')
    connected = subscribed(3).replace(b'"type"', b'"account": "acct_9", "type"')
    done = applied(ledger, subscribed(1), live, connected)
    assert (done.applied, done.waiting, done.failed) == (1, 0, 0)
    assert event(ledger, "evt_sub_2")[0] == "ignored"
    assert "acct_9" in event(ledger, "evt_sub_3")[1]
    assert retry(ledger, Rules()).applied == 0
    assert movements(ledger) == [("cus_1", "new", 5000)]
    assert (counts(ledger).pending, counts(ledger).failed) == (0, 0)


def test_what_upswell_does_not_read_is_applied_and_says_nothing(ledger):
    """An event of an unknown type is stored and done with."""
    done = applied(ledger, body({"id": "ch_1", "object": "charge"}, "charge.succeeded", id="evt_charge"))
    assert (done.applied, event(ledger, "evt_charge")) == (1, ("applied", None))
    assert [name for name, rows in tables(ledger).items() if rows] == ["events", "jobs"]


def test_progress_is_told_until_all_is_done(ledger):
    """Whoever asks is told how much is done and how much there is to do, until nothing is left."""
    taken(ledger, *LIFE)
    seen = []
    apply_pending(ledger, Rules(), progress=lambda done, whole: seen.append((done, whole)))
    assert (5, 5) in seen
    assert seen[-1] == (2, 2)
