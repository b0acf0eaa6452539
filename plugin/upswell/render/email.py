"""The summary as an email: a subject, HTML for every client, and plain text that stands alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import css_inline
from jinja2 import Environment, PackageLoader

from upswell.render.page import Line, Page, page
from upswell.render.pictures import WIDTH
from upswell.report.summary import Summary

_templates = Environment(
    loader=PackageLoader("upswell", "render"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_NONE: Mapping[str, "Image"] = MappingProxyType({})
_inliner = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a mail. ``html`` and ``text`` say the same."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in the HTML: where it is to be found (``src``), and what stands in its place until it is (``alt``)."""

    src: str
    alt: str


def letter(summary: Summary, remarks: Sequence[str] = (), images: Mapping[str, Image] = _NONE) -> Letter:
    """Return the mail of ``summary``; ``remarks`` are sentences about this delivery (late, may be a repeat).

    ``images`` are shown in the HTML by the names of the pictures; the text stands without them.
    """
    said = page(summary, remarks)
    return Letter(
        subject=f"{said.title}: {said.headline}",
        text="\n".join(_lines(said)) + "\n",
        html=_html(said, images),
    )


def _html(said: Page, images: Mapping[str, Image]) -> str:
    drawn = _templates.get_template("email.html").render(
        said=said,
        images=images,
        width=WIDTH,
        widest_step=max((abs(step.amount) for step in said.steps), default=0),
        widest_cause=max((abs(cause.amount) for cause in said.causes), default=0),
    )
    return _inliner.inline(drawn)


def _lines(said: Page) -> Iterator[str]:
    """Plain lines, no columns: mail programs show text in whatever font they like."""
    yield from (f"{said.title}, {said.period}", "", said.headline, said.lead)
    yield from (f"Note: {note}" for note in said.notes)
    for heading, lines in _sections(said):
        if lines:
            yield from ("", heading, *(f"  {line}" for line in lines))
    yield from ("", *([said.hint] if said.hint and not said.quiet else []), said.health)


def _sections(said: Page) -> Iterator[tuple[str, Sequence[str]]]:
    steps = [f"{step.label}: {step.text}" for step in said.steps]
    yield "Monthly recurring revenue", [f"Opening: {said.opening}", *steps, f"Closing: {said.closing}"]
    causes = [f"{cause.label}: {cause.text} ({_beside(said, cause)})" for cause in said.causes]
    yield "Why it grew", [*causes, said.origins, *said.parts] if causes else []
    yield "Who grew most", [f"{who.name}: {who.text} ({who.reason})" for who in said.customers]
    yield (
        f"{said.word.title()} by {said.word}",
        [f"{label}: {this} ({_before(said, last, mean)})" for label, this, last, mean in _compared(said)],
    )
    yield (
        "Retention",
        [f"{label}: {month} over 30 days, {year} over 12 months" for label, month, year in said.retention],
    )
    yield "Also", (*said.facts, *said.further)
    yield "Targets", said.targets
    yield "Other currencies", said.others
    yield "Changed since posted", said.corrections
    yield "Ready for more", said.ready
    yield "Scheduled", said.ahead


def _beside(said: Page, cause: Line) -> str:
    return cause.share + (f"; {_before(said, cause.last, cause.mean)}" if cause.last else "")


def _before(said: Page, last: str, mean: str) -> str:
    _, before, typical = said.columns
    return f"{before} {last}, {typical} {mean}"


def _compared(said: Page) -> Sequence[tuple[str, ...]]:
    return () if said.quiet else said.compared
