"""The configuration's values: frozen, resolved, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from upswell.core.rules import Rules
from upswell.report.periods import Month, Reported, Week
from upswell.report.targets import Target
from upswell.signals.terms import Terms

_LIVEMODE = {"live_": True, "test_": False}  # sk_live_…, rk_test_…


class Secret:
    """A value that never shows itself: only ``reveal`` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        """Return a text that tells nothing."""
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        """Compare by value."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger lies, for how many days raw events are kept (None: for ever), whether `serve` checkpoints."""

    path: Path
    keep_events_days: int | None = None
    checkpoints: bool = True


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """How Stripe is reached; ``requests_per_second`` bounds what is asked of it.

    ``webhook_secret_file`` is where signing secrets are kept, None where they are in the environment.
    """

    api_key: Secret | None
    webhook_secrets: tuple[Secret, ...]
    api_base: str | None
    requests_per_second: int
    webhooks: bool
    webhook_secret_file: Path | None = None

    @property
    def livemode(self) -> bool | None:
        """Whether the API key is for live mode; None where there is none, or where it does not say."""
        return _LIVEMODE.get(self.api_key.reveal()[3:8]) if self.api_key else None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the receiver listens, the bearer token for details of its health, and how it logs: text or json."""

    host: str
    port: int
    public_url: str | None
    token: Secret | None
    log: str = "text"


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """When summaries are posted, in which zone and currency (lower case), to which configured channels.

    ``alerts`` says whether the channels are told when somebody must look. ``rates`` are units of ``currency`` for one
    unit of each other currency, by its code in lower case. ``segments`` are what expansion is broken down by.
    ``benchmarks`` says whether what is usual elsewhere is said beside the figures. ``note_above`` is how many whole
    units of ``currency`` a movement must exceed for the channels to be told of it at once; None: no one is.
    ``notify_signals`` says whether they are told of signals at once. ``quiet`` is how a quiet period is posted:
    ``short``, or ``silent``, which is not at all. ``monthly`` says whether months are posted beside weeks.
    """

    timezone: ZoneInfo
    day: str
    time: time
    currency: str
    channels: tuple[str, ...]
    alerts: bool = True
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    benchmarks: bool = True
    note_above: int | None = None
    notify_signals: bool = False
    quiet: str = "short"
    monthly: bool = False

    @property
    def posted(self) -> tuple[type[Reported], ...]:
        """The kinds of period that are posted."""
        return (Week, Month) if self.monthly else (Week,)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """A Slack incoming webhook, or a bot token and its channel, or both."""

    webhook_url: Secret | None
    bot_token: Secret | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """A mail server (``security``: starttls, tls or none), who the mail is from, and who gets it."""

    host: str
    port: int
    security: str
    username: str | None
    password: Secret | None
    sender: str
    to: tuple[str, ...]

    @property
    def domain(self) -> str:
        """The domain of the sender's address: ids of messages are of it."""
        return self.sender.rpartition("@")[2].strip("> ") or "localhost"


@dataclass(frozen=True, slots=True)
class HookSettings:
    """An endpoint that is told at once: each of ``secrets`` signs, ``events`` are the types it gets.

    ``url`` may be a secret, as an address that anybody may post to is. ``people``: names and email addresses go along.
    """

    name: str
    url: Secret
    secrets: tuple[Secret, ...]
    events: tuple[str, ...]
    people: bool = False

    @property
    def destination(self) -> str:
        """The name its deliveries bear."""
        return f"hook:{self.name}"

    @property
    def mark(self) -> str:
        """What tells its address from another without telling it."""
        return sha256(self.url.reveal().encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is configured. ``path`` is the file it came from, None for the defaults.

    ``slack`` and ``email`` are None where they are not configured. ``places`` says in words where each secret
    is looked for, by its dotted name (``stripe.api_key``), found there or not.
    """

    path: Path | None
    ledger: LedgerSettings
    stripe: StripeSettings
    server: ServerSettings
    report: ReportSettings
    slack: SlackSettings | None
    email: EmailSettings | None
    rules: Rules
    signals: Terms = field(default_factory=Terms)
    hooks: tuple[HookSettings, ...] = ()
    targets: tuple[Target, ...] = ()
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
