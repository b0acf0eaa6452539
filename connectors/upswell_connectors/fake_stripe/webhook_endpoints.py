"""Webhook endpoints: created, changed and deleted by request."""

from collections.abc import Mapping
from dataclasses import replace

from upswell_connectors.fake_stripe import refusals
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.account_shapes import endpoint_shape
from upswell_connectors.fake_stripe.queries import Raw, flag, many, one, refuse_unknown
from upswell_connectors.fake_stripe.shapes import Shape
from upswell_connectors.fake_stripe.values import Endpoint
from upswell_connectors.fake_stripe.versions import Version, version

_MOST = 16
_CREATED = frozenset({"url", "enabled_events", "api_version", "connect", "description", "metadata"})
_CHANGED = frozenset({"url", "enabled_events", "disabled", "description", "metadata"})

Form = Mapping[str, Raw]


def create(account: Account, form: Form, shown: Version) -> Shape:
    """Create an endpoint, and return it with its secret, which is never shown again. Raises Refused."""
    refuse_unknown(form, _CREATED)
    for name in ("enabled_events", "url"):
        if name not in form:
            raise refusals.missing_parameter(name)
    if len(account.store.endpoints) >= _MOST:
        raise refusals.Refused(400, f"You have reached the maximum of {_MOST} test webhook endpoints.")
    endpoint = Endpoint(
        id=account.ids.make("we"),
        url=_url(form["url"]),
        enabled_events=many("enabled_events", form["enabled_events"]),
        created=account.now,
        secret=account.ids.make("whsec").replace("_", "_fake"),
        api_version=_version(form["api_version"]) if "api_version" in form else None,
        description=one("description", form["description"]) if "description" in form else None,
        metadata=dict(form.get("metadata", ())),
    )
    account.store.endpoints[endpoint.id] = endpoint
    return endpoint_shape(endpoint, account.store, shown) | {"secret": endpoint.secret}


def change(account: Account, id_: str, form: Form, shown: Version) -> Shape:
    """Change what a form names of an endpoint, and return it. Raises Refused."""
    refuse_unknown(form, _CHANGED)
    before = _held(account, id_)
    after = replace(
        before,
        url=_url(form["url"]) if "url" in form else before.url,
        enabled_events=many("", form["enabled_events"]) if "enabled_events" in form else before.enabled_events,
        enabled=not flag("disabled", form["disabled"]) if "disabled" in form else before.enabled,
        description=one("description", form["description"]) if "description" in form else before.description,
        metadata={**before.metadata, **dict(form.get("metadata", ()))},
    )
    account.store.endpoints[id_] = after
    return endpoint_shape(after, account.store, shown)


def delete(account: Account, id_: str) -> Shape:
    """Delete an endpoint. Raises Refused where there is none."""
    _held(account, id_)
    del account.store.endpoints[id_]
    return {"id": id_, "object": "webhook_endpoint", "deleted": True}


def _held(account: Account, id_: str) -> Endpoint:
    if id_ not in account.store.endpoints:
        raise refusals.no_such("webhook endpoint", id_, param="webhook_endpoint")
    return account.store.endpoints[id_]


def _url(raw: Raw) -> str:
    value = one("url", raw)
    if not value.startswith(("http://", "https://")):
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise refusals.Refused(400, message, code="url_invalid", param="url")
    return value


def _version(raw: Raw) -> str:
    value = one("api_version", raw)
    try:
        return version(value).name
    except ValueError:
        raise refusals.Refused(400, f"Invalid API version: {value}", param="api_version") from None
