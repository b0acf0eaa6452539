"""Netting: opposite steps of one driver and product within a group are one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from upswell.core.walk import Step


def netted(steps: Sequence[Step]) -> list[Step]:
    """Net opposite steps of one driver and product, on the largest of those that remain."""
    if len(steps) < 2:
        return list(steps)
    alike: defaultdict[tuple[str, str, str], list[Step]] = defaultdict(list)
    for step in steps:
        alike[_likeness(step)].append(step)
    return [net for step in steps for net in _net(step, alike[_likeness(step)])]


def _likeness(step: Step) -> tuple[str, str, str]:
    return step.driver, step.position.price.product, step.currency


def _net(step: Step, same: Sequence[Step]) -> Iterator[Step]:
    """Yield ``step`` where nothing of its like goes the other way, else their sum in the largest one's place."""
    net = sum(other.amount for other in same)
    if len({other.amount > 0 for other in same if other.amount}) < 2:
        yield step
    elif net and step is max(same, key=lambda other: other.amount * (1 if net > 0 else -1)):
        yield _joined(replace(step, amount=net), same)


def _joined(main: Step, same: Sequence[Step]) -> Step:
    """Give netted seats the quantities of all steps they stand for."""
    if main.driver != "seats":
        return main
    old = sum(step.old.quantity or 0 for step in same if step.old)
    new = sum(step.new.quantity or 0 for step in same if step.new)
    position = main.position
    return replace(main, part="quantity", old=replace(position, quantity=old), new=replace(position, quantity=new))
