"""Raising: which signs become signals, and which signals are over; never twice within the cooldown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from upswell.signals.score import Part, parts, total
from upswell.signals.signs import Look
from upswell.signals.terms import DAY, Sign, Terms

OVER = "it is no longer so"


@dataclass(frozen=True, slots=True)
class Raised:
    """A signal that was raised: what ``upswell signals`` lists and hooks are told of.

    ``points`` is its part of the customer's ``score``. ``raised_at`` and ``cleared_at`` (None: it stands) are unix
    seconds UTC; ``cleared_because`` says why.
    """

    id: str
    customer: str
    signal: str
    subject: str
    evidence: str
    points: int
    score: int
    raised_at: int
    cleared_at: int | None = None
    cleared_because: str | None = None

    @property
    def stands(self) -> bool:
        """Whether it has not been cleared."""
        return self.cleared_at is None


def decide(customer: str, found: Look, held: Sequence[Raised], now: int, terms: Terms) -> list[Raised]:
    """Return the signals of a customer that are new or changed at ``now`` (unix seconds UTC); ``held`` are all so far.

    A sign is raised where none of the customer's signals was within the cooldown; several at once are one telling.
    A signal whose sign is gone, or against which something speaks, is cleared.
    """
    signs = {} if found.restraint else {(sign.signal, sign.subject): sign for sign in found.signs}
    standing = {(one.signal, one.subject): one for one in held if one.stands}
    because = found.restraint or OVER
    cleared = [
        replace(one, cleared_at=now, cleared_because=because) for key, one in standing.items() if key not in signs
    ]
    rests = any(one.raised_at > now - terms.cooldown_days * DAY for one in held)
    shown = [sign for key, sign in signs.items() if key in standing or not rests]
    told = parts(shown, terms.weights)
    score = total(told)
    rows = []
    for part in told:
        before = standing.get((part.sign.signal, part.sign.subject))
        rows.append(replace(before or _new(customer, part.sign, held, now), **_said(part, score)))
    return [*cleared, *(row for row in rows if row not in held)]


def _said(part: Part, score: int) -> dict[str, Any]:
    """Return what a signal says as of now, from one look to the next."""
    return {"evidence": part.sign.evidence, "points": part.points, "score": score}


def _new(customer: str, sign: Sign, held: Sequence[Raised], now: int) -> Raised:
    before = sum(1 for one in held if (one.signal, one.subject) == (sign.signal, sign.subject))
    return Raised(_id(customer, sign, before), customer, sign.signal, sign.subject, sign.evidence, 0, 0, now)


def _id(customer: str, sign: Sign, before: int) -> str:
    """Return a stable id: the same signal, raised for the same time, has the same one."""
    name = "\x1f".join((customer, sign.signal, sign.subject, str(before)))
    return "sig_" + hashlib.sha256(name.encode()).hexdigest()[:24]
