"""What is usual elsewhere, as one quiet line with its source."""

import re
from dataclasses import replace
from pathlib import Path

import desks
import pytest
from booked import at, put
from summaries import BUSY, QUIET, summary

from upswell.posting import reports
from upswell.render import email, slack, terminal
from upswell.report.benchmarks import hint
from upswell.store.ledger import Ledger

YEAR = "2025-01-01 cus_1 new +1000\n2026-11-10 cus_1 seat +100"
DEFINED = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")


def test_each_benchmark_stands_beside_its_figure():
    """What is not known of oneself is not said of others."""
    assert hint(summary(YEAR).figures) == (
        "Elsewhere over 12 months: NRR 100–110% and GRR 90–93% at the median, by contract value (SaaS Capital, 2023). "
        "Expansion is about 32% of the ARR won elsewhere (ChartMogul, 2023)."
    )
    assert hint(summary(BUSY).figures) == "Expansion is about 32% of the ARR won elsewhere (ChartMogul, 2023)."
    assert hint(summary().figures) == ""


def test_each_source_is_in_the_documents():
    """Whoever and whenever the line names stands in the definitions, with the same figures."""
    said = hint(summary(YEAR).figures)
    section = DEFINED.split("### What is usual elsewhere\n")[1].split("\n### ")[0]
    for who, year in re.findall(r"\(([\w ]+), (\d{4})\)", said):
        assert who in section
        assert year in section
    for number in re.findall(r"\d+", said.split(":")[1].split("at the")[0]):
        assert f"{number} %" in section


def faces(told):
    """Return the summary as text for people."""
    return [
        " ".join(terminal.text(told, 400).split()),
        str(slack.message(told)),
        email.letter(told).text,
        " ".join(email.letter(told).html.split()),
    ]


def test_the_line_is_grey_and_at_the_end():
    """Every face says it after the figures; a quiet week does not."""
    told = replace(summary(YEAR), hint=hint(summary(YEAR).figures))
    for face in faces(told):
        assert told.hint in face
        assert face.index(told.hint) > face.index("NRR")
    block = slack.message(told)["blocks"][-2]
    assert (block["type"], block["elements"][0]["text"]) == ("context", told.hint)
    for face in faces(replace(summary(QUIET), hint="a hint")):
        assert "a hint" not in face


@pytest.mark.parametrize("wanted", [True, False])
def test_it_can_be_switched_off(tmp_path, wanted):
    """`[report] benchmarks = false` leaves the line out everywhere."""
    with Ledger(tmp_path / "u.db", create=True) as ledger:
        put(ledger, YEAR)
        config = desks.config(ledger.path)
        config = replace(config, report=replace(config.report, benchmarks=wanted))
        told = reports.period_summary(ledger, config, "2026-W46", at("2026-11-18"))
    assert all(("Elsewhere" in face) is wanted for face in faces(told))
