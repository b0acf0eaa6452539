"""One canonical line in the log for every request."""

import json
import logging
import re

from upswell.logs import FACTS
from upswell_webhooks import counters

_log = logging.getLogger("upswell.requests")
_PLAIN = re.compile(r"[\w./:-]{1,200}", re.ASCII)


def note(method: str, path: str, status: int, seconds: float, **facts: str | None) -> None:
    """Log one request as ``name=value`` pairs: who asked what, how it was answered, and ``facts`` that are not None.

    Callers pass no header, body or query: none of them may be written down.
    """
    known = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1), **facts}
    told = {name: value for name, value in known.items() if value is not None}
    counters.requests.add(status, facts.get("outcome"), facts.get("reason"))
    _log.info(" ".join(f"{name}={_text(str(value))}" for name, value in told.items()), extra={FACTS: told})


def _text(value: str) -> str:
    """Return ``value`` so that it cannot pass for another field or line."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value[:200])
