"""What ``config.toml`` may hold: one class a section, one field a key.

A field's type is what is allowed, its description the comment beside it in ``config.example.toml``,
its example what stands there where there is no default.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field


def _text(allowed: str, pattern: str = r"\A[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z") -> Meta:
    return Meta(pattern=pattern, extra={"allowed": allowed})


def _note(comment: str, example: object = None) -> Meta:
    return Meta(description=comment, examples=None if example is None else [example])


Text = Annotated[str, _text("a text that is not empty")]
File = Annotated[str, _text("the path of a file")]
Url = Annotated[str, _text("an address that begins with http:// or https://", r"\Ahttps?://[^\s/]\S*\Z")]
Host = Annotated[str, _text("a host name or an IP address", r"\A[^\s/]+\Z")]
Address = Annotated[str, _text("an email address", r"\A[^\r\n]*[^\s@]@[^\s@]+\Z")]
Variable = Annotated[str, _text("the name of an environment variable, in capitals", r"\A[A-Z_][A-Z0-9_]*\Z")]
Variables = Annotated[
    str,
    _text(
        "names of environment variables, in capitals, with commas between them",
        r"\A\s*[A-Z_][A-Z0-9_]*\s*(,\s*[A-Z_][A-Z0-9_]*\s*)*\Z",
    ),
]
Zone = Annotated[ZoneInfo, Meta(extra={"allowed": 'the name of a time zone, such as "Europe/Berlin"'})]
Clock = Annotated[str, _text('a time of day, such as "09:00"', r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Currency = Annotated[str, _text('a currency code of three letters, such as "usd"', r"\A[A-Za-z]{3}\Z")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Minutes = Annotated[int, Meta(ge=0, le=10080)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Stretch = Annotated[int, Meta(ge=0, le=366, extra={"allowed": "a number of days from 0 to 366"})]
Points = Annotated[int, Meta(ge=0, le=100)]
Metadata = Annotated[str, _text('"metadata." and a key, such as "metadata.account_id"', r"\Ametadata\.\S.*\Z")]


class Section(Struct, frozen=True):
    """A table of ``config.toml``; its docstring stands above it in the example."""


class Ledger(Section, frozen=True):
    """The ledger: one SQLite file for one Stripe account and mode (live or test)."""

    path: Annotated[File, _note("The file, relative to this one.")] = "upswell.db"
    keep_events_days: Annotated[
        Days | None,
        _note(
            "For how many days after they came the raw bytes of applied events are kept. Figures need them no more. "
            "Left out: for ever.",
            400,
        ),
    ] = None
    checkpoints: Annotated[
        bool,
        _note("false: `serve` leaves the write-ahead log to another program, such as Litestream: docs/operations.md."),
    ] = True


class Stripe(Section, frozen=True):
    """Stripe. Secrets stay out of this file: it names where they are."""

    api_key_env: Annotated[
        Variable, _note("The environment variable that holds the API key; a restricted key that may read is enough.")
    ] = "STRIPE_API_KEY"
    api_key_file: Annotated[
        File | None, _note("A file that holds it, instead of the environment.", "/run/secrets/stripe_api_key")
    ] = None
    webhook_secret_env: Annotated[
        Variables,
        _note("The environment variable that holds the endpoint's signing secret; several with commas between them."),
    ] = "STRIPE_WEBHOOK_SECRET"
    webhook_secret_file: Annotated[
        File | None,
        _note(
            "A file that holds it, one secret a line, instead of the environment; `upswell connect` writes it.",
            "/run/secrets/stripe_webhook",
        ),
    ] = None
    api_base: Annotated[Url | None, _note("A stand-in for Stripe's API.", "http://127.0.0.1:12111")] = None
    requests_per_second: Annotated[
        int, Meta(ge=1, le=100), _note("How fast Upswell may ask. Stripe allows 25 a second and list, 100 in all.")
    ] = 20
    webhooks: Annotated[bool, _note("false: `serve` receives none, and asks Stripe for events every ten minutes.")] = (
        True
    )


class Server(Section, frozen=True):
    """Where `upswell serve` listens."""

    host: Annotated[Host, _note("127.0.0.1 is reached from this machine only: by a proxy that speaks HTTPS.")] = (
        "127.0.0.1"
    )
    port: Annotated[Port, _note("The port it listens on.")] = 8484
    public_url: Annotated[
        Url | None, _note("The address that Stripe and people reach it by.", "https://upswell.example.com")
    ] = None
    token_env: Annotated[
        Variable,
        _note("The environment variable that holds the bearer token for /metrics and /healthz in detail."),
    ] = "UPSWELL_TOKEN"
    token_file: Annotated[
        File | None, _note("A file that holds it, instead of the environment.", "/run/secrets/upswell_token")
    ] = None
    log: Annotated[Literal["text", "json"], _note("How `serve` logs: lines to read, or JSON.")] = "text"


class Report(Section, frozen=True):
    """The weekly summary."""

    timezone: Annotated[Zone, _note("Weeks and days are those of this time zone.")] = ZoneInfo("UTC")
    day: Annotated[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        Meta(extra={"allowed": 'a day of the week, such as "monday"'}),
        _note("The day the last complete week (Monday to Sunday) is posted."),
    ] = "monday"
    time: Annotated[Clock, _note("The time of that day.")] = "09:00"
    currency: Annotated[Currency, _note("The currency that comes first; the others stand below it.")] = "usd"
    channels: Annotated[
        tuple[Literal["slack", "email"], ...] | None,
        _note("Where it is posted. Left out: everywhere that is configured. []: nowhere, but recorded.", ["slack"]),
    ] = None
    alerts: Annotated[
        bool,
        _note("Whether those channels are told when no event comes for longer than usual, or events fail."),
    ] = True


class Slack(Section, frozen=True):
    """Slack: an incoming webhook, or a bot token and a channel."""

    webhook_url_env: Annotated[
        Variable, _note("The environment variable that holds the incoming webhook's address.")
    ] = "SLACK_WEBHOOK_URL"
    webhook_url_file: Annotated[
        File | None, _note("A file that holds it, instead of the environment.", "/run/secrets/slack_webhook_url")
    ] = None
    bot_token_env: Annotated[Variable, _note("The environment variable that holds a bot token (scope chat:write).")] = (
        "SLACK_BOT_TOKEN"
    )
    bot_token_file: Annotated[
        File | None, _note("A file that holds it, instead of the environment.", "/run/secrets/slack_bot_token")
    ] = None
    channel: Annotated[Text | None, _note("The channel the bot posts to; the webhook has its own.", "#revenue")] = None


class Email(Section, frozen=True):
    """Email by SMTP: host, from and to make it a channel."""

    host: Annotated[Host | None, _note("The mail server.", "smtp.example.com")] = None
    port: Annotated[Port | None, _note("Left out: 587 for starttls, 465 for tls, 25 for none.", 587)] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        _note("starttls begins plain and then encrypts, tls encrypts from the start, none never does."),
    ] = "starttls"
    username: Annotated[Text | None, _note("Left out: no login.", "upswell")] = None
    password_env: Annotated[Variable, _note("The environment variable that holds the password.")] = "SMTP_PASSWORD"
    password_file: Annotated[
        File | None, _note("A file that holds it, instead of the environment.", "/run/secrets/smtp_password")
    ] = None
    sender: Annotated[Address | None, _note("Who it comes from.", "Upswell <upswell@example.com>")] = field(
        name="from", default=None
    )
    to: Annotated[tuple[Address, ...], _note("Who gets it.", ["revenue@example.com"])] = ()


class Sales(Section, frozen=True):
    """Which changes are the sales team's; the summary shows them apart."""

    keys: Annotated[
        tuple[Text, ...],
        _note("Those of a subscription or customer that carries one of these metadata keys."),
    ] = ()


class PriceChange(Section, frozen=True):
    """A price change of your own: moving from one price to the other is no expansion. As many as you need."""

    before: Annotated[Text, _note("The old price.", "price_old")] = field(name="from")
    after: Annotated[Text, _note("The new one.", "price_new")] = field(name="to")


class Rules(Section, frozen=True):
    """How a change is counted and named."""

    preset: Annotated[
        Literal["stripe", "chartmogul"] | None,
        _note(
            "Sets the next five keys as another tool counts: docs/definitions.md. A key that is written wins over it; "
            "left out without a preset, it is what stands behind its #.",
            "stripe",
        ),
    ] = None
    settle_minutes: Annotated[
        Minutes | None, _note("Changes less than this apart, counted from the first, are one change.", 60)
    ] = None
    churn_at: Annotated[
        Literal["end", "request"] | None,
        _note("A cancellation counts at the end of the subscription, or when it is requested.", "end"),
    ] = None
    past_due: Annotated[
        Literal["count", "exclude"] | None,
        _note("Subscriptions whose last payment failed, and is tried again.", "count"),
    ] = None
    discounts: Annotated[
        Literal["recurring", "forever", "all", "none"] | None,
        _note(
            "Which discounts lower MRR. recurring: those that last forever or repeat; all: also those for one invoice.",
            "recurring",
        ),
    ] = None
    usage: Annotated[Literal["include", "exclude"] | None, _note("Billed usage of metered prices.", "include")] = None
    backdated: Annotated[
        Literal["start_date", "created"],
        _note("A subscription that was created later than it starts counts from its start, or its creation."),
    ] = "start_date"
    customer_key: Annotated[
        Metadata | None,
        _note("Stripe customers that share the value of this metadata key are one customer.", "metadata.account_id"),
    ] = None
    price_change: tuple[PriceChange, ...] = ()
    roles: Annotated[
        dict[str, Literal["plan", "add_on", "seat"]],
        _note(
            'What a price or product is, where its metadata has no upswell_role: "plan", "add_on" or "seat".',
            {"price_or_product": "add_on"},
        ),
    ] = field(default_factory=dict)
    families: Annotated[
        dict[str, Text],
        _note(
            "Which plan a price or product belongs to, where its metadata has no upswell_plan.",
            {"price_or_product": "pro"},
        ),
    ] = field(default_factory=dict)
    sales: Sales = Sales()


class Weights(Section, frozen=True):
    """The most points that each signal adds to a customer's score. 0: it is never raised."""

    cheaper_plan: Annotated[Points, _note("A higher plan would have cost less than the overage.")] = 40
    seat_limit: Annotated[Points, _note("Seats near their limit, or the end of a tier.")] = 30
    usage_growth: Annotated[Points, _note("Billed usage that rose over three periods.")] = 20
    seats_added: Annotated[Points, _note("Seats added in the last 90 days.")] = 20
    renewal: Annotated[Points, _note("A yearly subscription that renews soon.")] = 15
    trial_ending: Annotated[Points, _note("A trial that ends within a week.")] = 15
    discount_ending: Annotated[Points, _note("A discount that ends within 30 days.")] = 10


class Signals(Section, frozen=True):
    """Which customers are ready for more: docs/signals.md."""

    usage_threshold: Annotated[
        float, Meta(ge=0.1, lt=1), _note("The share of a limit from which on usage, or seats, are near it.")
    ] = 0.8
    onboarding_days: Annotated[Stretch, _note("Nobody is told of in a customer's first days.")] = 30
    renewal_days: Annotated[Stretch, _note("How long before its renewal a yearly subscription is a signal.")] = 60
    cooldown_days: Annotated[Stretch, _note("For how long a customer that was told of is not told of anew.")] = 30
    weights: Weights = Weights()


SECTIONS: dict[str, type[Section]] = {
    "ledger": Ledger,
    "stripe": Stripe,
    "server": Server,
    "report": Report,
    "slack": Slack,
    "email": Email,
    "rules": Rules,
    "signals": Signals,
}
