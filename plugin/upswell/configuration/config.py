"""Loading the configuration: ``config.toml``, the environment and the defaults become one ``Config``."""

import os
import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import structs

from upswell.configuration import options
from upswell.configuration.checking import check, nearest
from upswell.configuration.hook_settings import several
from upswell.configuration.option_types import Section
from upswell.configuration.reporting import rates, targets
from upswell.configuration.settings import (
    Config,
    EmailSettings,
    LedgerSettings,
    ReportSettings,
    Secret,
    ServerSettings,
    SlackSettings,
    StripeSettings,
)
from upswell.configuration.signal_options import Signals
from upswell.core.rules import PRESETS, Rules
from upswell.errors import ConfigError
from upswell.signals.terms import Terms


class _Source(NamedTuple):
    """The checked sections, and what they are relative to."""

    sections: dict[str, Any]
    folder: Path
    env: Mapping[str, str]


_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_PRESETTABLE = ("settle_minutes", "churn_at", "past_due", "discounts", "usage")
_CONNECTED = "webhook_secret"
_SEVERAL = (_CONNECTED, "secret")
_SECRETS = (
    ("stripe", "api_key"),
    ("stripe", "webhook_secret"),
    ("server", "token"),
    ("slack", "webhook_url"),
    ("slack", "bot_token"),
    ("email", "password"),
)


def load(path: Path | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read the configuration: ``path``, else ``UPSWELL_CONFIG``, else ``./config.toml``, else the defaults.

    ``env`` is the environment (default: the process's). Raises ConfigError, one sentence that names the file, the
    key, the value and what is allowed, where anything in it cannot be used.
    """
    env = os.environ if env is None else env
    found = _find(path, env)
    try:
        source = _Source(_sections(found), found.parent if found else Path(), env)
        return _resolve(found, source)
    except ConfigError as error:
        raise ConfigError(f"{found}: {error}" if found else str(error)) from None


def _find(path: Path | None, env: Mapping[str, str]) -> Path | None:
    named = path or (Path(env["UPSWELL_CONFIG"]) if env.get("UPSWELL_CONFIG") else None)
    if named is None:
        return Path("config.toml") if Path("config.toml").exists() else None
    if not named.exists():
        raise ConfigError(f"There is no configuration file {named}: `upswell init` writes one")
    return named


def _sections(path: Path | None) -> dict[str, Any]:
    """Return every section, checked; those that are not in the file hold their defaults."""
    tables = _read(path) if path else {}
    for name in tables:
        if name not in options.SECTIONS:
            near = nearest(name, options.SECTIONS)
            raise ConfigError(f"there is no section [{name}]: the nearest one is [{near}]")
    return {name: check(cls, tables.get(name, {}), name) for name, cls in options.SECTIONS.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)  # money holds no floats
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise ConfigError("the file is not text in UTF-8: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}") from None


def _resolve(path: Path | None, source: _Source) -> Config:
    ledger, stripe, server, report = (source.sections[name] for name in ("ledger", "stripe", "server", "report"))
    slack, email = _slack(source), _email(source)
    return Config(
        path=path,
        ledger=LedgerSettings(_relative(source, ledger.path), ledger.keep_events_days, ledger.checkpoints),
        stripe=StripeSettings(
            api_key=_secret(source, "stripe", "api_key"),
            webhook_secrets=_secrets(source, "stripe", "webhook_secret"),
            api_base=stripe.api_base.rstrip("/") if stripe.api_base else None,
            requests_per_second=stripe.requests_per_second,
            webhooks=stripe.webhooks,
            webhook_secret_file=_relative(source, stripe.webhook_secret_file) if stripe.webhook_secret_file else None,
        ),
        server=ServerSettings(
            host=server.host,
            port=server.port,
            public_url=server.public_url.rstrip("/") if server.public_url else None,
            token=_secret(source, "server", "token"),
            log=server.log,
        ),
        report=ReportSettings(
            timezone=report.timezone,
            day=report.day,
            time=time.fromisoformat(report.time),
            currency=report.currency.lower(),
            channels=_channels(source, {"slack": slack is not None, "email": email is not None}),
            alerts=report.alerts,
            rates=rates(report),
            benchmarks=report.benchmarks,
            segments=tuple(dict.fromkeys(report.segments)),
            note_above=report.note_above,
            notify_signals=source.sections["signals"].notify,
            quiet=report.quiet,
            monthly=report.monthly,
        ),
        slack=slack,
        email=email,
        rules=_rules(source.sections["rules"]),
        targets=targets(source.sections["targets"], report.currency.lower()),
        signals=_signals(source.sections["signals"], report.timezone),
        hooks=several(source.sections["hooks"].endpoint, partial(_found, source)),
        places=MappingProxyType({f"{section}.{key}": _place(source, section, key) for section, key in _SECRETS}),
    )


def _relative(source: _Source, path: str) -> Path:
    return source.folder / Path(path).expanduser()


def _secret(source: _Source, section: str, key: str) -> Secret | None:
    found = _secrets(source, section, key)
    return found[0] if found else None


def _secrets(source: _Source, section: str, key: str) -> tuple[Secret, ...]:
    return _found(source, source.sections[section], section, key)


def _found(source: _Source, settings: Section, section: str, key: str) -> tuple[Secret, ...]:
    """Return the secrets ``key`` names: a file's lines where a file is named, else those of the environment."""
    if file := getattr(settings, f"{key}_file"):
        path = _relative(source, file)
        if key == _CONNECTED and not path.exists():
            return ()  # `upswell connect` will write it
        found = _lines(path, f"[{section}] {key}_file")
    else:
        names = getattr(settings, f"{key}_env").split(",")
        found = [source.env.get(name.strip(), "") for name in names]
    texts = [text for value in found for text in _split(value, key)]
    return tuple(Secret(text.strip()) for text in texts if text.strip())


def _split(value: str, key: str) -> list[str]:
    """Split what may hold several, and a note behind a #: only secrets of webhooks, for a password may hold both."""
    return value.partition("#")[0].split(",") if key in _SEVERAL else [value]


def _lines(path: Path, place: str) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise ConfigError(f"{place} names {path}, which cannot be read ({reason})") from None


def _place(source: _Source, section: str, key: str) -> str:
    settings = source.sections[section]
    if file := getattr(settings, f"{key}_file"):
        return f"the file {_relative(source, file)} ([{section}] {key}_file)"
    return f"the environment variable {getattr(settings, f'{key}_env')} ([{section}] {key}_env)"


def _slack(source: _Source) -> SlackSettings | None:
    channel = source.sections["slack"].channel
    webhook_url, bot_token = _secret(source, "slack", "webhook_url"), _secret(source, "slack", "bot_token")
    if webhook_url is None and (bot_token is None or channel is None):
        return None
    return SlackSettings(webhook_url, bot_token, channel)


def _email(source: _Source) -> EmailSettings | None:
    email = source.sections["email"]
    needed = {"host": email.host, "from": email.sender, "to": email.to}
    missing = [key for key, value in needed.items() if not value]
    if len(missing) == len(needed):
        return None
    if missing:
        raise ConfigError(f"[email] lacks {' and '.join(missing)}: email needs host, from and to")
    return EmailSettings(
        host=email.host,
        port=email.port or _SMTP_PORTS[email.security],
        security=email.security,
        username=email.username,
        password=_secret(source, "email", "password"),
        sender=email.sender,
        to=email.to,
    )


def _channels(source: _Source, configured: dict[str, bool]) -> tuple[str, ...]:
    named = source.sections["report"].channels
    if named is None:
        return tuple(channel for channel, ready in configured.items() if ready)
    for channel in named:
        if not configured[channel]:
            raise ConfigError(
                f'[report] channels names "{channel}", which is not configured: {_needs(source, channel)}'
            )
    return tuple(dict.fromkeys(named))


def _needs(source: _Source, channel: str) -> str:
    if channel == "email":
        return "give host, from and to in [email]"
    return f"set {_place(source, 'slack', 'webhook_url')}, or a bot token and [slack] channel"


def _rules(rules: options.Rules) -> Rules:
    """Return the rules: what the file says, else what its preset says, else the rule book's."""
    written = {key: value for key in _PRESETTABLE if (value := getattr(rules, key)) is not None}
    return Rules(
        **{**PRESETS.get(rules.preset or "", {}), **written},
        backdated=rules.backdated,
        customer_key=rules.customer_key,
        price_changes=frozenset((change.before, change.after) for change in rules.price_change),
        roles=MappingProxyType(rules.roles),
        families=MappingProxyType(rules.families),
        sales_keys=rules.sales.keys,
    )


def _signals(signals: Signals, zone: ZoneInfo) -> Terms:
    return Terms(
        threshold=Fraction(str(signals.usage_threshold)),
        onboarding_days=signals.onboarding_days,
        renewal_days=signals.renewal_days,
        cooldown_days=signals.cooldown_days,
        weights=MappingProxyType(structs.asdict(signals.weights)),
        zone=zone,
    )
