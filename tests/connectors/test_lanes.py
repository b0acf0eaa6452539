"""Tasks that bring up tasks: all of them are done, in an order that can be stored."""

import threading

import pytest

from upswell_connectors.lanes import LANES, work


def test_all_tasks_and_those_they_bring_up_are_done():
    """A tree of tasks is worked through whole, and what brought a task up comes before it."""
    found = list(work([1], lambda task: (task, [child for child in (2 * task, 2 * task + 1) if child < 200])))
    assert sorted(found) == list(range(1, 200))
    assert all(found.index(task // 2) < found.index(task) for task in found if task > 1)


def test_no_task_is_no_work():
    """Nothing to do is done at once."""
    assert list(work([], lambda task: (task, []))) == []


def test_no_more_is_held_than_there_are_lanes():
    """Where results are taken slowly, work waits: at most a result a lane is held, and one in each hand."""
    begun = []

    def do(task):
        begun.append(task)
        return task, []

    results = work(range(500), do)
    for _ in range(3):
        next(results)
    assert len(begun) <= 3 + 2 * LANES + 1
    results.close()


def test_who_has_enough_ends_the_work():
    """Closing ends the threads; what is under way is not waited for."""
    before = threading.active_count()
    results = work(range(10_000), lambda task: (task, []))
    next(results)
    results.close()
    assert threading.active_count() <= before + LANES


def test_an_error_ends_the_work_behind_its_results():
    """The first error is raised once what was found before has been taken."""

    def do(task):
        if task == 40:
            raise ValueError("forty")
        return task, []

    found = []
    with pytest.raises(ValueError, match="forty"):
        found.extend(work(range(10_000), do))
    assert set(range(20)) <= set(found)
    assert len(found) < 10_000
