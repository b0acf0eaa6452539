"""Asking Stripe's API for what no event told: price tiers, coupons, discounts, and nested lists that go on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from upswell.configuration.settings import StripeSettings
from upswell.core.facts import Facts
from upswell.errors import Unreachable, UpswellError
from upswell_connectors.client import Client
from upswell_connectors.shapes import coupon_of, discount_of, facts_of, facts_of_object, price_of

Json = Mapping[str, Any]


class StripeApi:
    """A reader of one Stripe account. ``settings`` must hold an API key; ``client`` may be one at work already."""

    def __init__(self, settings: StripeSettings, client: Client | None = None) -> None:
        self._client = client or Client(settings)

    def find(self, reference: str, body: bytes) -> Facts:
        """Return facts of the object ``reference``, which the raw event ``body`` needs.

        Raises Unreachable where nobody answers, UpswellError where Stripe has none or does not say.
        """
        try:
            return self._found(reference, body)
        except (LookupError, TypeError, AttributeError) as error:
            raise Unreachable(f"what Stripe answers about {reference} cannot be read; it is asked again") from error

    def _found(self, reference: str, body: bytes) -> Facts:
        facts = facts_of(body)
        event = msgspec.json.decode(body)
        if reference == facts.cut_off:
            return self._completed(event, facts)
        if facts.state and reference in facts.state.discounts:
            return self._discounts(facts.state.after.id, reference)
        if facts.state and reference in facts.state.prices:
            return self.price(reference)
        return self.coupon(reference)

    def price(self, name: str) -> Facts:
        """Return a price with its tiers. Raises Refused, Unreachable, ShapeError."""
        price = self._get(f"/v1/prices/{quote(name)}", expand=["tiers", "currency_options"])
        return Facts(told=(price_of(price),))

    def coupon(self, name: str) -> Facts:
        """Return a coupon with the products it is for. Raises Refused, Unreachable, ShapeError."""
        coupon = self._get(f"/v1/coupons/{quote(name)}", expand=["applies_to", "currency_options"])
        return Facts(told=(coupon_of(coupon),))

    def customer(self, name: str, at: int) -> Facts:
        """Return a customer as it is ``at`` (unix seconds UTC). Raises Refused, Unreachable, ShapeError."""
        return facts_of_object(self._get(f"/v1/customers/{quote(name)}"), at)

    def _discounts(self, subscription: str, reference: str) -> Facts:
        held = self._get(f"/v1/subscriptions/{quote(subscription)}", expand=["discounts", "items.data.discounts"])
        found = [*held.get("discounts", ()), *(one for item in held["items"]["data"] for one in item["discounts"])]
        told = tuple(discount_of(one) for one in found if isinstance(one, dict))
        if reference not in {one.value.id for one in told}:
            raise UpswellError(f"Stripe does not show the discount {reference} on {subscription} any more")
        return Facts(told=told)

    def _completed(self, event: Json, facts: Facts) -> Facts:
        """Return what ``event`` says with its nested list whole."""
        found = event["data"]["object"]
        name = quote(found["id"])
        if facts.invoice:
            found["lines"] = {"data": list(self._pages(f"/v1/invoices/{name}/lines"))}
        else:
            listed = found["items"]["data"]
            known = {item["id"] for item in listed}
            rest = self._pages("/v1/subscription_items", subscription=found["id"])
            later = [item for item in rest if item["id"] not in known and item["created"] <= event["created"]]
            found["items"] = {"data": [*listed, *later]}
            if "items" in (previous := event["data"].get("previous_attributes") or {}):
                previous["items"]["data"] += later
        return facts_of(msgspec.json.encode(event))

    def _pages(self, path: str, **params: Any) -> Iterator[Json]:
        after: dict[str, str] = {}
        while True:
            page = self._get(path, limit=100, **after, **params)
            yield from page["data"]
            if not page.get("has_more"):
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _get(self, path: str, *, expand: Sequence[str] = (), **params: Any) -> dict[str, Any]:
        return dict(self._client.get(path, {"expand[]": expand, **params}))
