"""What kinds of values ``config.toml`` may hold, and what a section is."""

from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct


def said(allowed: str, pattern: str = r"\A[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z") -> Meta:
    """Return what a text must match, and how that is said where it does not."""
    return Meta(pattern=pattern, extra={"allowed": allowed})


def note(comment: str, example: object = None) -> Meta:
    """Return a key's comment, and the example of one that has no default."""
    return Meta(description=comment, examples=None if example is None else [example])


Text = Annotated[str, said("a text that is not empty")]
File = Annotated[str, said("the path of a file")]
Url = Annotated[str, said("an address that begins with http:// or https://", r"\Ahttps?://[^\s/]\S*\Z")]
Host = Annotated[str, said("a host name or an IP address", r"\A[^\s/]+\Z")]
Address = Annotated[str, said("an email address", r"\A[^\r\n]*[^\s@]@[^\s@]+\Z")]
Variable = Annotated[str, said("the name of an environment variable, in capitals", r"\A[A-Z_][A-Z0-9_]*\Z")]
Variables = Annotated[
    str,
    said(
        "names of environment variables, in capitals, with commas between them",
        r"\A\s*[A-Z_][A-Z0-9_]*\s*(,\s*[A-Z_][A-Z0-9_]*\s*)*\Z",
    ),
]
Zone = Annotated[ZoneInfo, Meta(extra={"allowed": 'the name of a time zone, such as "Europe/Berlin"'})]
Clock = Annotated[str, said('a time of day, such as "09:00"', r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Currency = Annotated[str, said('a currency code of three letters, such as "usd"', r"\A[A-Za-z]{3}\Z")]
Segment = Annotated[
    str,
    said(
        '"plan", "country", "currency", or "customer.metadata." or "subscription.metadata." and a key',
        r"\A(plan|country|currency|(customer|subscription)\.metadata\.\S.*)\Z",
    ),
]
Amount = Annotated[Decimal, Meta(extra={"allowed": "an amount above 0, such as 5000"})]
Rate = Annotated[Decimal, Meta(extra={"allowed": "a number above 0, such as 1.08"})]
Port = Annotated[int, Meta(ge=1, le=65535)]
Minutes = Annotated[int, Meta(ge=0, le=10080)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Metadata = Annotated[str, said('"metadata." and a key, such as "metadata.account_id"', r"\Ametadata\.\S.*\Z")]


class Section(Struct, frozen=True):
    """A table of ``config.toml``; its docstring stands above it in the example."""


def is_section(kind: Any) -> bool:
    """Whether ``kind``, the type of a field, is a section."""
    return isinstance(kind, type) and issubclass(kind, Section)
