"""Asking Stripe's API for what no event told: price tiers, coupons, discounts, and nested lists that go on."""

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
import stripe

from upswell.config import StripeSettings
from upswell.errors import Unreachable, UpswellError
from upswell.facts import Facts
from upswell_connectors.shapes import coupon_of, discount_of, facts_of, price_of

API_VERSION = "2026-10-28.endive"
"""The version whose shapes are asked for; Stripe keeps answering in it whatever the account's default is."""

_ATTEMPTS = 4
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
_TIMEOUT_SECONDS = 20
_EXPLAINED = {
    401: "the API key is refused: put a valid one into the environment variable that [stripe] api_key_env names",
    403: "the API key may not read it: give the restricted key read access to prices, coupons and subscriptions",
    404: "Stripe does not know it any more",
}

Json = Mapping[str, Any]


class StripeApi:
    """A polite reader of one Stripe account. ``settings`` must hold an API key."""

    def __init__(self, settings: StripeSettings) -> None:
        key = settings.api_key
        if key is None:
            raise UpswellError(
                "There is no Stripe API key: set the environment variable that [stripe] api_key_env names"
            )
        addresses: Any = {"api": settings.api_base} if settings.api_base else {}
        self._client = stripe.StripeClient(
            key.reveal(),
            stripe_version=API_VERSION,
            base_addresses=addresses,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        )

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
            price = self._get(f"/v1/prices/{quote(reference)}", expand=["tiers", "currency_options"])
            return Facts(told=(price_of(price),))
        coupon = self._get(f"/v1/coupons/{quote(reference)}", expand=["applies_to", "currency_options"])
        return Facts(told=(coupon_of(coupon),))

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

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        """Read one object; what is worth another try is tried again, with a pause that grows."""
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.raw_request("get", path, **params)
                return dict(answer.data)
            except stripe.StripeError as error:
                status = error.http_status
                final = status is not None and 400 <= status < 500 and status not in {409, 429}
                if final or attempt == _ATTEMPTS - 1:
                    kind = UpswellError if final else Unreachable
                    raise kind(f"{path} cannot be read from Stripe: {_explained(status)}") from None
                time.sleep(_wait(error, attempt))
        raise AssertionError


def _explained(status: int | None) -> str:
    if status is None:
        return "there is no connection to Stripe; it is tried again"
    if status < 300:
        return "its answer cannot be read; it is asked again"
    return _EXPLAINED.get(status, f"Stripe answered with status {status}")


def _wait(error: stripe.StripeError, attempt: int) -> float:
    """Return how many seconds to wait: what Stripe asks for, or twice as long each time, with jitter."""
    told = (error.headers or {}).get("retry-after", "")
    asked = float(told) if told.isdigit() else 0.0
    jitter = random.uniform(0.5, 1)  # noqa: S311
    return min(max(asked, _FIRST_WAIT_SECONDS * float(2**attempt) * jitter), _LONGEST_WAIT_SECONDS)
