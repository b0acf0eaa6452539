"""Lanes: threads that work through tasks which bring up further tasks, and hand over what they find."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

LANES = 16
"""How many tasks are under way at once, at most."""

_POLL_SECONDS = 0.1
_END_SECONDS = 0.5


def work(tasks: Iterable[T], do: Callable[[T], tuple[R, Iterable[T]]]) -> Iterator[R]:
    """Yield what ``do`` returns for each task, as it comes, beside the further tasks it brings up.

    A result is yielded before those of the tasks it brought up. The first error that ``do`` raises ends the work, and
    is raised once all that was found has been yielded. No more results are held than there are lanes.
    """
    yield from _Lanes(tasks, do).results()


class _Lanes(Generic[T, R]):
    """What the threads share: ``_open`` counts tasks that wait or are under way; after ``_gone``, nobody listens."""

    def __init__(self, tasks: Iterable[T], do: Callable[[T], tuple[R, Iterable[T]]]) -> None:
        self._do = do
        self._waiting = list(tasks)
        self._open = len(self._waiting)
        self._changed = threading.Condition()
        self._failed = threading.Event()
        self._gone = threading.Event()
        self._found: queue.Queue[tuple[R] | Exception | None] = queue.Queue(LANES)

    def results(self) -> Iterator[R]:
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(LANES)]
        for thread in threads:
            thread.start()
        failure = None
        try:
            for _ in threads:
                while (got := self._found.get()) is not None:
                    if isinstance(got, Exception):
                        failure = failure or got
                    else:
                        yield got[0]
            if failure:
                raise failure
        finally:
            self._gone.set()
            for thread in threads:
                thread.join(_END_SECONDS / LANES)

    def _run(self) -> None:
        """Work until no task is left, then say so with a None."""
        try:
            while waiting := self._next():
                result, further = self._do(waiting[0])
                self._hand_over((result,))
                self._bring_up(list(further))
        except Exception as error:  # noqa: BLE001  # it is raised where the results are wanted
            self._failed.set()
            self._hand_over(error)
        finally:
            self._hand_over(None)

    def _next(self) -> tuple[T] | None:
        with self._changed:
            while not (self._failed.is_set() or self._gone.is_set()):
                if self._waiting:
                    return (self._waiting.pop(0),)
                if not self._open:
                    return None
                self._changed.wait(_POLL_SECONDS)
        return None

    def _bring_up(self, further: list[T]) -> None:
        with self._changed:
            self._waiting.extend(further)
            self._open += len(further) - 1
            self._changed.notify_all()

    def _hand_over(self, what: tuple[R] | Exception | None) -> None:
        while not self._gone.is_set():
            try:
                return self._found.put(what, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
        return None
