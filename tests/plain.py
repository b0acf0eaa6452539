"""The figures of the whole history by their plain definitions, over movements of all currencies, ordered by time."""

from fractions import Fraction
from statistics import median


def lived(booked, instant):
    """Return the movements before ``instant``."""
    return [movement for movement in booked if movement.occurred_at < instant]


def mrr(booked, currency, instant):
    """Return each customer's MRR in ``currency`` just before ``instant``."""
    held = {}
    for movement in lived(booked, instant):
        if movement.currency == currency:
            held[movement.customer] = held.get(movement.customer, 0) + movement.amount
    return held


def customers(booked, instant):
    """Return who is a customer just before ``instant``: in whatever currency."""
    last = {one.customer: one.kind for one in lived(booked, instant) if one.kind in ("new", "reactivation", "churn")}
    return {who for who, kind in last.items() if kind != "churn"}


def retention(booked, currency, start, end):
    """Return NRR and GRR, and both without the price group."""
    cohort = {who: held for who, held in mrr(booked, currency, start).items() if held > 0}
    closing = mrr(booked, currency, end)
    price = mrr([one for one in booked if one.group == "price" and one.occurred_at >= start], currency, end)
    stayed = customers(booked, end)
    bare = {who: max(0, closing[who] - price.get(who, 0)) if who in stayed else 0 for who in cohort}
    return tuple(
        Fraction(sum(part), sum(cohort.values())) if cohort else None
        for ends in (closing, bare)
        for part in ([ends[who] for who in cohort], [min(held, ends[who]) for who, held in cohort.items()])
    )


def first(booked, group):
    """Return each customer's first movement of ``group``."""
    held = {}
    for movement in booked:
        if movement.group == group:
            held.setdefault(movement.customer, movement)
    return held


def time_to_expansion(booked, currency, instant):
    """Return the median of days from new to the first expansion, where that one is in ``currency``."""
    began, grew = (first(lived(booked, instant), group) for group in ("new", "expansion"))
    seconds = [
        one.occurred_at - began[who].occurred_at
        for who, one in grew.items()
        if who in began and one.currency == currency
    ]
    return Fraction(median([Fraction(one) for one in seconds]), 86_400) if seconds else None


def not_yet_expanded(booked, currency, instant):
    """Return how many customers, whose last movement is in ``currency``, never expanded."""
    happened = lived(booked, instant)
    grew, last = first(happened, "expansion"), {one.customer: one.currency for one in happened}
    return sum(who not in grew and last[who] == currency for who in customers(booked, instant))


def seen(booked, currency, groups, start, end):
    """Return who had a movement of ``groups`` in ``currency`` from ``start`` to before ``end``."""
    return {
        one.customer
        for one in booked
        if one.currency == currency and one.group in groups and start <= one.occurred_at < end
    }
