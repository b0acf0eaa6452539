"""What ``config.toml`` may hold: one class a section, one field a key.

A field's type is what is allowed, its description the comment beside it in ``config.example.toml``,
its example what stands there where there is no default.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, field

from upswell.configuration.hook_options import Hooks
from upswell.configuration.option_types import (
    Address,
    Clock,
    Currency,
    Days,
    File,
    Host,
    Metadata,
    Minutes,
    Port,
    Rate,
    Section,
    Segment,
    Text,
    Url,
    Variable,
    Variables,
    Zone,
    note,
)
from upswell.configuration.signal_options import Signals
from upswell.configuration.target_options import Targets


class Ledger(Section, frozen=True):
    """The ledger: one SQLite file for one Stripe account and mode (live or test)."""

    path: Annotated[File, note("The file, relative to this one.")] = "upswell.db"
    keep_events_days: Annotated[
        Days | None,
        note(
            "For how many days after they came the raw bytes of applied events are kept. Figures need them no more. "
            "Left out: for ever.",
            400,
        ),
    ] = None
    checkpoints: Annotated[
        bool,
        note("false: `serve` leaves the write-ahead log to another program, such as Litestream: docs/operations.md."),
    ] = True


class Stripe(Section, frozen=True):
    """Stripe. Secrets stay out of this file: it names where they are."""

    api_key_env: Annotated[
        Variable, note("The environment variable that holds the API key; a restricted key that may read is enough.")
    ] = "STRIPE_API_KEY"
    api_key_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/stripe_api_key")
    ] = None
    webhook_secret_env: Annotated[
        Variables,
        note("The environment variable that holds the endpoint's signing secret; several with commas between them."),
    ] = "STRIPE_WEBHOOK_SECRET"
    webhook_secret_file: Annotated[
        File | None,
        note(
            "A file that holds it, one secret a line, instead of the environment; `upswell connect` writes it.",
            "/run/secrets/stripe_webhook",
        ),
    ] = None
    api_base: Annotated[Url | None, note("A stand-in for Stripe's API.", "http://127.0.0.1:12111")] = None
    requests_per_second: Annotated[
        int, Meta(ge=1, le=100), note("How fast Upswell may ask. Stripe allows 25 a second and list, 100 in all.")
    ] = 20
    webhooks: Annotated[bool, note("false: `serve` receives none, and asks Stripe for events every ten minutes.")] = (
        True
    )


class Server(Section, frozen=True):
    """Where `upswell serve` listens."""

    host: Annotated[Host, note("127.0.0.1 is reached from this machine only: by a proxy that speaks HTTPS.")] = (
        "127.0.0.1"
    )
    port: Annotated[Port, note("The port it listens on.")] = 8484
    public_url: Annotated[
        Url | None, note("The address that Stripe and people reach it by.", "https://upswell.example.com")
    ] = None
    token_env: Annotated[
        Variable,
        note("The environment variable with the token for /metrics, /signals/usage and /healthz in detail."),
    ] = "UPSWELL_TOKEN"
    token_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/upswell_token")
    ] = None
    log: Annotated[Literal["text", "json"], note("How `serve` logs: lines to read, or JSON.")] = "text"


class Report(Section, frozen=True):
    """The weekly summary, and the monthly one."""

    timezone: Annotated[Zone, note("Weeks, months and days are those of this time zone.")] = ZoneInfo("UTC")
    day: Annotated[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        Meta(extra={"allowed": 'a day of the week, such as "monday"'}),
        note("The day the last complete week (Monday to Sunday) is posted."),
    ] = "monday"
    time: Annotated[Clock, note("The time of that day.")] = "09:00"
    monthly: Annotated[
        bool, note("true: the summary of each calendar month is posted too, at that time on the first of the next.")
    ] = False
    currency: Annotated[Currency, note("The currency that comes first; the others stand below it.")] = "usd"
    channels: Annotated[
        tuple[Literal["slack", "email"], ...] | None,
        note("Where it is posted. Left out: everywhere that is configured. []: nowhere, but recorded.", ["slack"]),
    ] = None
    quiet: Annotated[
        Literal["short", "silent"],
        note(
            "How a week, or month, is posted in which no existing customer grew, shrank or left. silent: not at all, "
            "unless an earlier summary is corrected; it is recorded all the same."
        ),
    ] = "short"
    alerts: Annotated[
        bool,
        note("Whether those channels are told when no event comes for longer than usual, or events fail."),
    ] = True
    note_above: Annotated[
        Annotated[int, Meta(ge=0, le=10**12)] | None,
        note(
            "A movement of more than so many whole units of the currency above a month is told to those channels at "
            "once. Other currencies are compared at the rates below. Left out: none is.",
            500,
        ),
    ] = None
    benchmarks: Annotated[
        bool, note("Whether a grey line says what is usual elsewhere, with its source: docs/definitions.md.")
    ] = True
    segments: Annotated[
        tuple[Segment, ...],
        note(
            'What expansion is broken down by: "plan", "country", "currency", and any metadata key, such as '
            '"customer.metadata.team" or "subscription.metadata.region". Choose keys that group customers and '
            "name none.",
        ),
    ] = ()
    rates: Annotated[
        dict[str, Rate],
        note(
            "What one unit of each other currency is in the currency above: all of them are then shown together too. "
            "The same rates count for every period compared, so that none of them ever looks like expansion.",
            {"eur": 1.08},
        ),
    ] = field(default_factory=dict)


class Slack(Section, frozen=True):
    """Slack: an incoming webhook, or a bot token and a channel."""

    webhook_url_env: Annotated[
        Variable, note("The environment variable that holds the incoming webhook's address.")
    ] = "SLACK_WEBHOOK_URL"
    webhook_url_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/slack_webhook_url")
    ] = None
    bot_token_env: Annotated[
        Variable,
        note(
            "The environment variable that holds a bot token (scope chat:write). With files:write too, a "
            "picture goes into the message's thread; with channels:history and channels:read, what was never answered "
            "is looked for in the channel before it is posted again."
        ),
    ] = "SLACK_BOT_TOKEN"
    bot_token_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/slack_bot_token")
    ] = None
    channel: Annotated[Text | None, note("The channel the bot posts to; the webhook has its own.", "#revenue")] = None


class Email(Section, frozen=True):
    """Email by SMTP: host, from and to make it a channel."""

    host: Annotated[Host | None, note("The mail server.", "smtp.example.com")] = None
    port: Annotated[Port | None, note("Left out: 587 for starttls, 465 for tls, 25 for none.", 587)] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        note("starttls begins plain and then encrypts, tls encrypts from the start, none never does."),
    ] = "starttls"
    username: Annotated[Text | None, note("Left out: no login.", "upswell")] = None
    password_env: Annotated[Variable, note("The environment variable that holds the password.")] = "SMTP_PASSWORD"
    password_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/smtp_password")
    ] = None
    sender: Annotated[Address | None, note("Who it comes from.", "Upswell <upswell@example.com>")] = field(
        name="from", default=None
    )
    to: Annotated[tuple[Address, ...], note("Who gets it.", ["revenue@example.com"])] = ()


class Sales(Section, frozen=True):
    """Which changes are the sales team's; the summary shows them apart."""

    keys: Annotated[
        tuple[Text, ...],
        note("Those of a subscription or customer that carries one of these metadata keys."),
    ] = ()


class PriceChange(Section, frozen=True):
    """A price change of your own: moving from one price to the other is no expansion. As many as you need."""

    before: Annotated[Text, note("The old price.", "price_old")] = field(name="from")
    after: Annotated[Text, note("The new one.", "price_new")] = field(name="to")


class Rules(Section, frozen=True):
    """How a change is counted and named."""

    preset: Annotated[
        Literal["stripe", "chartmogul"] | None,
        note(
            "Sets the next five keys as another tool counts: docs/definitions.md. A key that is written wins over it; "
            "left out without a preset, it is what stands behind its #.",
            "stripe",
        ),
    ] = None
    settle_minutes: Annotated[
        Minutes | None, note("Changes less than this apart, counted from the first, are one change.", 60)
    ] = None
    churn_at: Annotated[
        Literal["end", "request"] | None,
        note("A cancellation counts at the end of the subscription, or when it is requested.", "end"),
    ] = None
    past_due: Annotated[
        Literal["count", "exclude"] | None,
        note("Subscriptions whose last payment failed, and is tried again.", "count"),
    ] = None
    discounts: Annotated[
        Literal["recurring", "forever", "all", "none"] | None,
        note(
            "Which discounts lower MRR. recurring: those that last forever or repeat; all: also those for one invoice.",
            "recurring",
        ),
    ] = None
    usage: Annotated[Literal["include", "exclude"] | None, note("Billed usage of metered prices.", "include")] = None
    backdated: Annotated[
        Literal["start_date", "created"],
        note("A subscription that was created later than it starts counts from its start, or its creation."),
    ] = "start_date"
    customer_key: Annotated[
        Metadata | None,
        note("Stripe customers that share the value of this metadata key are one customer.", "metadata.account_id"),
    ] = None
    price_change: tuple[PriceChange, ...] = ()
    roles: Annotated[
        dict[str, Literal["plan", "add_on", "seat"]],
        note(
            'What a price or product is, where its metadata has no upswell_role: "plan", "add_on" or "seat".',
            {"price_or_product": "add_on"},
        ),
    ] = field(default_factory=dict)
    families: Annotated[
        dict[str, Text],
        note(
            "Which plan a price or product belongs to, where its metadata has no upswell_plan.",
            {"price_or_product": "pro"},
        ),
    ] = field(default_factory=dict)
    sales: Sales = Sales()


SECTIONS: dict[str, type[Section]] = {
    "ledger": Ledger,
    "stripe": Stripe,
    "server": Server,
    "report": Report,
    "slack": Slack,
    "email": Email,
    "rules": Rules,
    "targets": Targets,
    "signals": Signals,
    "hooks": Hooks,
}
