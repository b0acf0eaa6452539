"""Beside a running `upswell serve`: both write, and the ledger is the same."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from serving import Served, until

from backfill.conftest import KEY, movements, rows, run
from backfill.test_interrupted import Process
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.server import serving

_SENT = 150


def test_beside_live_webhooks_the_ledger_is_the_same(kites):
    """Webhooks that come while all is read are accepted, and the movements are those of one after the other."""
    bodies = [json.dumps(event).encode() for event in kites.events[-_SENT:]]
    with serving(kites) as url:
        with Ledger(Path("apart.db"), create=True) as ledger:
            accept(ledger, [envelope(body) for body in bodies])
            apply_pending(ledger, Rules())
        run(url, ledger="apart.db")
        more = f'[stripe]\napi_base = "{url}"\n'
        served = Served(Path.cwd(), more=more, STRIPE_API_KEY=KEY).ready()
        try:
            process = Process(url)
            assert {served.post(body) for body in bodies} == {200}
            assert process.ended() == 0, process.said()
            until(is_settled)
        finally:
            served.stop()
    assert movements() == movements("apart.db") != []
    assert rows("SELECT count(*) FROM events WHERE state = 'applied'") == rows(
        "SELECT count(*) FROM events WHERE state = 'applied'", "apart.db"
    )


def is_settled() -> bool:
    """Whether everything that was accepted is applied, and everybody rebuilt."""
    with closing(sqlite3.connect("upswell.db", timeout=5)) as connection:
        query = "SELECT (SELECT count(*) FROM events WHERE state = 'received') + (SELECT count(*) FROM stale)"
        return connection.execute(query).fetchone() == (0,)
