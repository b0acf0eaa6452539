"""A ledger, a receiver of outgoing webhooks, and a configuration that sends to it."""

import json
from dataclasses import replace
from pathlib import Path

import desks
import pytest
import receivers
from jsonschema import Draft202012Validator

from upswell.store.ledger import Ledger

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "hooks.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture
def receiver():
    """Serve a receiver that takes everything until it is told otherwise; all that came fits the schema."""
    with receivers.receiving() as one:
        yield one
    for _, _, body in one.requests:
        VALIDATOR.validate(json.loads(body))


@pytest.fixture
def ledger(tmp_path):
    """Give an empty ledger."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        yield opened


@pytest.fixture
def config(ledger, receiver):
    """Give a configuration with the receiver as its endpoint."""
    return replace(desks.config(ledger.path), hooks=(receiver.settings(),))
