"""Restatements: what posted summaries said of past weeks and months, against what the movements say now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from upswell.core.kinds import KINDS, Movement
from upswell.report.figures import Figures, Restated
from upswell.report.periods import Reported

Bridges = Mapping[str, Mapping[str, int]]
"""What movements add up to, kind by kind, by currency."""

_NOTHING = dict.fromkeys(KINDS, 0)


@dataclass(frozen=True, slots=True)
class Post:
    """A posted summary: its period, when it was made (unix seconds UTC), and its figures by currency, as posted."""

    period: Reported
    made_at: int
    figures: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Now:
    """What a period's movements add up to now, kind by kind, by currency.

    ``movements`` are those of all currencies where anything is no longer what was said: see ``changed``.
    """

    bridges: Bridges
    movements: Sequence[Movement] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What was said, and what has come since.

    ``posts`` are the summaries as made, oldest first; a restatement in a later post counts as said. ``arrivals`` tells
    when an event (a movement's ``cause``) was received, ``rules_since`` when all movements were last made anew because
    of the rules; unix seconds UTC. ``now`` tells, by its name, what each period of the posts is by now.
    """

    posts: Sequence[Post] = ()
    arrivals: Mapping[str, int] = field(default_factory=dict)
    rules_since: int | None = None
    now: Mapping[str, Now] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Said:
    amount: int
    at: int


def up_to(posts: Iterable[Post], period: Reported) -> list[Post]:
    """Return the posts of ``period`` and of those before it: the ones that its summary corrects."""
    return [post for post in posts if post.period.first <= period.first]


def changed(posts: Sequence[Post], bridges: Mapping[str, Bridges]) -> set[str]:
    """Return the periods of ``bridges``, by name, of which ``posts`` last said something else, of whatever kind."""
    codes = {code for held in bridges.values() for code in held} | {code for post in posts for code in post.figures}
    said = {code: _said(posts, code) for code in codes}
    return {
        period
        for period, held in bridges.items()
        if any(said[code][period, kind].amount != held.get(code, _NOTHING)[kind] for code in codes for kind in KINDS)
    }


def restated(past: Past, currency: str) -> tuple[Restated, ...]:
    """Return every period and kind that is no longer what was last said of it in ``currency``."""
    said = _said(past.posts, currency)
    found = []
    for name in sorted({post.period.name for post in past.posts}):
        happened = [movement for movement in past.now[name].movements if movement.currency == currency]
        now = past.now[name].bridges.get(currency, _NOTHING)
        found += [
            Restated(name, kind, was.amount, now[kind], _reason(happened, kind, past, was.at))
            for kind in KINDS
            if (was := said[name, kind]).amount != now[kind]
        ]
    return tuple(found)


def statements(post: Post, currency: str) -> Iterator[tuple[str, str, int]]:
    """Yield what ``post`` says in ``currency``: period, kind and amount, of its own period and of those it corrects."""
    figures = post.figures.get(currency)
    yield from ((post.period.name, kind, figures.bridge.get(kind, 0) if figures else 0) for kind in KINDS)
    yield from ((again.period, again.kind, again.now) for again in (figures.restated if figures else ()))


def _said(posts: Iterable[Post], currency: str) -> dict[tuple[str, str], _Said]:
    return {
        (period, kind): _Said(amount, post.made_at)
        for post in posts
        for period, kind, amount in statements(post, currency)
    }


def _reason(happened: Sequence[Movement], kind: str, past: Past, at: int) -> str:
    late = [movement for movement in happened if movement.kind == kind and past.arrivals.get(movement.cause, at) > at]
    if not late:
        changed = past.rules_since is not None and past.rules_since >= at
        return "the rules changed since" if changed else "its history changed since"
    first = max(late, key=lambda movement: abs(movement.amount))
    more = f" (and {len(late) - 1} more)" if len(late) > 1 else ""
    return f"arrived since: {first.reason}{more}"
