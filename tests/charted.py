"""Summaries with the twelve weeks, or months, that pictures show, and the figures in a PNG's header."""

import struct
from dataclasses import replace

from booked import movements, tracks
from summaries import summary

from upswell.report import metrics
from upswell.report.trend import shown, trend

PNG = b"\x89PNG\r\n\x1a\n"


def charted(text="", period="2026-W46", *, currency="usd", **more):
    """Summarise the week, or month, in which ``text`` happens, with the twelve up to it."""
    told = summary(text, period, currency=currency, **more)
    return replace(told, trend=twelve(text, told.period, currency=currency))


def twelve(text, period, cut=None, *, currency="usd"):
    """Return the twelve up to ``period``, as far as ``cut``, from the movements that ``text`` tells."""
    cut = period.end if cut is None else cut
    booked = movements(text)
    own = [one for one in booked if one.currency == currency]
    bridges = [metrics.bridge(metrics.window(own, one.start, min(one.end, cut))) for one in shown(period)]
    return trend([track for track in tracks(booked) if track.currency == currency], bridges, period, cut)


def size(png):
    """Return the width and height of a PNG in pixels."""
    assert png.startswith(PNG)
    return struct.unpack_from(">II", png, 16)
