"""What is told at once of one customer's movements, as pure functions of what was told before."""

from dataclasses import replace

from booked import at, movements
from hypothesis import given
from hypothesis import strategies as st

from upswell.core.booking import UNDATED
from upswell.core.kinds import Movement
from upswell.report.announcing import GRACE_SECONDS, LATEST_SECONDS, RECORDED, RESTATED, Announcement, News, news

HOUR, DAY = 3600, 86_400
TEN = at("2026-11-10T10:00")
CLOSED = TEN + HOUR + GRACE_SECONDS
(UPGRADE,) = movements("2026-11-10T10:00 cus_1 upgrade +2000")


def told_of(*found: Movement, told=None, now=CLOSED, since=0, settle_minutes=60) -> News:
    """Return the news of these movements."""
    return news(found, told or {}, now=now, since=since, settle_minutes=settle_minutes)


def test_a_movement_is_told_once_its_group_has_closed():
    """Until an hour and a moment after it, an event may still join: it is looked at again then, and told."""
    assert told_of(UPGRADE, now=CLOSED - 1) == News((), CLOSED)
    assert told_of(UPGRADE) == News((Announcement(RECORDED, None, UPGRADE),))


def test_without_a_settle_window_only_the_way_is_waited_for():
    """With settle_minutes = 0 each change stands alone; an event may be a moment on its way all the same."""
    assert told_of(UPGRADE, now=TEN + GRACE_SECONDS, settle_minutes=0).announcements
    assert not told_of(UPGRADE, now=TEN + GRACE_SECONDS - 1, settle_minutes=0).announcements


def test_what_was_told_is_not_told_again():
    """The same movement, with other words or another place in the balance, is no news."""
    again = replace(UPGRADE, reason="Pro → Scale", mrr_before=500, mrr_after=2500, source="reconstructed")
    assert told_of(again, told={UPGRADE.id: UPGRADE}) == News(())


def test_nothing_from_before_is_told():
    """What happened before anybody was told at once is not told, and neither is what becomes known a month late."""
    assert told_of(UPGRADE, since=TEN + 1) == News(())
    assert told_of(UPGRADE, now=TEN + LATEST_SECONDS + 1) == News(())
    assert told_of(UPGRADE, now=TEN + LATEST_SECONDS).announcements


def test_what_nothing_dates_is_not_told():
    """A gap that a backfill or `upswell reconcile --heal` closes is dated to when it was found: that is no news."""
    assert told_of(replace(UPGRADE, reason=f"5 → 8 seats{UNDATED}")) == News(())


def test_what_nothing_dates_stands_in_no_place():
    """A late event shows a gap before the change that was told: the change as it is takes its place, not the gap."""
    gap = replace(UPGRADE, id="mov_gap", kind="downgrade", amount=-500, reason=f"5 → 3 seats{UNDATED}")
    late = replace(UPGRADE, id="mov_late", cause="evt_late", occurred_at=TEN + 20, amount=500)
    found = told_of(gap, late, told={UPGRADE.id: UPGRADE}, now=CLOSED + 20)
    assert found == News((Announcement(RESTATED, UPGRADE, late),))


def test_what_lies_ahead_is_told_when_it_has_happened():
    """The known end of a discount is booked ahead, and told once its date is over."""
    assert told_of(UPGRADE, now=TEN - 30 * DAY) == News((), CLOSED)


def test_another_amount_is_a_restatement():
    """It says what was told and what is so; the next look finds nothing new."""
    now = replace(UPGRADE, amount=1500, mrr_after=1500)
    assert told_of(now, told={UPGRADE.id: UPGRADE}) == News((Announcement(RESTATED, UPGRADE, now),))


def test_what_is_gone_is_restated_as_nothing_and_may_come_back():
    """An event that undoes a told upgrade takes it away; should it be there again, that is told too."""
    assert told_of(told={UPGRADE.id: UPGRADE}) == News((Announcement(RESTATED, UPGRADE, None),))
    assert told_of(told={UPGRADE.id: None}) == News(())
    assert told_of(UPGRADE, told={UPGRADE.id: None}) == News((Announcement(RESTATED, None, UPGRADE),))


def test_another_kind_takes_the_place_of_what_was_told():
    """A kind is part of the id: the movement of that item by that cause is its heir, and not told by itself too."""
    now = replace(UPGRADE, id="mov_other", kind="price_change", driver="price")
    assert told_of(now, told={UPGRADE.id: UPGRADE}) == News((Announcement(RESTATED, UPGRADE, now),))


def test_another_id_alone_is_told_too():
    """What an invoice told, an event tells later, by another id: whoever keeps movements by their ids must know."""
    now = replace(UPGRADE, id="mov_event", cause="evt_1", source="observed")
    (one,) = told_of(now, told={UPGRADE.id: UPGRADE}).announcements
    assert one == Announcement(RESTATED, UPGRADE, now)
    assert one.is_renamed
    assert not Announcement(RESTATED, UPGRADE, replace(now, amount=1, mrr_after=1)).is_renamed
    assert not Announcement(RESTATED, UPGRADE, None).is_renamed


def test_who_stands_in_its_place_may_be_old():
    """What was told is followed for longer than new things are told: it is not taken for gone after a month."""
    now = replace(UPGRADE, id="mov_event", cause="evt_9")
    later = told_of(now, told={UPGRADE.id: UPGRADE}, now=TEN + 60 * DAY)
    assert later == News((Announcement(RESTATED, UPGRADE, now),))
    assert told_of(now, now=TEN + 60 * DAY) == News(())


def test_a_late_event_of_the_same_group_is_one_restatement():
    """A group bears its last change's cause: what is told of it then comes under another id, once it has closed."""
    late = replace(UPGRADE, id="mov_late", cause="evt_late", occurred_at=TEN + HOUR // 2, amount=2500, mrr_after=2500)
    assert told_of(late, told={UPGRADE.id: UPGRADE}) == News((), CLOSED + HOUR // 2)
    later = told_of(late, told={UPGRADE.id: UPGRADE}, now=CLOSED + HOUR // 2)
    assert later == News((Announcement(RESTATED, UPGRADE, late),))


def test_what_was_told_and_moves_ahead_is_taken_back():
    """A discount that was to end and is extended: what was told has not happened, and is told at its new time."""
    ahead = replace(UPGRADE, occurred_at=TEN + 30 * DAY)
    assert told_of(ahead, told={UPGRADE.id: UPGRADE}) == News(
        (Announcement(RESTATED, UPGRADE, None),), CLOSED + 30 * DAY
    )
    back = told_of(ahead, told={UPGRADE.id: None}, now=CLOSED + 30 * DAY)
    assert back == News((Announcement(RESTATED, None, ahead),))


def test_what_was_told_and_happens_again_just_now_is_waited_for():
    """While the group that it is in now is open, nothing is said of it."""
    moved = replace(UPGRADE, occurred_at=TEN + 2 * HOUR)
    assert told_of(moved, told={UPGRADE.id: UPGRADE}, now=TEN + 2 * HOUR) == News((), CLOSED + 2 * HOUR)


ITEMS = st.sampled_from(["si_1", "si_2"])
MOMENTS = st.integers(0, 12).map(lambda quarter: TEN + quarter * HOUR // 4)
ONE = st.builds(
    lambda item, cause, kind, moment, amount: replace(
        UPGRADE, id=f"{cause}_{kind}_{item}", item=item, cause=cause, occurred_at=moment, amount=amount, kind=kind
    ),
    *(ITEMS, st.sampled_from(["evt_1", "evt_2"]), st.sampled_from(["upgrade", "price_change"])),
    *(MOMENTS, st.integers(1, 2)),
)
"""As an id is made: of cause, kind and item."""

LEDGERS = st.lists(ONE, max_size=4, unique_by=lambda one: one.id)


@given(steps=st.lists(st.tuples(LEDGERS, st.integers(0, 3 * HOUR)), max_size=8), since=MOMENTS)
def test_who_follows_what_is_told_has_the_ledger(steps, since):
    """However often and however late movements change, each id is recorded once at most, and nothing from before is.

    In the end a receiver that applies all it was told holds what happened, and nothing else.
    """
    told, held, recorded, now = {}, {}, [], TEN
    last = steps[-1][0] if steps else []
    for found, seconds in [*steps, (last, 0), (last, 2 * DAY), (last, 0)]:
        now += seconds
        for one in told_of(*found, told=told, now=now, since=since).announcements:
            if one.type == RECORDED:
                recorded.append(one.subject.id)
                assert one.was is None
                assert one.subject.occurred_at >= since
            if one.was:
                told[one.was.id] = None
                held.pop(one.was.id)
            if one.now:
                assert one.now.id not in held
                assert one.now.occurred_at <= now - HOUR - GRACE_SECONDS
                told[one.now.id] = held[one.now.id] = one.now
    assert len(recorded) == len(set(recorded))
    wanted = {one.id: one for one in last if one.occurred_at >= since or one.id in told}
    assert held == wanted
