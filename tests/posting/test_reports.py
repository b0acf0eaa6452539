"""The summary as the command asks for it."""

import json
from dataclasses import replace

import desks
import pytest
from booked import at

from upswell.errors import UpswellError
from upswell.posting import reports
from upswell.store.events import accept, envelope

NOW = at("2026-11-18T12:00")


@pytest.fixture
def config(ledger):
    """Give a configuration without channels."""
    return desks.config(ledger.path)


def test_without_a_week_the_running_one_is_shown(ledger, config):
    """The summary of the running week is not complete, and ends now."""
    told = reports.period_summary(ledger, config, None, NOW)
    assert (told.period.name, told.complete) == ("2026-W47", False)


def test_any_week_can_be_shown_in_any_format(ledger, config):
    """Text, JSON, Slack's JSON and HTML come from the same summary."""
    told = reports.period_summary(ledger, config, "2026-W46", NOW)
    forms = {form: reports.render_as(told, form) for form in ("text", "json", "slack", "html")}
    assert json.loads(forms["json"])["expansion"]["total"] == 115734
    assert json.loads(forms["slack"])["blocks"][0]["type"] == "header"
    assert forms["html"].startswith("<!DOCTYPE html>")
    for form in ("text", "slack", "html"):
        assert "Existing customers now pay $686.65 a month more" in forms[form]


def test_names_and_health_come_from_the_ledger(ledger, config):
    """Customers are shown by their Stripe names, and events that wait are counted."""
    accept(ledger, [envelope(b'{"id": "evt_1", "type": "x", "created": 1}')])
    with ledger.write() as connection:
        connection.execute("INSERT INTO accounts(customer, account) VALUES ('cus_1', 'cus_1')")
        connection.execute(
            """INSERT INTO customers(id, at, event, value) VALUES ('cus_1', 1, NULL, '{"name": "Harbor"}')"""
        )
    told = reports.period_summary(ledger, config, "2026-W46", NOW)
    assert [top.name for top in told.figures.top_customers] == ["Harbor", "cus_3", "cus_2"]
    assert told.health.pending == 1
    assert told.health.last_event_at.endswith("Z")


def test_expansion_is_broken_down_by_what_the_configuration_names(ledger, config):
    """Products are told always, segments where they are configured, as the ledger knows them."""
    with ledger.write() as connection:
        connection.execute("INSERT INTO customers VALUES ('cus_1', 1, NULL, ?)", ('{"id": "cus_1", "country": "DE"}',))
    asked = replace(config, report=replace(config.report, segments=("country",)))
    plain, told = (
        json.loads(reports.render_as(reports.period_summary(ledger, one, "2026-W46", NOW), "json"))
        for one in (config, asked)
    )
    assert plain["by_product"] == [{"product": None, "name": None, "amount": 115734, "customers": 3}]
    assert plain["by_segment"] == {}
    assert plain["by_cohort"] == [{"cohort": "2025-12", "amount": 115734, "customers": 3}]
    assert told["by_segment"] == {
        "country": [
            {"value": "DE", "amount": 73000, "customers": 1},
            {"value": None, "amount": 42734, "customers": 2},
        ]
    }


def test_posting_without_a_week_posts_the_last_complete_one(ledger, config):
    """`--post` without `--week` is what the schedule would post."""
    (outcome,) = reports.post_period(ledger, config, None, NOW)
    assert outcome.text == "2026-W46 is recorded; no channel is configured to post it to."


def test_what_is_no_week_is_refused(ledger, config):
    """A week that is none is an error, also where it would be posted."""
    for ask in (reports.period_summary, reports.post_period):
        with pytest.raises(UpswellError, match="no ISO week"):
            ask(ledger, config, "2026-46", NOW)
