"""What holds for every life: any order, any number of times, in any parts, the same ledger; and it adds up.

The default run takes seconds; ``UPSWELL_DEEP=3000 pytest tests/scenarios/test_properties.py`` looks that much further.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Sequence

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from scenarios.histories import Step, lived, steps
from scenarios.runner import Batches, replayed
from scenarios.story import keep_the_books, told
from scenarios.streams import SHAPES, Json, instant

DEEP = int(os.environ.get("UPSWELL_DEEP", "0"))
MOST = 30 if DEEP else 14
slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
patient = settings(
    max_examples=DEEP or 40, deadline=None, derandomize=not DEEP, database=None, suppress_health_check=slow
)

shapes, seeds = st.sampled_from(sorted(SHAPES)), st.integers(0, 2**20)


def arrivals(events: Sequence[Json], seed: int) -> Batches:
    """Return ``events`` in some order, some of them twice, cut into some batches."""
    chance = random.Random(seed)
    mixed = [*events, *chance.choices(events, k=len(events) // 2)]
    chance.shuffle(mixed)
    cuts = sorted(chance.choices(range(len(mixed) + 1), k=chance.randrange(4)))
    return [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]


def same_in_any_order(events: Sequence[Json], seed: int, config: str = "") -> list[Json]:
    """Replay events in order and in a random way, check that nothing differs, and return the movements."""
    for event in events:
        note(f"{event['created']} {event['id']} {event['type']} {event['data']['object']['id']}")
    lines = replayed([events], config)
    assert replayed([events[::-1]], config) == lines
    assert replayed(arrivals(events, seed), config) == lines
    movements = [json.loads(line) for line in lines]
    for movement in movements:
        note(f"{movement['occurred_at']} {told(movement)} {movement['driver']}: {movement['reason']}")
    return movements


def one_life(movements: Sequence[Json]) -> None:
    """Check that a customer is new once, first, and between churns and reactivations goes on."""
    assert [one["kind"] for one in movements[:1]] in ([], ["new"]), "something came before new"
    gone = None
    for one in movements:
        if gone and (one["kind"], one["occurred_at"]) != ("churn", gone):  # one churn a currency, at one instant
            assert one["kind"] == "reactivation", f"{told(one)} after churn"
        gone = one["occurred_at"] if one["kind"] == "churn" else None


def closing(movements: Sequence[Json]) -> dict[str, int]:
    """Return opening + movements by currency."""
    total: Counter[str] = Counter()
    for movement in movements:
        total[movement["currency"]] += movement["amount"]
    return {code: amount for code, amount in total.items() if amount}


@patient
@given(shapes, steps(most=MOST), seeds)
def test_any_order_gives_the_same_movements_and_they_add_up(shape: str, drawn: list[Step], seed: int) -> None:
    """Applying the same events in any order, any number of times, gives the same ledger.

    The differences add up to exactly MRR after − MRR before.

    webhooks and recorded events: to the first one received; every change, exactly.
    """
    life = lived(shape, drawn)
    movements = same_in_any_order(life.story.events, seed)
    keep_the_books(movements)
    one_life(movements)
    assert closing(movements) == life.worth()
    for now, worth in life.quiet:
        assert closing([one for one in movements if instant(one["occurred_at"][:-1]) < now]) == worth, f"before {now}"


@patient
@given(shapes, steps(metered=True, most=MOST), seeds)
def test_usage_and_accounts_come_in_any_order(shape: str, drawn: list[Step], seed: int) -> None:
    """Applying the same events in any order, any number of times, gives the same ledger.

    `driver` is one of `plan`, `add_on`, `seats`, `usage`, `price`, `discount`, `term` and `status`.

    Kind and sign agree: only the kinds of the price group go both ways.
    """
    life = lived(shape, drawn, metered=True)
    movements = same_in_any_order(life.story.events, seed, '[rules]\ncustomer_key = "metadata.account_id"\n')
    keep_the_books(movements)
    for customer in {movement["customer"] for movement in movements}:
        one_life([movement for movement in movements if movement["customer"] == customer])


@patient
@given(steps(metered=True, most=MOST))
def test_every_shape_tells_the_same_life(drawn: list[Step]) -> None:
    """What an event says is read by what is present in it, never by the name of its API version."""
    told_in = {shape: replayed([lived(shape, drawn, metered=True).story.events]) for shape in SHAPES}
    for shape, lines in told_in.items():
        note(f"{shape}: " + "; ".join(lines))
    assert len(set(told_in.values())) == 1


@patient
@given(shapes, steps(most=MOST), seeds, st.sets(st.integers(0, 20), max_size=4))
def test_what_was_missed_does_not_hang_on_the_order(shape: str, drawn: list[Step], seed: int, lost: set[int]) -> None:
    """What cannot be chained is settled by event id and marked."""
    events = lived(shape, drawn).story.events
    of_subscriptions = [event for event in events if event["type"].startswith("customer.subscription.")]
    missed = [event["id"] for place, event in enumerate(of_subscriptions) if place in lost]
    movements = same_in_any_order([event for event in events if event["id"] not in missed], seed)
    keep_the_books(movements)
    one_life(movements)
