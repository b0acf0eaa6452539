"""Objects in the order of creation."""

from dataclasses import dataclass
from operator import itemgetter

import pytest

from upswell_connectors.fake_stripe.shelves import Shelf


@dataclass(frozen=True)
class Thing:
    """Something that was created once, of a kind."""

    created: int
    kind: str = "a"


def placed(shelf, *positions):
    """Return what is at all positions, or at those named."""
    return [shelf.at(position) for position in positions or shelf.positions()]


def test_positions_follow_creation_whatever_the_order_of_putting():
    """What is put in late stands where its creation belongs; at one second, in the order it was put in."""
    shelf = Shelf()
    for name, created in (("x", 5), ("y", 3), ("z", 5), ("w", 4)):
        shelf[name] = Thing(created, name)
    assert [thing.kind for thing in placed(shelf)] == ["y", "w", "x", "z"]
    assert [shelf.position(name) for name in "ywxz"] == [0, 1, 2, 3]
    assert (shelf.first_at(4), shelf.first_at(5), shelf.first_at(6)) == (1, 2, 4)


def test_a_changed_object_keeps_its_position():
    """Putting another value under an id that is there changes what stands at its position, and nothing else."""
    shelf = Shelf()
    shelf["x"], shelf["y"] = Thing(1), Thing(2)
    shelf["x"] = Thing(1, "b")
    assert placed(shelf) == [Thing(1, "b"), Thing(2)]


def test_what_is_deleted_keeps_its_position_and_its_last_state():
    """A deleted object stands nowhere, is still known, and others keep their positions; its id may be used again."""
    shelf = Shelf()
    shelf["x"], shelf["y"] = Thing(1), Thing(2)
    del shelf["x"]
    assert (placed(shelf), shelf.position("x"), shelf.known("x")) == ([None, Thing(2)], 0, Thing(1))
    shelf["x"] = Thing(3)
    assert (placed(shelf), shelf.position("x"), shelf.gone) == ([None, Thing(2), Thing(3)], 2, {})


def test_what_never_was_is_not_known():
    """An id that was never put in has neither a position nor a last state."""
    shelf = Shelf()
    for ask in (shelf.known, shelf.position):
        with pytest.raises(KeyError):
            ask("x")


def test_groups_grow_and_follow_a_new_order():
    """Positions by a field take in what comes later, also where it changes the order."""
    shelf = Shelf()
    shelf["x"] = Thing(5, "a")
    assert list(shelf.positions("kind", "b")) == []
    shelf["y"], shelf["z"] = Thing(6, "b"), Thing(7, "a")
    assert list(shelf.positions("kind", "a")) == [0, 2]
    shelf["w"] = Thing(1, "a")
    assert placed(shelf, *shelf.positions("kind", "a")) == [Thing(1, "a"), Thing(5, "a"), Thing(7, "a")]


def test_a_shelf_may_hold_anything_with_a_time():
    """How the time of creation is read is the shelf's to know."""
    shelf = Shelf(itemgetter("created"))
    shelf["x"] = {"created": 4}
    assert shelf.first_at(4) == 0
