"""From a customer's history to its movements: one pure function, the heart of Upswell.

The rule book it follows is ``docs/rules.md``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from upswell.core.booking import Life, book
from upswell.core.changes import Change, Walker
from upswell.core.groups import Group, groups
from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.pairs import pairs
from upswell.core.portfolio import Portfolio
from upswell.core.rules import Rules
from upswell.core.walk import Step, walk


@dataclass(frozen=True, slots=True)
class Chapter:
    """A group with the steps of its walk, those of no amount included, and the movements they make."""

    group: Group
    steps: tuple[Step, ...]
    movements: tuple[Movement, ...]


def movements(history: History, rules: Rules) -> list[Movement]:
    """Return the movements of one customer, oldest first.

    Known ends of discounts are booked at their date even if that lies ahead: readers cut at the instant they
    report on. Raises InvariantError where the movements of a group are not the difference it made.
    """
    return [movement for chapter in chapters(history, rules) for movement in chapter.movements]


def chapters(history: History, rules: Rules) -> Iterator[Chapter]:
    """Yield one customer's history group by group, with how each movement comes about. Raises InvariantError."""
    life = Life(quotes=history.quotes)
    return (chapter for chapter, _ in tell(Walker(history, rules), life, (), history, rules))


def tell(
    walker: Walker, life: Life, opened: Iterable[Change], history: History, rules: Rules
) -> Iterator[tuple[Chapter, Change | None]]:
    """Yield the chapters from where ``walker`` and ``life`` stand, each with the change that opens the next one.

    ``opened`` is the change that opened the first of them, where the walker stands behind it already.
    """
    for found, following in groups(chain(opened, walker.changes()), rules):
        group = _carried(found, history, rules, life) if life.measured else found
        steps = tuple(walk(group.before, group.after, group.at, history.catalogue, rules))
        chapter = Chapter(group, steps, tuple(book(group, steps, history, rules, life)))
        life.measured.update(_measured(found.after))
        yield chapter, following


def _carried(group: Group, history: History, rules: Rules, life: Life) -> Group:
    """Let a metered position that replaces another keep its usage figure until it has one of its own."""
    before, after = (_with_figures(end, life.carried) for end in (group.before, group.after))
    if any(held.price.metered for held in after.positions.values()):
        for pair in pairs(before.positions, after.positions, history.catalogue, rules):
            old, new = pair.before, pair.after
            if old and new and old.figure is not None and new.figure is None and new.price.metered and not pair.crosses:
                life.carried[new.item] = old.figure
        after = _with_figures(after, life.carried)
    return group if before is group.before and after is group.after else replace(group, before=before, after=after)


def _measured(portfolio: Portfolio) -> list[str]:
    return [name for name, position in portfolio.positions.items() if position.figure is not None]


def _with_figures(portfolio: Portfolio, carried: Mapping[str, Fraction]) -> Portfolio:
    silent = [name for name in carried if name in portfolio.positions and portfolio.positions[name].figure is None]
    if not silent:
        return portfolio
    figured = {name: replace(portfolio.positions[name], figure=carried[name]) for name in silent}
    return replace(portfolio, positions={**portfolio.positions, **figured})
