"""The API versions an account can render its objects in, by what each one moved."""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Version:
    """An API version: the name Stripe gives it, and which of the shapes' changes it already has.

    ``basil`` is everything of 2025-03-31 (periods on items, ``invoice.parent``, ``line.pricing``),
    ``billing_mode`` came on 2025-06-30, ``discount_source`` on 2025-09-30, ``item_trials`` on 2026-09-30.
    """

    name: str
    basil: bool = False
    billing_mode: bool = False
    discount_source: bool = False
    item_trials: bool = False


@lru_cache
def version(name: str) -> Version:
    """Return the version that a request names, as ``2026-10-28.endive``. Raises ValueError where there is none."""
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(\.[a-z]+)?", name):
        raise ValueError(f"{name!r} is no API version: Stripe names them like 2026-10-28.endive")
    day = name[:10]
    return Version(
        name,
        basil=day >= "2025-03-31",
        billing_mode=day >= "2025-06-30",
        discount_source=day >= "2025-09-30",
        item_trials=day >= "2026-09-30",
    )


ACACIA = version("2024-12-18.acacia")
BASIL = version("2025-08-27.basil")
ENDIVE = version("2026-10-28.endive")
