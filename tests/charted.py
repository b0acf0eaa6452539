"""Summaries with the twelve weeks that pictures show, and the figures in a PNG's header."""

import struct
from dataclasses import replace

from booked import movements, tracks
from summaries import BERLIN, summary

from upswell import metrics, weeks
from upswell.trend import trend, weeks_of

PNG = b"\x89PNG\r\n\x1a\n"


def charted(text="", week="2026-W46", *, currency="usd", **more):
    """Summarise the week in which ``text`` happens, with the twelve up to it."""
    told = summary(text, week, currency=currency, **more)
    return replace(told, trend=twelve(text, weeks.parse(week, BERLIN), currency=currency))


def twelve(text, week, cut=None, *, currency="usd"):
    """Return the twelve weeks up to ``week``, as far as ``cut``, from the movements that ``text`` tells."""
    cut = week.end if cut is None else cut
    booked = movements(text)
    own = [one for one in booked if one.currency == currency]
    bridges = [metrics.bridge(metrics.window(own, one.start, min(one.end, cut))) for one in weeks_of(week)]
    return trend([track for track in tracks(booked) if track.currency == currency], bridges, week, cut)


def size(png):
    """Return the width and height of a PNG in pixels."""
    assert png.startswith(PNG)
    return struct.unpack_from(">II", png, 16)
