"""Telling a long history again: what is not told twice, and what makes all be told anew."""

from dataclasses import replace

import pytest

from core.test_movements import AT, DAY, life
from core.values import catalogue, created, history, price, seats, subscription, updated
from upswell.core import movements
from upswell.core import recall as recalling
from upswell.core.recall import Recall
from upswell.core.rules import Rules
from upswell.core.usage import Billed

LONG = life(*((AT + day * DAY, seats(1 + day % 7)) for day in range(200)))
ALL = movements.movements(history(*LONG), Rules())
QUOTED = Billed("in_1", "", "sub_1", "", AT, AT, 0, "usd", "quote_accept", AT, AT, voided=False)


@pytest.fixture
def walks(monkeypatch):
    """The walks that are made, as a list that grows."""
    made, walk = [], movements.walk
    monkeypatch.setattr(movements, "walk", lambda *given: made.append(given) or walk(*given))
    return made


@pytest.fixture
def recall(walks):
    """A recall that has told all but the last change."""
    found = Recall()
    found.movements(history(*LONG[:-1]), Rules())
    walks.clear()
    return found


def test_what_was_told_is_not_told_again(recall, walks):
    """One more change of a long history costs its own group, and those since the last mark; not the whole."""
    assert recall.movements(history(*LONG), Rules()) == ALL
    assert len(walks) <= 33


def test_what_is_asked_again_is_told_the_same(recall):
    """However often it is gone on from one mark, that mark stays as it was."""
    for _ in range(3):
        assert recall.movements(history(*LONG), Rules()) == ALL


def test_what_comes_late_changes_what_followed(recall):
    """A change that comes late is in all that is told from its moment on."""
    late = updated(AT + 20 * DAY + 3_600, LONG[20].after, seats(50), "evt_late")
    states = [*LONG[:21], late, *LONG[21:]]
    told = recall.movements(history(*states), Rules())
    assert told == movements.movements(history(*states), Rules())
    assert (told[21].cause, told[21].quantity_to) == ("evt_late", 50)


def test_what_comes_late_is_told_from_the_mark_before_it(recall, walks):
    """A change that comes late, a month back, is told from the last mark before it."""
    late = updated(AT + 170 * DAY + 3_600, LONG[170].after, LONG[170].after, "evt_late")
    states = [*LONG[:171], late, *LONG[171:]]
    assert recall.movements(history(*states), Rules()) == ALL
    assert len(walks) <= 65


def test_what_comes_in_the_second_of_the_last_one_known_is_told_with_it(monkeypatch):
    """Several events of one second are one moment, whenever they come."""
    monkeypatch.setattr(recalling, "_EVERY", 1)
    again = Recall()
    again.movements(history(*LONG[:5]), Rules())
    states = [*LONG[:5], created(LONG[4].created, subscription(price(), name="sub_2"), "evt_a")]
    assert again.movements(history(*states), Rules()) == movements.movements(history(*states), Rules())


DIFFERENT = {
    "other rules": ({}, Rules(settle_minutes=5)),
    "another catalogue": ({"catalogue": catalogue(pro="Professional")}, Rules()),
    "an accepted quote": ({"billed": [QUOTED]}, Rules()),
}


@pytest.mark.parametrize(("more", "rules"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_concerns_all_is_told_anew(recall, walks, more, rules):
    """Rules, names, roles and quotes concern every movement: where they are others, nothing is recalled."""
    assert recall.movements(history(*LONG, **more), rules) == movements.movements(history(*LONG, **more), rules)
    assert len(walks) == 400


def test_another_customer_is_told_anew(recall):
    """Movements of the same events are another customer's once the rules say whose they are."""
    moved = replace(history(*LONG), customer="cus_2")
    assert recall.movements(moved, Rules()) == movements.movements(moved, Rules())


def test_a_telling_that_failed_is_not_recalled(recall, walks, monkeypatch):
    """Where telling fails half way, the next one begins at the beginning."""

    def fail(*_):
        raise LookupError("price_1")

    with monkeypatch.context() as patch:
        patch.setattr(movements, "walk", fail)
        with pytest.raises(LookupError):
            recall.movements(history(*LONG), Rules())
    assert recall.movements(history(*LONG), Rules()) == ALL
    assert len(walks) == 200


def test_what_goes_on_from_there_is_told_from_the_last_mark(recall, walks):
    """States laid after what was told cost their own groups, and those since the last mark; nothing is remembered."""
    same, told = recall.beyond(history(*LONG), Rules())
    beyond = [movement for chapter in told for movement in chapter.movements]
    assert ALL[same:] == beyond
    assert 0 < len(beyond) <= len(walks) <= 33
    assert recall.movements(history(*LONG[:-1]), Rules()) == ALL[:-1]


def test_without_a_telling_before_all_is_told_anew(walks):
    """Nothing is in common with what was not told, or failed."""
    same, told = Recall().beyond(history(*LONG), Rules())
    assert (same, [movement for chapter in told for movement in chapter.movements]) == (0, ALL)
