"""An account's objects and lists, as one request sees them: in one API version, and in one of Stripe's two modes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from upswell_connectors.fake_stripe import expansion, pages, refusals
from upswell_connectors.fake_stripe.account_shapes import endpoint_shape, summary_shape
from upswell_connectors.fake_stripe.emission import Event, render
from upswell_connectors.fake_stripe.invoice_shapes import line_shape
from upswell_connectors.fake_stripe.listings import LISTINGS, Listing
from upswell_connectors.fake_stripe.queries import Query, Raw, Reader, integer, list_query, one, single_query
from upswell_connectors.fake_stripe.shapes import Shape
from upswell_connectors.fake_stripe.shelves import Shelf
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.subscription_shapes import item_shape
from upswell_connectors.fake_stripe.values import Endpoint, Invoice, Item, Subscription
from upswell_connectors.fake_stripe.versions import Version

RETENTION = 30 * 86_400
"""For how many seconds events are kept."""

_MINUTE = 60
_SUMMARY: Mapping[str, Reader] = {"customer": one, "start_time": integer, "end_time": integer}

_id = attrgetter("id")
_Params = Mapping[str, Raw]


@dataclass(frozen=True, slots=True)
class View:
    """What one request sees: the objects of ``store``, and the ``events`` of the last thirty days before ``now``.

    ``other`` are the objects of the mode that the key does not belong to, which are not shown and only told of.
    """

    store: Store
    events: Shelf[Event]
    version: Version
    now: int
    other: Store | None = None

    def listed(self, name: str, params: _Params) -> Shape:
        """Return a page of the list ``name``. Raises Refused."""
        listing = LISTINGS[name]
        query = list_query(params, listing.readers, timed=listing.timed)
        expansion.check(query.expand, listing.object, listed=True)
        if name == "events":
            query = self._kept(query)
        shelf = self._shelf(listing)
        found, more = pages.page(shelf, query, listing.kind, listing.keep(query), listing.group(query))
        return self._page([self._shape(value) for value in found], f"/v1/{name}", query, more=more)

    def single(self, name: str, id_: str, params: _Params) -> Shape:
        """Return the object ``id_`` of the list ``name``. Raises Refused where there is none."""
        listing, query = LISTINGS[name], single_query(params)
        expansion.check(query.expand, listing.object, listed=False)
        shelf = self._shelf(listing)
        found = shelf.get(id_)
        if found is None or (name == "events" and found["created"] < self.now - RETENTION):
            return self._missing(listing, id_)
        shape = self._shape(found)
        expansion.expand(shape, query.expand, self.store, self.version)
        return shape

    def items(self, params: _Params) -> Shape:
        """Return a page of the items of the subscription that ``params`` name. Raises Refused."""
        query = list_query(params, {"subscription": one}, timed=False)
        expansion.check(query.expand, "subscription_item", listed=True)
        if "subscription" not in query.filters:
            raise refusals.missing_parameter("subscription")
        holder = self._held("subscriptions", query.filters["subscription"])
        found, more = pages.slice_of(holder.items, query, "subscription_item", _id)
        shapes = [item_shape(item, holder, self.store, self.version) for item in found]
        return self._page(shapes, "/v1/subscription_items", query, more=more)

    def item(self, id_: str, params: _Params) -> Shape:
        """Return one item, whichever subscription holds it. Raises Refused."""
        query = single_query(params)
        expansion.check(query.expand, "subscription_item", listed=False)
        holder, item = self._item(id_)
        shape = item_shape(item, holder, self.store, self.version)
        expansion.expand(shape, query.expand, self.store, self.version)
        return shape

    def lines(self, id_: str, params: _Params) -> Shape:
        """Return a page of an invoice's lines. Raises Refused."""
        query = list_query(params, {}, timed=False)
        expansion.check(query.expand, "line_item", listed=True)
        invoice: Invoice = self._held("invoices", id_)
        found, more = pages.slice_of(invoice.lines, query, "line_item", _id)
        shapes = [line_shape(line, invoice, self.store, self.version) for line in found]
        return self._page(shapes, f"/v1/invoices/{id_}/lines", query, more=more)

    def summaries(self, id_: str, params: _Params) -> Shape:
        """Return what a customer used of a meter in the running period, as one summary. Raises Refused."""
        query = list_query(params, _SUMMARY, timed=False)
        self._held("billing/meters", id_)
        for name in _SUMMARY:
            if name not in query.filters:
                raise refusals.missing_parameter(name)
        customer, start, end = (query.filters[name] for name in _SUMMARY)
        self._held("customers", customer)
        for name, second in (("start_time", start), ("end_time", end)):
            if second % _MINUTE:
                raise refusals.Refused(400, f"{name} must be aligned with minute boundaries.", param=name)
        if start >= end:
            raise refusals.Refused(400, "start_time must be before end_time.", param="start_time")
        used = sum(
            self.store.usage.get(item.id, 0)
            for holder in self.store.subscriptions.values()
            if holder.customer == customer
            for item in holder.items
            if self.store.prices[item.price].meter == id_ and start <= item.start < end
        )
        shapes = [summary_shape(id_, (start, end), used, self.store)] if used else []
        return self._page(shapes, f"/v1/billing/meters/{id_}/event_summaries", query, more=False)

    def _shelf(self, listing: Listing) -> Shelf[Any]:
        shelf: Shelf[Any] = self.events if listing.object == "event" else getattr(self.store, listing.collection)
        return shelf

    def _kept(self, query: Query) -> Query:
        if "type" in query.filters and "types" in query.filters:
            raise refusals.Refused(400, "You may pass either type or types, but not both.", param="types")
        return replace(query, since=max(query.since, self.now - RETENTION))

    def _shape(self, value: Any) -> Shape:
        if isinstance(value, dict):
            return value
        if isinstance(value, Endpoint):
            return endpoint_shape(value, self.store, self.version)
        return render(value, self.store, self.version)

    def _page(self, shapes: Sequence[Shape], url: str, query: Query, *, more: bool) -> Shape:
        page: Shape = {"object": "list", "data": shapes, "has_more": more, "url": url}
        expansion.expand(page, query.expand, self.store, self.version)
        return page

    def _held(self, name: str, id_: str) -> Any:
        listing = LISTINGS[name]
        found = self._shelf(listing).get(id_)
        if found is None:
            raise refusals.no_such(listing.kind, id_)
        return found

    def _item(self, id_: str) -> tuple[Subscription, Item]:
        for holder in self.store.subscriptions.values():
            for item in holder.items:
                if item.id == id_:
                    return holder, item
        raise refusals.no_such("subscription_item", id_, param="item")

    def _missing(self, listing: Listing, id_: str) -> Shape:
        """Return what is left of a deleted customer; of anything else nothing is. Raises Refused."""
        shelf = self._shelf(listing)
        if listing.object == "customer" and id_ in shelf.gone:
            return expansion.deleted(self._shape(shelf.gone[id_]))
        if self.other is not None and id_ in getattr(self.other, listing.collection, ()):
            raise refusals.other_mode(listing.kind, id_, live=self.store.livemode)
        raise refusals.no_such(listing.kind, id_)
