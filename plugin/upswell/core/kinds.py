"""The kinds of movement, their groups and drivers, and the movement itself."""

from dataclasses import dataclass

GROUPS = {
    "new": "new",
    "upgrade": "expansion",
    "add_on": "expansion",
    "seat": "expansion",
    "overage": "expansion",
    "downgrade": "contraction",
    "churn": "churn",
    "reactivation": "reactivation",
    "price_change": "price",
    "discount": "price",
    "term_change": "price",
}
KINDS = tuple(GROUPS)
DRIVERS = ("plan", "add_on", "seats", "usage", "price", "discount", "term", "status")
SOURCES = ("observed", "reconstructed")
ORIGINS = ("customer", "sales", "merchant")


@dataclass(frozen=True, slots=True)
class Movement:
    """One classified change of one customer's MRR.

    Amounts are signed integers in the currency's minor unit a month; ``occurred_at`` is unix seconds UTC.
    ``mrr_before`` and ``mrr_after`` are the customer's MRR in ``currency`` around this step:
    ``mrr_after - mrr_before == amount``. ``cause`` is the id of one Stripe event or invoice.
    """

    id: str
    occurred_at: int
    customer: str
    subscription: str
    item: str
    kind: str
    driver: str
    amount: int
    currency: str
    mrr_before: int
    mrr_after: int
    product_from: str | None
    product_to: str | None
    price_from: str | None
    price_to: str | None
    quantity_from: int | None
    quantity_to: int | None
    source: str
    cause: str
    origin: str
    reason: str

    @property
    def group(self) -> str:
        """The group its kind belongs to: new, expansion, contraction, churn, reactivation or price."""
        return GROUPS[self.kind]
