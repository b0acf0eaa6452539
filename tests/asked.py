"""Requests as granian hands them over, without granian."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Asked:
    """What granian tells of a request."""

    headers: dict[str, str]
    method: str = "POST"
    path: str = "/wébhooks"
    query_string: str = "a=1"
    server: str = "127.0.0.1:8484"
    client: str = "127.0.0.2:5555"
    http_version: str = "1.1"
    scheme: str = "http"


@dataclass
class Exchange:
    """Sends ``chunks``, waits ``seconds`` after each, and keeps the answer."""

    chunks: list[bytes]
    seconds: float = 0
    answer: tuple[int, dict[str, str], bytes] | None = field(default=None)

    async def __aiter__(self):
        for chunk in self.chunks:
            yield chunk
            await asyncio.sleep(self.seconds)

    def response_bytes(self, status, headers, body):
        """Keep what granian would send."""
        self.answer = (status, dict(headers), body)
