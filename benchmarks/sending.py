"""Sending webhooks as fast as one thread can: every connection carries one request after another."""

import hashlib
import hmac
import selectors
import socket
import time
from collections.abc import Iterator, Sequence


def send(
    port: int, secret: str, bodies: Sequence[bytes], connections: int, seconds: float, rate: int | None = None
) -> tuple[list[float], float]:
    """Send signed ``bodies`` to 127.0.0.1 for so many ``seconds``, at most ``rate`` a second.

    Returns how many seconds each waited for its answer, counted from when it was due, and how long all of it took.
    Raises SystemExit where an answer is not 200.
    """
    waits: list[float] = []
    with selectors.DefaultSelector() as selector:
        idle = [_connect(port) for _ in range(connections)]
        for connection in idle:
            selector.register(connection, selectors.EVENT_READ)
        due: dict[socket.socket, float] = {}
        begun = time.perf_counter()
        coming = _moments(bodies, begun, seconds, rate)
        at, body = next(coming, (0.0, None))
        while body or due:
            now = time.perf_counter()
            while body and idle and (rate is None or at <= now):
                connection = idle.pop()
                connection.sendall(_request(body, secret))
                due[connection] = now if rate is None else at
                at, body = next(coming, (0.0, None))
            rest = max(at - time.perf_counter(), 0.0) if body and idle else None
            for key, _ in selector.select(rest):
                answer = key.fileobj.recv(4096)
                if not answer.startswith(b"HTTP/1.1 200 "):
                    raise SystemExit(f"not accepted: {answer[:200]!r}")
                waits.append(time.perf_counter() - due.pop(key.fileobj))
                idle.append(key.fileobj)
        return waits, time.perf_counter() - begun


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _moments(
    bodies: Sequence[bytes], begun: float, seconds: float, rate: int | None
) -> Iterator[tuple[float, bytes | None]]:
    """Yield each body with the moment it is due, until the time is up."""
    for number, body in enumerate(bodies):
        at = begun + number / rate if rate else time.perf_counter()
        if at > begun + seconds:
            return
        yield at, body


def _request(body: bytes, secret: str) -> bytes:
    now = int(time.time())
    signed = hmac.new(secret.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    head = f"POST /webhooks/stripe HTTP/1.1\r\nHost: localhost\r\nStripe-Signature: t={now},v1={signed}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
