"""Raising and clearing: nobody is told of twice within the cooldown."""

from fractions import Fraction
from itertools import pairwise

from core.values import calm
from hypothesis import given
from hypothesis import strategies as st

from upswell.signals.raising import OVER, decide
from upswell.signals.signs import Look
from upswell.signals.terms import DAY, Sign, Terms

TERMS = Terms()
SEATS, RENEWAL = (Sign(name, "sub_1", f"{name} is so", Fraction(1)) for name in ("seat_limit", "renewal"))


def after(*looks, terms=TERMS):
    """Return all signals of a customer after looks: (day, signs) or (day, why nobody is to be told of it)."""
    held = {}
    for day, found in looks:
        seen = Look((SEATS,), found) if isinstance(found, str) else Look(tuple(found), None)
        held |= {one.id: one for one in decide("cus_1", seen, list(held.values()), day * DAY, terms)}
    return list(held.values())


def raised(*looks, **more):
    """Return (signal, day raised, day cleared) of each."""
    return [
        (one.signal, one.raised_at // DAY, one.cleared_at and one.cleared_at // DAY) for one in after(*looks, **more)
    ]


def test_a_sign_is_raised_once_and_stands():
    """As long as the sign is there, it is one signal."""
    assert raised((1, [SEATS]), (2, [SEATS]), (90, [SEATS])) == [("seat_limit", 1, None)]


def test_a_signal_is_cleared_when_its_sign_is_gone():
    """It is over, and says so."""
    (one,) = after((1, [SEATS]), (3, []))
    assert (one.cleared_at // DAY, one.cleared_because) == (3, OVER)


def test_a_signal_is_cleared_by_what_speaks_against_it():
    """The reason is that of the restraint."""
    (one,) = after((1, [SEATS]), (3, "a cancellation is scheduled"))
    assert one.cleared_because == "a cancellation is scheduled"


def test_nothing_is_raised_against_a_restraint():
    """Who must not be told of has no signal."""
    assert raised((1, "a customer since today")) == []


def test_within_the_cooldown_nothing_is_raised_anew():
    """30 days after the last signal, and not before, another one is raised, or the same one again."""
    assert raised((1, [SEATS]), (2, []), (30, [SEATS]), (31, [SEATS])) == [
        ("seat_limit", 1, 2),
        ("seat_limit", 31, None),
    ]
    assert raised((1, [SEATS]), (5, [SEATS, RENEWAL])) == [("seat_limit", 1, None)]
    assert raised((1, [SEATS]), (31, [SEATS, RENEWAL])) == [("seat_limit", 1, None), ("renewal", 31, None)]


def test_several_signs_at_once_are_one_telling():
    """What is seen at the same moment is raised at the same moment, under one score."""
    held = after((1, [RENEWAL, SEATS]))
    assert [(one.raised_at, one.score) for one in held] == [(DAY, 45)] * 2
    assert sum(one.points for one in held) == 45


def test_the_cooldown_is_the_configuration_s():
    """``cooldown_days`` of 0 lets the same signal be raised the next day."""
    assert len(raised((1, [SEATS]), (2, []), (3, [SEATS]), terms=Terms(cooldown_days=0))) == 2


def test_evidence_is_of_the_last_look():
    """What stands is told as it is now, under the id and the time it was raised with."""
    (first,) = after((1, [SEATS]))
    (later,) = after((1, [SEATS]), (2, [Sign("seat_limit", "sub_1", "more", Fraction(1, 2))]))
    assert (later.id, later.raised_at, later.evidence, later.points) == (first.id, DAY, "more", 15)


looks = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([[], [SEATS], [RENEWAL], [SEATS, RENEWAL], "no"])))


@calm
@given(looks)
def test_tellings_are_a_cooldown_apart_whatever_is_seen(seen):
    """However signs come and go, two moments at which a customer is told of are 30 days apart or more."""
    held = after(*sorted(seen, key=lambda one: one[0]))
    days = sorted({one.raised_at // DAY for one in held})
    assert all(later - earlier >= TERMS.cooldown_days for earlier, later in pairwise(days))
    assert len({one.id for one in held}) == len(held)


@calm
@given(looks)
def test_looking_twice_changes_nothing(seen):
    """A look that is made again, as after a restart, writes nothing."""
    ordered = sorted(seen, key=lambda one: one[0])
    doubled = [one for one in ordered for _ in range(2)]
    if len({day for day, _ in ordered}) == len(ordered):
        assert after(*doubled) == after(*ordered)
