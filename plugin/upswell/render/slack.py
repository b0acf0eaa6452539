"""The summary as a Slack message: Block Kit blocks, and a text for notifications.

Slack refuses more than 50 blocks, 3,000 characters in a section, and (undocumented) some 13,200 in all.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate
from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, SectionBlock

from upswell.render import sentences, words
from upswell.render.page import CAUSES, Customer, Line, Page, page
from upswell.report.segments import ProductPart
from upswell.report.summary import Summary

_HEADER = 150
_SECTION = 2_900
_WHOLE = 12_000
_BAR = 8
_PARTS = 5
_KEPT = ("NRR", "GRR")
_PRODUCTS = 10
# Slack takes a line's direction from its first letter: one that holds a name from right to left begins with a mark.
_ISOLATING = re.compile("^(?=.*\u2068)", re.MULTILINE)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def message(summary: Summary, remarks: Sequence[str] = ()) -> dict[str, Any]:
    """Return what ``chat.postMessage`` and incoming webhooks take: ``text`` and ``blocks``.

    ``remarks`` are sentences about this delivery (late, may be a repeat). A quiet period makes a short message. What
    does not fit any more is left out from the end; the ledger's health always stands.
    """
    said = page(summary, remarks)
    last = _context(_escaped(said.health))
    blocks: list[Block] = []
    for block in _quiet(said) if said.quiet else _blocks(said):
        if _size([*blocks, block, last]) > _WHOLE:
            break
        blocks.append(block)
    return {
        "text": _escaped(f"{said.title}: {said.headline}. {said.lead}"),
        "blocks": [block.to_dict() for block in (*blocks, last)],
    }


def details(summary: Summary) -> dict[str, Any] | None:
    """Return what goes into the message's thread: expansion by period and cause, and by product.

    None where the message itself is a short one, and where there was no expansion in the twelve periods.
    """
    if sentences.is_quiet(summary.figures) or not any(sum(point.expansion.values()) for point in summary.trend):
        return None
    products = [_product(part, summary.currency) for part in summary.figures.by_product]
    if len(products) > _PRODUCTS:
        products[_PRODUCTS:] = [f"{len(products) - _PRODUCTS} more"]
    heading = f"Expansion by {summary.period.word} and cause"
    blocks = [_section(_table(heading, _points(summary))), *_listed("By product", products)]
    text = heading + (", and by product" if products else "")
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}


def _points(summary: Summary) -> list[str]:
    """Return a row a week, or a month, with a column for its sum and for each cause there was."""
    kinds = [kind for kind in CAUSES if any(point.expansion.get(kind) for point in summary.trend)]
    rows = [["", "Sum", *(CAUSES[kind] for kind in kinds)]]
    for point in summary.trend:
        amounts = [sum(point.expansion.values()), *(point.expansion.get(kind, 0) for kind in kinds)]
        shown = [words.short(amount, summary.currency) if amount else "–" for amount in amounts]
        rows.append([words.beginning(summary.period.word, date.fromisoformat(point.first)), *shown])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{first:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        for first, *cells in rows
    ]


def _product(part: ProductPart, currency: str) -> str:
    name = words.clean(part.name or part.product or "none", 60)
    return f"{name}: {words.signed(part.amount, currency)} from {words.count(part.customers, 'customer')}"


def _size(blocks: Sequence[Block]) -> int:
    return len(json.dumps([block.to_dict() for block in blocks]))


def _quiet(said: Page) -> Iterator[Block]:
    yield from _head(said)
    yield from _lists(said)


def _blocks(said: Page) -> Iterator[Block]:
    """What happened and why, what to do next, then what it adds up to; the rest is in the mail and on the page."""
    yield from _head(said)
    if said.causes:
        beside = "\n".join(_escaped(line) for line in (said.origins, *said.parts[:_PARTS]))
        yield _section(_table("Why it grew", _causes(said)) + f"\n{beside}")
    yield from _customers(said.customers)
    yield from _lists(said)
    yield _section(_table("Monthly recurring revenue", _bridge(said)))
    yield _ratios(said)
    if said.hint:
        yield _context(_escaped(said.hint))


def _lists(said: Page) -> Iterator[Block]:
    for heading, lines in (
        ("Changed since posted", said.corrections),
        ("Ready for more", said.ready),
        ("Scheduled", said.ahead),
        ("Targets", said.targets),
        ("Other currencies", said.others),
    ):
        yield from _listed(heading, lines)


def _head(said: Page) -> Iterator[Block]:
    yield HeaderBlock(text=words.clean(said.headline, _HEADER))
    yield _context(f"{said.title}  ·  {said.period}")
    yield _section(_escaped(said.lead))
    for note in said.notes:
        yield _section(f":warning: {_escaped(note)}")


def _customers(customers: Sequence[Customer]) -> Iterator[Block]:
    for number, customer in enumerate(customers):
        heading = "" if number else "*Who grew most*\n"
        yield _section(
            f"{heading}*{customer.text}*  {_escaped(customer.name)}\n{_escaped(words.clean(customer.reason, 120))}"
        )


def _ratios(said: Page) -> Block:
    """Expansion and net expansion, in the period before and in the mean of four; NRR and GRR."""
    _, before, typical = said.columns
    moved = [
        f"*{label}*\n{this}\n{before} {last}\n{typical} {mean}"
        for label, this, last, mean in said.compared
        if label in ("Expansion", "Net expansion")
    ]
    kept = [f"*{label}*\n30 days {month}\n12 months {year}" for label, month, year in said.retention if label in _KEPT]
    return SectionBlock(fields=[_text(text) for text in (*moved, *kept)])


def _listed(heading: str, lines: Sequence[str]) -> Iterator[Block]:
    """One section of as many lines as fit; how many more there are is its last one."""
    rows = [f"\n•  {_escaped(words.clean(line, 300))}" for line in lines]
    sizes = accumulate([len(heading), *map(len, rows)])
    fitting = sum(size <= _SECTION for size in sizes) - 1
    if fitting < len(rows):
        rows[fitting:] = [f"\n•  and {len(rows) - fitting} more"]
    if rows:
        yield _section(f"*{heading}*{''.join(rows)}")


def _bridge(said: Page) -> list[str]:
    edges = [len(said.opening), len(said.closing)]
    rows = _rows(said.steps, edges)
    width = max([*edges, *(len(step.text) for step in said.steps)])
    return [f"{'Opening':<13}  {said.opening:>{width}}", *rows, f"{'Closing':<13}  {said.closing:>{width}}"]


def _causes(said: Page) -> list[str]:
    _, before, _ = said.columns
    label, this = (max(len(getattr(cause, part)) for cause in said.causes) for part in ("label", "text"))
    rows = [f"{cause.label:<{label}}  {cause.text:>{this}}" for cause in said.causes]
    return [
        f"{row}  {before} {cause.last}" if cause.last else row for row, cause in zip(rows, said.causes, strict=True)
    ]


def _rows(lines: Sequence[Line], widths: Sequence[int] = ()) -> list[str]:
    width = max([*widths, *(len(line.text) for line in lines)])
    widest = max((abs(line.amount) for line in lines), default=0)
    return [f"{line.label:<13}  {line.text:>{width}}  {_bar(line.amount, widest)}".rstrip() for line in lines]


def _bar(amount: int, widest: int) -> str:
    return "▇" * max(1, abs(amount) * _BAR // widest) if amount else ""


def _table(heading: str, rows: Sequence[str]) -> str:
    return "\n".join([f"*{heading}*", "```", *rows, "```"])


def _section(text: str) -> Block:
    return SectionBlock(text=_text(text))


def _context(text: str) -> Block:
    return ContextBlock(elements=[_text(text)])


def _text(text: str) -> MarkdownTextObject:
    # Verbatim: a name that looks like an address, a channel or a mention stays what it is.
    return MarkdownTextObject(text=_ISOLATING.sub("\u200e", text), verbatim=True)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
