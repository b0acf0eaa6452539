"""The score: from 0 to 100, made of parts that anybody can see and add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from upswell.signals.terms import Sign

MOST = 100


@dataclass(frozen=True, slots=True)
class Part:
    """What one sign adds to a customer's score."""

    sign: Sign
    points: int


def parts(signs: Iterable[Sign], weights: Mapping[str, int]) -> tuple[Part, ...]:
    """Return what each sign adds, the most first: the score is their sum, from 0 to 100.

    A signal adds its weight times the strength of its strongest sign, at least 1; its other signs add nothing. Once
    100 is reached nothing is added any more.
    """
    found, seen, left = [], set[str](), MOST
    for points, sign in sorted(((_points(sign, weights), sign) for sign in signs), key=_order):
        added = 0 if sign.signal in seen else min(points, left)
        seen.add(sign.signal)
        left -= added
        found.append(Part(sign, added))
    return tuple(sorted(found, key=lambda part: (-part.points, part.sign.signal, part.sign.subject)))


def total(held: Iterable[Part]) -> int:
    """Return the score that parts add up to."""
    return sum(part.points for part in held)


def _points(sign: Sign, weights: Mapping[str, int]) -> int:
    weight = weights[sign.signal]
    return max(round(weight * sign.strength), 1) if weight else 0


def _order(row: tuple[int, Sign]) -> tuple[int, str, str]:
    points, sign = row
    return -points, sign.signal, sign.subject
