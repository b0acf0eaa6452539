"""Pages of lists against what looking at everything gives."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from upswell_connectors.fake_stripe.pages import page
from upswell_connectors.fake_stripe.queries import Query
from upswell_connectors.fake_stripe.shelves import Shelf


@dataclass(frozen=True)
class Thing:
    """Something that was created once and belongs to somebody."""

    id: str
    created: int
    owner: str
    shown: bool


THINGS = st.lists(
    st.builds(
        lambda created, owner, shown, gone: (created, owner, shown, gone),
        st.integers(0, 6),
        st.sampled_from("ab"),
        st.booleans(),
        st.booleans(),
    ),
    max_size=14,
)


def shelved(things):
    """Return a shelf of things put in as they come, some deleted again; and what is left, newest first."""
    shelf, left = Shelf(), []
    for number, (created, owner, shown, gone) in enumerate(things):
        shelf[str(number)] = thing = Thing(str(number), created, owner, shown)
        left += [] if gone else [thing]
    for number, (*_, gone) in enumerate(things):
        if gone:
            del shelf[str(number)]
    return shelf, sorted(left, key=lambda thing: thing.created)[::-1]


def walked(shelf, cursor, step, **asked):
    """Return the pages that follow one another from a cursor, or from the newest object, by one of the two steps."""
    pages, more = [], True
    while more:
        query = Query(**asked["query"], **{step: cursor})
        part, more = page(shelf, query, "thing", lambda thing: thing.shown, asked["group"])
        assert len(part) == query.limit if more else len(part) <= query.limit
        pages.append(part)
        cursor = part and part[0 if step == "ending_before" else -1].id
    return pages


@settings(deadline=None, derandomize=True, database=None)
@given(THINGS, st.integers(1, 5), st.integers(0, 7), st.integers(0, 7), st.sampled_from([None, "a"]))
def test_pages_in_a_row_are_the_list(things, limit, since, until, owner):
    """Page by page, a list is what its bounds, its owner and what may be shown leave of all, also from its end back."""
    shelf, left = shelved(things)
    asked = {"query": {"limit": limit, "since": since, "until": until}, "group": owner and ("owner", owner)}
    of_owner = [thing for thing in left if owner in (None, thing.owner)]
    wanted = [thing for thing in of_owner if since <= thing.created < until and thing.shown]
    forwards = walked(shelf, None, "starting_after", **asked)
    assert [thing for part in forwards for thing in part] == wanted
    if wanted:
        backwards = walked(shelf, wanted[-1].id, "ending_before", **asked)
        assert [thing for part in backwards[::-1] for thing in part] == wanted[:-1]


@settings(deadline=None, derandomize=True, database=None)
@given(THINGS, st.data())
def test_every_object_is_a_cursor(things, data):
    """After an object come those that lie behind it, before it those in front of it, deleted or not."""
    shelf, left = shelved(things)
    if not things:
        return
    chosen = data.draw(st.sampled_from(sorted(shelf.keys() | shelf.gone.keys())))
    place = shelf.position(chosen)
    query = {"limit": 100, "since": 0, "until": 10}
    after, _ = page(shelf, Query(starting_after=chosen, **query), "thing", lambda _: True)
    before, _ = page(shelf, Query(ending_before=chosen, **query), "thing", lambda _: True)
    assert after == [thing for thing in left if shelf.position(thing.id) < place]
    assert before == [thing for thing in left if shelf.position(thing.id) > place]
