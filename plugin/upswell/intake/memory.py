"""The long histories that were rebuilt lately: one more event of theirs is told from where it happened."""

from dataclasses import dataclass, field

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.movements import movements
from upswell.core.plans import Beyond, anew
from upswell.core.recall import Recall
from upswell.core.rules import Rules
from upswell.store.records import Decoded, history_of
from upswell.store.versions import Shared

_LONG = 100
_MOST = 20_000


@dataclass(slots=True)
class _Life:
    """One customer: its last telling, its subscriptions as the ledger writes them down, how many states it has."""

    recall: Recall = field(default_factory=Recall)
    decoded: Decoded = field(default_factory=Decoded)
    states: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger knows of a customer, its movements, and how to tell a history that goes on from there."""

    history: History
    movements: list[Movement]
    beyond: Beyond = anew


class Memory:
    """Remembers lives of a hundred states or more, the last ones used up to 20,000 states in all.

    It belongs to one process, and is no more than a way to be fast: nothing but time is lost with it.
    """

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}

    def told(self, connection: sqlite3.Connection, account: str, rules: Rules, shared: Shared) -> Told:
        """Return what the ledger knows of ``account``, and its movements. Raises InvariantError and LookupError."""
        life = self._lives.pop(account, None) or _Life()
        history = history_of(connection, account, shared, life.decoded)
        if len(history.states) < _LONG:
            return Told(history, movements(history, rules))
        life.states = len(history.states)
        self._lives[account] = life
        while sum(one.states for one in self._lives.values()) > _MOST and len(self._lives) > 1:
            del self._lives[next(iter(self._lives))]
        return Told(history, life.recall.movements(history, rules), life.recall.beyond)
