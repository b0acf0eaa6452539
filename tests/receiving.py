"""What the tests of the receiver share: events, signatures, and a configuration with its ledger."""

import json
from pathlib import Path

from stripe import WebhookSignature

from upswell.configuration import config
from upswell.store.ledger import Ledger

SECRET = "whsec_first"
OTHER_SECRET = "whsec_second"
TOKEN = "token-of-the-test"
API_KEY = "sk_test_key_of_the_test"
PATH = "/webhooks/stripe"


def event(name: str = "evt_1", kind: str = "customer.created", **more: object) -> bytes:
    """Return the raw body of an event with the id ``name``; by default of a customer of the same name."""
    body = {"id": name, "object": "event", "type": kind, "created": 1_760_000_000, "livemode": False}
    customer = {"id": f"cus_{name}", "object": "customer", "name": "Fern", "email": None, "metadata": {}}
    return json.dumps(body | {"data": {"object": customer}} | more).encode()


def signature(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """Return the header Stripe's own library makes for ``body``, signed ``at`` (unix seconds UTC, default: now)."""
    return WebhookSignature.generate_signature_header(body.decode(), secret, at)


def configured(folder: Path, text: str = "", **environ: str) -> config.Config:
    """Return the configuration of a receiver in ``folder``: ``text`` is more TOML, ``environ`` more environment."""
    path = folder / "config.toml"
    path.write_text(f'[ledger]\npath = "{folder}/upswell.db"\n{text}')
    secrets = {"STRIPE_WEBHOOK_SECRET": f"{SECRET},{OTHER_SECRET}", "UPSWELL_TOKEN": TOKEN}
    return config.load(path, secrets | environ)


def stored(path: Path) -> dict[str, str]:
    """Return the state of each event in the ledger at ``path``, by id."""
    with Ledger(path) as ledger:
        return dict(ledger.connection.execute("SELECT id, state FROM events"))
