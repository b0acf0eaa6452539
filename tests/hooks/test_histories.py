"""Whole lives of customers, told at once while they happen: who follows the messages has the ledger."""

import json
import random
from collections import Counter
from dataclasses import replace

import desks
import pytest
from receivers import SECRET
from undisturbed import webhooks

from upswell.configuration.settings import HookSettings, Secret
from upswell.core.booking import UNDATED
from upswell.intake.applying import apply_pending
from upswell.report import announcing
from upswell.report.announcing import GRACE_SECONDS
from upswell.store import books
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell.telling.destinations import prepare
from upswell.telling.movements import tell
from upswell_connectors.fake_stripe.delivery import as_it_happens
from upswell_connectors.fake_stripe.ids import Chance

DAY, SETTLED = 86_400, 3600 + GRACE_SECONDS
HOOK = HookSettings(
    "book", Secret("https://a.example.com"), (Secret(SECRET),), ("movement.recorded", "movement.restated")
)


def lived(path, seed):
    """Let four months of customers come in, late, out of order and twice, told at once; return when that was."""
    dice = random.Random(seed)
    deliveries = as_it_happens(webhooks(15, seed=seed), Chance(seed), twice=10, within=25)
    now = json.loads(deliveries[0])["created"] - DAY
    config = replace(desks.config(path), hooks=(HOOK,))
    with Ledger(path, create=True) as ledger:
        prepare(ledger, config, now)
        for body in deliveries:
            now = max(now, json.loads(body)["created"]) + dice.randrange(60)
            accept(ledger, [envelope(body)])
            if dice.random() < 0.5:
                apply_pending(ledger, config.rules)
                tell(ledger, config, now)
        apply_pending(ledger, config.rules)
        for late in (0, 2 * DAY, 2 * DAY):
            now += late
            tell(ledger, config, now)
    return now


@pytest.mark.parametrize("seed", ["one", "two", "three", "four"])
def test_who_follows_the_messages_has_the_ledger(tmp_path, seed, monkeypatch):
    """By id and amount; no movement is recorded twice, and what is taken away was there.

    What waits for a price for months is told here too, however late it becomes known.
    """
    monkeypatch.setattr(announcing, "LATEST_SECONDS", 365 * DAY)
    path = tmp_path / "upswell.db"
    now = lived(path, seed)
    with Ledger(path) as ledger:
        rows = ledger.connection.execute("SELECT type, said FROM notices ORDER BY rowid").fetchall()
        held = books.movements(ledger, until=now - SETTLED + 1)
    book, recorded = {}, Counter()
    for kind, text in rows:
        said = json.loads(text)
        recorded.update([said["movement"]["id"]] if kind == "movement.recorded" else [])
        if was := said.get("was"):
            del book[was["id"]]
        if one := said.get("movement") or said.get("now"):
            book[one["id"]] = one["amount"]
    assert book == {one.id: one.amount for one in held if not one.reason.endswith(UNDATED)}
    assert set(recorded.values()) == {1}
    assert len(rows) > 10
