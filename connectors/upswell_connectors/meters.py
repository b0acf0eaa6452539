"""Billing meters: what they are called, and what they counted of a customer."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from urllib.parse import quote

import msgspec

from upswell.errors import ShapeError
from upswell_connectors.client import Answer, Client

_MINUTE = 60
_LARGEST = 18  # digits before the point


class _Meter(msgspec.Struct):
    id: str
    display_name: str = ""


class _Meters(msgspec.Struct):
    data: list[_Meter]
    has_more: bool = False


class _Summary(msgspec.Struct):
    aggregated_value: Decimal


class _Summaries(msgspec.Struct):
    data: list[_Summary]


def read_names(client: Client) -> Mapping[str, str]:
    """Return what each meter of the account is called. Raises Refused, Unreachable."""
    names: dict[str, str] = {}
    after: dict[str, str] = {}
    while True:
        params = {"limit": 100, **after}
        page = client.read("/v1/billing/meters", params, lambda answer: msgspec.json.decode(answer.body, type=_Meters))
        names |= {meter.id: meter.display_name for meter in page.data}
        if not (page.has_more and page.data):
            return names
        after = {"starting_after": page.data[-1].id}


def read_usage(client: Client, meter: str, customer: str, start: int, end: int) -> Fraction:
    """Return the units that a meter counted of a customer from ``start`` to ``end`` (unix seconds UTC).

    Both are cut to the minute, as Stripe wants them: ``end`` must be a minute later at least. Raises Refused,
    Unreachable, and ShapeError where the answer is no amount of usage.
    """
    window = {"start_time": start - start % _MINUTE, "end_time": end - end % _MINUTE}
    path = f"/v1/billing/meters/{quote(meter, safe='')}/event_summaries"
    counted = client.read(path, {"customer": customer, **window}, _total)
    if not counted.is_finite() or counted.adjusted() >= _LARGEST:
        raise ShapeError(f"{path} answers with {str(counted)[:40]}, which is no amount of usage")
    return max(Fraction(0), round(Fraction(counted), 12) if counted.adjusted() > -_LARGEST else Fraction(0))


def _total(answer: Answer) -> Decimal:
    rows = msgspec.json.decode(answer.body, type=_Summaries).data
    return sum((row.aggregated_value for row in rows), Decimal(0))
