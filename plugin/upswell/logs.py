"""The log of `serve` on standard error: lines for people, or one JSON object a line for programs."""

import json
import logging
from datetime import UTC, datetime

FACTS = "facts"
"""The attribute of a log record that holds what it says by name."""


def log_to_stderr(form: str = "text") -> None:
    """Log what Upswell does, and of libraries only warnings: they would show secret addresses."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(_Lines() if form == "json" else text)
    logging.basicConfig(handlers=[handler])
    own = logging.getLogger("upswell")
    own.setLevel(own.level or logging.INFO)


class _Lines(logging.Formatter):
    """Writes ``time``, ``level``, ``logger`` and ``message``, and the facts of a record as keys of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)
