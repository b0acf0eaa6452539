"""Usage that an app posts to a running `upswell serve`."""

import json

from receiving import TOKEN, event

from upswell.store.ledger import Ledger

ROW = {"customer": "cus_1", "name": "api_calls", "units": 1, "at": 1_795_000_000}


def test_what_was_answered_is_there_after_a_kill(launch):
    """Readings are in the ledger once they are answered with 200, whatever happens then; webhooks come in beside."""
    served = launch().ready()
    body = json.dumps({"readings": [ROW | {"key": str(key)} for key in range(1000)]}).encode()
    head = {"Authorization": f"Bearer {TOKEN}", "Content_Type": "application/json"}
    status, answer = served.ask("POST", "/signals/usage", body, **head)
    assert (status, json.loads(answer)["new"]) == (200, 1000)
    assert served.post(event("evt_1")) == 200
    served.kill()
    with Ledger(served.ledger) as ledger:
        assert ledger.connection.execute("SELECT count(*) FROM readings").fetchone() == (1000,)
    again = launch().ready()
    assert json.loads(again.ask("POST", "/signals/usage", body, **head)[1])["known"] == 1000
