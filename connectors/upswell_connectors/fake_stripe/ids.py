"""Ids and chance that look random and are the same in every run, on every machine and Python."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]
_LONG = frozenset({"evt", "price", "sub", "in", "il", "ii", "di", "mtr", "sub_sched", "we"})


class Ids:
    """Hands out ids in Stripe's form: ``cus_VIVbWIUGT0g3hF``, ``sub_1UHuaVHIBYZYyePrZkQ6kkhb``."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count: Counter[str] = Counter()

    def make(self, prefix: str) -> str:
        """Return the next id with ``prefix``."""
        self._count[prefix] += 1
        letters = _letters(f"{self._seed}/{prefix}/{self._count[prefix]}")
        return f"{prefix}_1{letters[:23]}" if prefix in _LONG else f"{prefix}_{letters[:14]}"

    def uuid(self) -> str:
        """Return the next idempotency key."""
        self._count["uuid"] += 1
        digits = sha256(f"{self._seed}/uuid/{self._count['uuid']}".encode()).hexdigest()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _letters(text: str) -> str:
    """Return 24 letters, taken from a hash six at a time, so that the numbers stay small."""
    number = int.from_bytes(sha256(text.encode()).digest())
    pairs = []
    for _ in range(4):
        number, six = divmod(number, 62**6)
        for _ in range(3):
            six, pair = divmod(six, 62 * 62)
            pairs.append(_PAIRS[pair])
    return "".join(pairs)


class Chance:
    """A seeded source of choices; the standard library's may change between Python versions."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to ``bound`` − 1."""
        self._count += 1
        return int.from_bytes(sha256(f"{self._seed}/{self._count}".encode()).digest()[:8]) % bound

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def percent(self, share: int) -> bool:
        """Return True in ``share`` of a hundred cases."""
        return self.below(100) < share

    def choose(self, options: Sequence[T]) -> T:
        """Return one of ``options``."""
        return options[self.below(len(options))]
