"""Asking a history, in days, which signs it shows; day 0 is 2026-01-01 in UTC."""

from dataclasses import replace
from datetime import UTC, datetime

from core.values import created, history, updated

from upswell.core.rules import Rules
from upswell.signals.known import Past
from upswell.signals.signs import look
from upswell.signals.terms import Terms

DAY = 86_400
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def at(day):
    """Return the second that a day of 2026 begins with."""
    return START + int(day * DAY)


def life(*steps):
    """Return the states of a subscription that was created on a day, and then became each of (day, what)."""
    (day, first), *later = steps
    states = [created(at(day), replace(first, created=at(day), start_date=at(day)), f"evt_{day}")]
    for when, after in later:
        said = replace(after, created=at(day), start_date=at(day))
        states.append(updated(at(when), states[-1].after, said, f"evt_{when}"))
    return states


def looked(held, day, terms=None, rules=None, readings=()):
    """Return what a look at a history on ``day`` finds."""
    return look(Past(held, rules or Rules(), readings).known(at(day)), terms or Terms())


def seen(*steps, day, terms=None, rules=None, readings=(), **more):
    """Return the evidence by signal that a life shows on ``day``, whatever speaks against telling of it."""
    found = looked(history(*life(*steps), **more), day, terms, rules, readings)
    return {sign.signal: sign.evidence for sign in found.signs}


def against(*steps, day, terms=None, rules=None, **more):
    """Return what speaks against telling of a life on ``day``."""
    return looked(history(*life(*steps), **more), day, terms, rules).restraint
