"""What must be so before all of Stripe is read: a key that may, of the ledger's account and mode, at the right time."""

import msgspec

from upswell.configuration.settings import Config
from upswell.errors import ConfigError, Refused, UpswellError
from upswell.fetching.resources import STEPS
from upswell.store import events
from upswell.store.ledger import Ledger, note_job
from upswell_connectors.client import PERMISSIONS, Client

_OWNER = "owner"
_MOST_SKEW_SECONDS = 300
_NO_KEYS = {
    "pk_": "a publishable key, which may not read anything",
    "whsec_": "a webhook's signing secret",
    "acct_": "the id of an account",
}
_NEEDED = "a restricted key that may read products, prices, coupons, customers, subscriptions, invoices and events"


class _Account(msgspec.Struct):
    id: str | None = None


def check(ledger: Ledger, config: Config, client: Client) -> int:
    """Return the last second that is over (unix UTC, Stripe's clock); bind the ledger to the key's account and mode.

    Raises UpswellError, one sentence that says what to do, where the key, its permissions, the ledger or this machine's
    clock are not as they must be; Unreachable where Stripe does not answer.
    """
    identify(ledger, config, client)
    _check_clock(client.ahead)
    if _is_restricted(config):
        _check_permissions(client, config)
    return int(client.now()) - 1  # what this second brings comes after it


def identify(ledger: Ledger, config: Config, client: Client) -> None:
    """Make sure that the API key is of the ledger's account and mode, and bind a new ledger to them.

    Raises UpswellError where it is not; Unreachable where Stripe does not answer.
    """
    _check_mode(ledger, config)
    account = _account(client)
    _check_account(ledger, config, account)
    _bind(ledger, config, account)


def check_key(config: Config) -> None:
    """Raise ConfigError where there is no API key, or another thing in its place."""
    place, key = config.places.get("stripe.api_key", "the configuration"), config.stripe.api_key
    if key is None:
        raise ConfigError(f"There is no Stripe API key in {place}: put {_NEEDED} there")
    for prefix, what in _NO_KEYS.items():
        if key.reveal().startswith(prefix):
            raise ConfigError(f"What {place} holds is {what}: put {_NEEDED} there")


def _check_mode(ledger: Ledger, config: Config) -> None:
    wanted, given = events.bound_to(ledger).get("livemode"), config.stripe.livemode
    if None not in (wanted, given) and wanted != given:
        raise UpswellError(wrong_mode(config, live=bool(given)))


def wrong_mode(config: Config, *, live: bool) -> str:
    """Return the sentence for what is of ``live`` mode, or of test mode, where the ledger is of the other."""
    given, held = ("live", "test") if live else ("test", "live")
    return (
        f"The API key reads {given} mode, and the ledger {config.ledger.path} holds {held} mode: "
        f"use the {held} mode key, or name another file under [ledger] path"
    )


def _account(client: Client) -> str | None:
    """Return the id of the key's account; None where Stripe does not say, as it may not to a restricted key."""
    try:
        found = client.read("/v1/account", None, lambda answer: msgspec.json.decode(answer.body, type=_Account))
    except Refused as error:
        if error.status not in {403, 404}:
            raise
        return error.account
    return found.id


def _check_clock(ahead: float) -> None:
    if abs(ahead) > _MOST_SKEW_SECONDS:
        minutes, side = round(abs(ahead) / 60), "slow" if ahead > 0 else "fast"
        raise UpswellError(
            f"This machine's clock is {minutes} minutes {side}, by Stripe's: set it, best by NTP, "
            "or webhooks are refused and weeks and months end at the wrong time"
        )


def _check_account(ledger: Ledger, config: Config, account: str | None) -> None:
    path = config.ledger.path
    if connected := events.bound_to(ledger).get("account"):
        raise UpswellError(
            f"The ledger {path} holds events of the connected account {connected}, which came through a platform's "
            "webhook: name another file under [ledger] path, and read that account with an API key of its own"
        )
    owner = ledger.job(_OWNER)
    if None not in (owner, account) and owner != account:
        raise UpswellError(
            f"The API key is of the account {account}, and the ledger {path} holds {owner}: "
            f"use a key of {owner}, or name another file under [ledger] path"
        )


def _is_restricted(config: Config) -> bool:
    key = config.stripe.api_key
    return key is not None and key.reveal().startswith("rk_")


def _check_permissions(client: Client, config: Config) -> None:
    """Ask each list for one object, so that a permission is missed now and not in an hour."""
    missing = []
    for path in dict.fromkeys(step.listing.path for step in STEPS.values()):
        try:
            client.get(path, {"limit": 1})
        except Refused as error:
            if error.status == 403:
                missing.append(PERMISSIONS[path.split("/")[2]])
            elif error.status != 404:
                raise
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise UpswellError(
            f"The restricted key in {config.places['stripe.api_key']} may not read {names}: "
            "give it read access to them in Stripe's dashboard, under Developers → API keys"
        )


def _bind(ledger: Ledger, config: Config, account: str | None) -> None:
    if config.stripe.livemode is not None:
        events.bind(ledger, livemode=config.stripe.livemode)
    if account and ledger.job(_OWNER) is None:
        with ledger.write() as connection:
            note_job(connection, _OWNER, account)
