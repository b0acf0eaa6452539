"""The score is made of visible parts that add up."""

from fractions import Fraction

from core.values import calm
from hypothesis import given
from hypothesis import strategies as st

from upswell.signals.score import parts, total
from upswell.signals.signs import SIGNALS
from upswell.signals.terms import WEIGHTS, Sign

signs = st.lists(
    st.builds(
        Sign,
        signal=st.sampled_from(sorted(SIGNALS)),
        subject=st.sampled_from(["si_1", "si_2", "sub_1"]),
        evidence=st.just("why"),
        strength=st.fractions(0, 1, max_denominator=50),
    ),
    unique_by=lambda sign: (sign.signal, sign.subject),
)
weights = st.fixed_dictionaries({name: st.integers(0, 100) for name in WEIGHTS})


def test_every_signal_has_a_weight():
    """What can be told has points by default, and nothing else has."""
    assert set(SIGNALS) == set(WEIGHTS)


@calm
@given(signs, weights)
def test_the_score_is_the_sum_of_its_parts_from_0_to_100(found, points):
    """Whatever the signs and weights are: every sign has one part, none below 0 or above its weight."""
    held = parts(found, points)
    assert sorted(map(repr, (part.sign for part in held))) == sorted(map(repr, found))
    assert 0 <= total(held) == sum(part.points for part in held) <= 100
    assert all(0 <= part.points <= points[part.sign.signal] for part in held)


@calm
@given(signs, weights, st.randoms(use_true_random=False))
def test_the_order_in_which_signs_are_found_does_not_matter(found, points, chance):
    """The same signs have the same parts."""
    shuffled = chance.sample(found, len(found))
    assert parts(shuffled, points) == parts(found, points)


def sign(signal, strength, subject="si_1"):
    """Return a sign of so many hundredths."""
    return Sign(signal, subject, "why", Fraction(strength, 100))


def test_a_signal_counts_once():
    """Of several signs of one signal, the strongest gives its points."""
    held = parts([sign("seat_limit", 50), sign("seat_limit", 100, "si_2")], WEIGHTS)
    assert [(part.sign.subject, part.points) for part in held] == [("si_2", 30), ("si_1", 0)]


def test_nothing_is_added_beyond_100():
    """The last part is what is left of 100."""
    heavy = dict.fromkeys(WEIGHTS, 60)
    held = parts([sign("renewal", 100), sign("seats_added", 90)], heavy)
    assert [part.points for part in held] == [60, 40]
