"""Summaries with the twelve weeks that pictures show, and the figures in a PNG's header."""

import struct
from dataclasses import replace

from booked import movements
from summaries import BERLIN, summary

from upswell import weeks
from upswell.trend import Step, begins, trend

PNG = b"\x89PNG\r\n\x1a\n"


def charted(text="", week="2026-W46", *, currency="usd", **more):
    """Summarise the week in which ``text`` happens, with the twelve up to it."""
    named = weeks.parse(week, BERLIN)
    steps = [
        Step(one.occurred_at, one.customer, one.kind, one.amount, one.mrr_before)
        for one in movements(text)
        if one.currency == currency and begins(named) <= one.occurred_at < named.end
    ]
    told = summary(text, week, currency=currency, **more)
    return replace(told, trend=trend(steps, told.figures.closing_mrr, named, named.end))


def size(png):
    """Return the width and height of a PNG in pixels."""
    assert png.startswith(PNG)
    return struct.unpack_from(">II", png, 16)
