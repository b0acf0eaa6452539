"""Order and duplicates over real HTTP: however events come in, the ledger is the same, byte for byte."""

import random

import pytest
from loading import Senders
from receiving import stored
from serving import until
from undisturbed import name, settled, undisturbed, webhooks, written


def shuffled(bodies, chance):
    """Return all of ``bodies`` in a random order, half of them twice."""
    mixed = [*bodies, *chance.sample(bodies, len(bodies) // 2)]
    chance.shuffle(mixed)
    return mixed


@pytest.mark.parametrize(("seed", "second"), [("one", 1), ("two", 3600)], ids=["as they happened", "all in one second"])
def test_any_order_over_sixteen_connections_ends_in_the_same_ledger(launch, tmp_path, seed, second):
    """Shuffled, doubled, in the same second, through 16 connections: the ledger is that of an undisturbed run."""
    bodies = webhooks(30, seed=seed, second=second)
    served = launch().ready()
    with Senders(served.port, shuffled(bodies, random.Random(seed)), 16) as senders:
        pass
    assert {code for _, code in senders.codes} == {200}
    assert stored(served.ledger).keys() == {name(body) for body in bodies}
    until(lambda: settled(served.ledger))
    assert written(served.ledger) == undisturbed(tmp_path / "undisturbed.db", bodies)
