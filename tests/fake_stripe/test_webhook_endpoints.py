"""Webhook endpoints over the API."""

from urllib.parse import urlencode

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ENDIVE
from upswell_connectors.fake_stripe.api import Api, Asked

HEADERS = {"authorization": "Bearer sk_test_fake"}
FORM = {
    "url": "https://upswell.example/webhooks/stripe",
    "enabled_events[0]": "invoice.paid",
    "metadata[by]": "upswell",
}


@pytest.fixture
def api(account):
    """The API of an empty account."""
    return Api(account)


def sent(api, method, target, form=None):
    """Return the status and the body of the answer to a form."""
    answer = api.answer(Asked(method, target, HEADERS, urlencode(form or {}).encode()))
    return answer.status, schemas.loads(answer.body)


def test_the_secret_is_told_once(api):
    """Creating an endpoint answers with its secret; the list and the object never show it again."""
    status, made = sent(api, "POST", "/v1/webhook_endpoints", {**FORM, "api_version": ENDIVE.name, "connect": "false"})
    assert status == 200
    assert made["secret"].startswith("whsec_")
    assert (made["enabled_events"], made["api_version"], made["metadata"]) == (
        ["invoice.paid"],
        ENDIVE.name,
        {"by": "upswell"},
    )
    shown = api.get("/v1/webhook_endpoints")[1]["data"]
    assert shown == [api.get(f"/v1/webhook_endpoints/{made['id']}")[1]]
    assert "secret" not in shown[0]
    assert schemas.wrong(ENDIVE.name, [made, *shown]) == []


def test_an_endpoint_is_changed_and_deleted(api):
    """A form changes what it names, and nothing else; a deleted endpoint is gone."""
    _, made = sent(api, "POST", "/v1/webhook_endpoints", FORM)
    target = f"/v1/webhook_endpoints/{made.pop('id')}"
    _, changed = sent(
        api, "POST", target, {"disabled": "true", "enabled_events[]": "price.created", "description": "x"}
    )
    assert (changed["status"], changed["enabled_events"], changed["url"]) == (
        "disabled",
        ["price.created"],
        made["url"],
    )
    assert (changed["description"], changed["metadata"]) == ("x", {"by": "upswell"})
    _, moved = sent(api, "POST", target, {"url": "http://localhost:1/", "disabled": "false"})
    assert (moved["status"], moved["url"]) == ("enabled", "http://localhost:1/")
    status, deleted = sent(api, "DELETE", target)
    assert (status, deleted) == (200, {"id": moved["id"], "object": "webhook_endpoint", "deleted": True})
    assert schemas.validator(ENDIVE.name, "deleted_webhook_endpoint").is_valid(deleted)
    assert api.get("/v1/webhook_endpoints")[1]["data"] == []
    for method in ("POST", "DELETE"):
        assert sent(api, method, target)[0] == 404


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"url": "upswell.example"}, "url"),
        ({"api_version": "newest"}, "api_version"),
        ({"disabled": "true"}, "disabled"),
        ({"url": None}, "url"),
        ({"enabled_events[0]": None}, "enabled_events"),
    ],
)
def test_a_form_that_is_wrong_creates_nothing(api, change, param):
    """What is missing, unknown or no URL is named, and no endpoint comes of it."""
    form = {name: value for name, value in {**FORM, **change}.items() if value is not None}
    status, body = sent(api, "POST", "/v1/webhook_endpoints", form)
    assert (status, body["error"]["param"]) == (400, param)
    assert api.get("/v1/webhook_endpoints")[1]["data"] == []


def test_there_are_sixteen_endpoints_at_most(api):
    """The seventeenth endpoint is refused."""
    found = [sent(api, "POST", "/v1/webhook_endpoints", FORM)[0] for _ in range(17)]
    assert found == [200] * 16 + [400]


@pytest.mark.parametrize(("method", "target"), [("POST", "/v1/prices"), ("DELETE", "/v1/customers/cus_1")])
def test_nothing_else_can_be_written(api, method, target):
    """The API writes webhook endpoints only; what happens at Stripe is told to the account itself."""
    assert sent(api, method, target)[0] == 404
