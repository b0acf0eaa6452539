"""Promises: answers that wait until what came is durable, without a thread that waits for each.

The front puts a list into the environment of a request; whoever answers it may put a promise there, and the front
gives the promised answer in place of the one it got.
"""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Response

PROMISES = "upswell.promises"


class Answer(Protocol):
    """Says what a request is answered with, once that is known."""

    def __call__(self, stored: Future[Any], facts: dict[str, str | None]) -> Response:
        """Return the answer and add to ``facts`` what the log is told of it."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The answer to what is being stored. ``facts`` is what the log is told of the request."""

    stored: Future[Any]
    facts: dict[str, str | None]
    tell: Answer

    def answer(self) -> Response:
        """Return the answer; waits until it is durable, or is not stored after all."""
        return self.tell(self.stored, self.facts)
