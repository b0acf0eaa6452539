"""Reading lists whole: every object once, whenever it was created, and however the work is divided."""

import json
import threading
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upswell.errors import Refused, Unreachable
from upswell_connectors.client import Answer
from upswell_connectors.lists import Listing, read, read_each
from upswell_connectors.windows import BEGINNING, PAGE, Window

NOW = 1_790_000_000
THINGS = Listing("/v1/things")


class Shelf:
    """Answers as a client does, out of a list of times; objects are named by their place in it."""

    rate = 1000.0

    def __init__(self, times):
        self.objects = [{"id": f"t_{place}", "created": created} for place, created in enumerate(times)]
        self.asked = []
        self.before = lambda _number: None
        self._lock = threading.Lock()

    def read(self, _path, params, take):
        """Return the page that ``params`` ask for."""
        with self._lock:
            self.asked.append(params)
            self.before(len(self.asked))
            return take(Answer(json.dumps(self.page(params)).encode(), NOW, 0.01))

    def page(self, params):
        """Return newest first, ties by the order of adding, as many as asked for."""
        found = sorted(self.objects, key=lambda one: -one["created"])
        if cursor := params.get("starting_after"):
            place = next((place for place, one in enumerate(found) if one["id"] == cursor), None)
            if place is None:
                raise Refused("no such object", status=400, param="starting_after")
            found = found[place + 1 :]
        since, until = params.get("created[gte]", 0), params.get("created[lt]", 2**40)
        found = [one for one in found if since <= one["created"] < until]
        return {"data": found[: params["limit"]], "has_more": len(found) > params["limit"]}


def names(pages):
    """Return the ids on ``pages``."""
    return [found["id"] for page in pages for found in page.objects(None)]


SECONDS = st.integers(BEGINNING - 10_000, NOW)
CROWDED = st.tuples(SECONDS, st.integers(1, 350)).map(lambda found: [found[0]] * found[1])
SPREAD = st.tuples(SECONDS, st.integers(1, 400_000), st.integers(1, 350)).map(
    lambda found: [found[0] + found[1] * number for number in range(found[2])]
)
TIMES = st.lists(CROWDED | SPREAD, max_size=5).map(lambda parts: [time for part in parts for time in part])


@settings(deadline=None, max_examples=60)
@given(times=TIMES, floor=st.sampled_from([BEGINNING, NOW - 86_400, NOW + 86_400, 0]))
def test_every_object_is_read_once(times, floor):
    """Whatever their times are, many in one second among them, and wherever the list was believed to begin."""
    shelf = Shelf(times)
    found = names(read(shelf, THINGS, [Window()], floor))
    assert sorted(found) == sorted(one["id"] for one in shelf.objects)


@settings(deadline=None, max_examples=40)
@given(times=TIMES, seed=st.integers(0, 1000), when=st.integers(1, 20))
def test_what_appears_while_reading_disturbs_nothing(times, seed, when):
    """New objects come first in a list: those that were there are read once all the same, and new ones at most once."""
    shelf, new = Shelf(times), Random(seed)
    there = [one["id"] for one in shelf.objects]

    def appear(number):
        if number >= when:
            shelf.objects.append({"id": f"new_{number}", "created": NOW + new.randrange(5)})

    shelf.before = appear
    found = names(read(shelf, THINGS, [Window()]))
    assert len(found) == len(set(found))
    assert set(there) <= set(found)


@settings(deadline=None, max_examples=40)
@given(times=TIMES, pages=st.integers(0, 30))
def test_reading_goes_on_from_what_is_left(times, pages):
    """Ended after any page, what is left by then is exactly the rest."""
    shelf = Shelf(times)
    left, found = [Window()], []
    reading = read(shelf, THINGS, left)
    for _, page in zip(range(pages), reading, strict=False):
        left.remove(page.window)
        left.extend(page.left)
        found += names([page])
    reading.close()
    found += names(read(shelf, THINGS, left))
    assert sorted(found) == sorted(one["id"] for one in shelf.objects)


class Undivided(Shelf):
    """A list that cannot be cut by time."""

    def page(self, params):
        """Return a page without regard to ``created``."""
        return super().page({name: value for name, value in params.items() if "created" not in name})


def test_a_list_that_cannot_be_cut_by_time_is_read_from_the_top():
    """An API that takes no notice of ``created`` costs a few requests in vain, and every object is read."""
    shelf = Undivided(NOW - 1000 * number for number in range(5000))
    found = names(read(shelf, THINGS, [Window()], NOW - 5_000_000))
    assert sorted(found) == sorted(one["id"] for one in shelf.objects)
    assert len(shelf.asked) < 70


def test_a_deleted_cursor_loses_nothing():
    """Where the last object that was read is deleted meanwhile, its second is read again and reading goes on."""
    shelf = Shelf([NOW - place // 3 for place in range(1000)])
    shelf.rate = 1.0
    there = {one["id"] for one in shelf.objects}

    def delete(number):
        if number == 4:
            shelf.objects = [one for one in shelf.objects if one["id"] not in {"t_99", "t_199", "t_299", "t_399"}]

    shelf.before = delete
    found = names(read(shelf, THINGS, [Window()], NOW))
    assert there - {"t_99", "t_199", "t_299", "t_399"} <= set(found)
    assert len(found) - len(set(found)) < 5


def test_a_short_list_is_one_request():
    """A list that fits one page is asked for once, and one of three pages costs hardly more than three requests."""
    shelf = Shelf(range(NOW - PAGE, NOW))
    names(read(shelf, THINGS, [Window()]))
    assert len(shelf.asked) == 1
    longer = Shelf(range(NOW - 3 * PAGE, NOW))
    names(read(longer, THINGS, [Window()], NOW - 3 * PAGE))
    assert len(longer.asked) <= 4


@pytest.mark.parametrize("spread", [1, 97, 40_000], ids=["dense", "hours", "years"])
@pytest.mark.parametrize(("known", "extra"), [(True, 20), (False, 60)], ids=["known", "unknown"])
def test_a_long_list_costs_few_requests_more_than_its_pages(spread, known, extra):
    """Dividing a list costs a part of a page at the edge of each window, and a few requests to find its beginning."""
    shelf = Shelf(NOW - number * spread for number in range(10_000))
    shelf.rate = 300.0
    floor = NOW - 10_000 * spread if known else BEGINNING
    assert len(names(read(shelf, THINGS, [Window()], floor))) == 10_000
    assert 100 <= len(shelf.asked) <= 100 + extra


def test_an_error_is_raised_behind_what_was_read():
    """Pages that came before something went wrong are handed over, and then the error is raised."""
    shelf = Shelf(range(NOW - 1000, NOW))

    def fail(number):
        if number == 3:
            raise Unreachable("nobody answers")

    shelf.before = fail
    found = []
    with pytest.raises(Unreachable, match="nobody answers"):
        found.extend(names([page]) for page in read(shelf, THINGS, [Window()]))
    assert len(found) >= 2


class Nested(Shelf):
    """Invoices that carry ten lines, and where the rest of them is."""

    def read(self, path, params, take):
        """Return a page of invoices, or of lines."""
        if path == THINGS.path:
            return super().read(path, params, take)
        if path == "/v1/things/t_1/lines":
            raise Refused("gone", status=404)
        start = int(params.get("starting_after", "l_-1")[2:]) + 1
        data = [{"id": f"l_{number}"} for number in range(start, min(start + 100, 150))]
        return take(Answer(json.dumps({"data": data, "has_more": start + 100 < 150}).encode(), NOW, 0.01))


def test_nested_lists_are_completed():
    """An object that carries ten of 150 lines is yielded with all of them; one that is gone by then, as it came."""
    shelf = Nested([NOW, NOW - 1, NOW - 2])
    for one, more in zip(shelf.objects, (True, True, False), strict=True):
        one["lines"] = {"data": [{"id": "l_0"}], "has_more": more}
    (page,) = read(shelf, Listing(THINGS.path, nested="lines", rest="/v1/things/{id}/lines"), [Window()])
    assert [len(found["lines"]["data"]) for found in page.objects("lines")] == [150, 1, 1]
    assert [body[:9] for body in page.bodies()] == [b'{"id": "t'] * 3


def test_single_objects_are_read_in_parallel():
    """Each path is answered once; what Stripe does not know is None."""

    class Single:
        def read(self, path, _params, take):
            if path.endswith("/7"):
                raise Refused("unknown", status=404)
            return take(Answer(b"{}", NOW, 0.01))

    found = dict(read_each(Single(), [f"/v1/things/{number}" for number in range(40)], {}))
    assert len(found) == 40
    assert [path for path, answer in found.items() if answer is None] == ["/v1/things/7"]
