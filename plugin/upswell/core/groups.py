"""Groups: all changes within the settle window are one; only the states before and after it exist."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upswell.core.changes import Change
from upswell.core.portfolio import Portfolio
from upswell.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Group:
    """All changes within the settle window: only the states before the first and after the last exist.

    ``at`` (unix seconds UTC) and ``cause`` are the last change's, ``causes`` all changes' in order. ``undated``: it
    closes a gap, and happened at some time before.
    """

    at: int
    cause: str
    source: str
    before: Portfolio
    after: Portfolio
    causes: tuple[str, ...] = ()
    undated: bool = False


def groups(found: Iterable[Change], rules: Rules) -> Iterator[tuple[Group, Change | None]]:
    """Join changes less than the settle window after the first of them; one that closes a gap stands alone.

    Yields each group with the change that opens the next one, None after the last.
    """
    held: list[Change] = []
    for change in found:
        if held and (change.gap or held[0].gap or change.at - held[0].at >= rules.settle_minutes * 60):
            yield _group(held), change
            held = []
        held.append(change)
    if held:
        yield _group(held), None


def _group(held: list[Change]) -> Group:
    last = held[-1]
    source = "observed" if all(change.source == "observed" for change in held) else "reconstructed"
    undated = last.gap and last.source == "inferred"
    causes = tuple(dict.fromkeys(change.cause for change in held))
    return Group(last.at, last.cause, source, held[0].before, last.after, causes, undated)
