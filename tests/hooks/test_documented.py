"""The example receiver of docs/hooks.md, as it stands there, and the tables beside it."""

import json
import re
import runpy
import threading
from dataclasses import replace
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import receivers
import time_machine
from booked import at, put
from hooks.conftest import SCHEMA

from upswell.configuration.settings import Secret
from upswell.core.kinds import DRIVERS, KINDS, ORIGINS, SOURCES
from upswell.render.listing import COLUMNS
from upswell.store import books
from upswell.telling.destinations import prepare
from upswell.telling.hooks import send_due
from upswell.telling.movements import tell

DOCUMENT = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")


class Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Run the receiver that the document shows; give its names, and its port as ``port``."""
    (code,) = re.findall(r"<!-- receiver -->\n```python\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    monkeypatch.setenv("UPSWELL_HOOK_SECRET", receivers.SECRET)
    path = tmp_path / "receiver.py"
    path.write_text(code, encoding="utf-8")
    names = runpy.run_path(str(path), run_name="receiver")
    with make_server("127.0.0.1", 0, names["app"], handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield names | {"port": server.server_port}
        server.shutdown()
        thread.join()


def test_the_example_receiver_has_what_the_ledger_has(ledger, config, receiver, example):
    """It verifies, takes each message once, and holds the movements of the ledger after a restatement."""
    address = Secret(f"http://127.0.0.1:{example['port']}/webhooks/upswell")
    config = replace(config, hooks=(receiver.settings(url=address),))
    prepare(ledger, config, at("2026-11-10"))
    now = at("2026-11-10T13:00")
    first = "2026-11-10T10:00 cus_1 new +5000\n2026-11-10T11:00 cus_1 seat +900"
    with time_machine.travel(now):
        for text in (first, first.replace("+900", "+700"), first):
            put(ledger, text)
            tell(ledger, config, now)
            send_due(ledger, *config.hooks, lambda: now)
            held = {name: one["amount"] for name, one in example["book"].items()}
            assert held == {one.id: one.amount for one in books.movements(ledger)}
        assert len(example["seen"]) == 4
        with ledger.write() as connection:
            connection.execute("UPDATE notice_deliveries SET state = 'waiting', next_attempt_at = 0")
        assert send_due(ledger, *config.hooks, lambda: now).taken == 4
    assert held == {name: one["amount"] for name, one in example["book"].items()}


def test_the_example_receiver_refuses_who_does_not_sign(example, receiver):
    """A message that is signed with another secret is answered with 400."""
    from upswell_connectors import hooks

    hook = receiver.settings(
        url=Secret(f"http://127.0.0.1:{example['port']}/webhooks/upswell"), secrets=(Secret(receivers.OTHER_SECRET),)
    )
    assert hooks.send(hook, "msg_1", b"{}", at("2026-11-10")).error == "HTTP 400"


def test_the_table_of_events_is_the_schemas():
    """The document names each event that the schema has, and no other; the example in it fits the schema."""
    from hooks.conftest import VALIDATOR

    events = {ref["$ref"].removeprefix("#/$defs/") for ref in SCHEMA["oneOf"]}
    section = DOCUMENT.split("| event | when |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE)) == events
    (example,) = re.findall(r"```json\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    VALIDATOR.validate(json.loads(example))


def test_the_schema_knows_every_kind_and_field():
    """What a movement can say, the schema allows, field by field."""
    held = SCHEMA["$defs"]["movement"]["properties"]
    assert tuple(held) == COLUMNS
    assert {name: tuple(held[name]["enum"]) for name in ("kind", "driver", "source", "origin")} == {
        "kind": KINDS,
        "driver": DRIVERS,
        "source": SOURCES,
        "origin": ORIGINS,
    }
