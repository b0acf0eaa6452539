"""Sending mail by SMTP: STARTTLS, TLS or neither, with or without a login."""

import smtplib
import ssl
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from upswell.configuration.settings import EmailSettings
from upswell.errors import DeliveryError

_TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class Inline:
    """A PNG that the HTML shows: ``cid`` is its Content-ID without brackets, ``data`` the file in base64."""

    name: str
    cid: str
    data: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to hand over: ``html`` and ``text`` say the same; ``message_id`` stays the same over attempts.

    ``inlines`` are the pictures that the HTML names as ``cid:…``.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    message_id: str
    inlines: tuple[Inline, ...] = ()


def send(settings: EmailSettings, mail: Mail, at: int) -> None:
    """Hand ``mail``, dated ``at`` (unix seconds UTC), to the mail server of ``settings``.

    Raises DeliveryError, whose sentence holds no password. Its ``refused`` names the recipients that the server
    refused while it took the mail for the others.
    """
    message = compose(settings, mail, at)
    with _connected(settings) as server:
        refused = _handed_over(server, settings, message, mail.to)
    if refused:
        raise DeliveryError(
            f"{settings.host} refused {_named(refused)}, the others got the mail: correct [email] to",
            final=all(code >= 500 for code, _ in refused.values()),
            refused=tuple(to for to in mail.to if _address(to) in refused),
        )


def compose(settings: EmailSettings, mail: Mail, at: int) -> EmailMessage:
    """Return the message: plain text, and the same as HTML with its pictures.

    Raises DeliveryError for a header it cannot have.
    """
    message = EmailMessage(policy=SMTP)
    headers = {
        "From": settings.sender,
        "To": ", ".join(mail.to),
        "Subject": mail.subject,
        "Date": format_datetime(datetime.fromtimestamp(at, UTC)),
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
    }
    try:
        for name, value in headers.items():
            message[name] = value
    except (ValueError, IndexError) as error:
        raise DeliveryError(f"The mail's {name} cannot be {value!r}: correct it under [email]", final=True) from error
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    _, html = message.iter_parts()
    for each in mail.inlines:
        image, name = b64decode(each.data), f"{each.name}.png"
        html.add_related(image, "image", "png", cid=f"<{each.cid}>", filename=name, disposition="inline")
    return message


@contextmanager
def _connected(settings: EmailSettings) -> Iterator[smtplib.SMTP]:
    """Connect, encrypt and log in as configured; say goodbye at the end, whatever the answer."""
    place = f"{settings.host}:{settings.port}"
    server = None
    try:
        server = _open(settings)
        if settings.username and settings.password:
            server.login(settings.username, settings.password.reveal())
    except smtplib.SMTPAuthenticationError as error:
        _close(server)
        raise _refusal(place, "the login", error, "check [email] username and its password") from None
    except smtplib.SMTPNotSupportedError as error:
        _close(server)
        raise DeliveryError(f"{place} cannot do what [email] security and username ask ({error})", final=True) from None
    except (OSError, smtplib.SMTPException) as error:
        _close(server)
        raise DeliveryError(f"{place} could not be reached ({_cause(error)}): check [email] host and port") from None
    try:
        yield server
    finally:
        _close(server)


def _open(settings: EmailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT)
    if settings.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _close(server: smtplib.SMTP | None) -> None:
    """End the connection; the mail is accepted or not by now, so how this goes does not matter."""
    if server:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _handed_over(
    server: smtplib.SMTP, settings: EmailSettings, message: EmailMessage, to: tuple[str, ...]
) -> Mapping[str, tuple[int, bytes]]:
    """Send ``message`` and return the recipients that were refused, where at least one was not."""
    host = settings.host
    try:
        return server.send_message(message, _address(settings.sender), [_address(each) for each in to])
    except smtplib.SMTPRecipientsRefused as error:
        final = all(code >= 500 for code, _ in error.recipients.values())
        raise DeliveryError(f"{host} refused {_named(error.recipients)}: correct [email] to", final=final) from None
    except smtplib.SMTPSenderRefused as error:
        raise _refusal(host, f"the sender {error.sender}", error, "correct [email] from") from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(host, "the mail", error, "see the mail server's log") from None
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryError(f"{host} cannot take the addresses under [email] ({error})", final=True) from None
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"{host} did not answer ({_cause(error)}): the mail may have arrived", unsure=True
        ) from None


def _address(text: str) -> str:
    return parseaddr(text)[1]


def _refusal(place: str, what: str, error: smtplib.SMTPResponseException, remedy: str) -> DeliveryError:
    return DeliveryError(
        f"{place} refused {what} ({error.smtp_code} {_said(error.smtp_error)}): {remedy}", final=error.smtp_code >= 500
    )


def _named(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{to} ({code} {_said(answer)})" for to, (code, answer) in refused.items())


def _said(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)[:200] or type(error).__name__
