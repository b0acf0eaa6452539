"""Connecting: the webhook endpoint at Stripe is made, mended, doubled for a new secret, and taken away."""

from dataclasses import dataclass

from upswell.configuration.addresses import is_own, webhook_url
from upswell.configuration.settings import Config, Secret
from upswell.errors import UpswellError
from upswell.fetching.preflight import check_key, identify
from upswell.fetching.secret_file import SecretFile
from upswell.store.ledger import Ledger
from upswell_connectors.client import API_VERSION, Client
from upswell_connectors.event_types import EVENT_TYPES
from upswell_connectors.webhook_endpoints import MOST, Endpoint, create, endpoints, mend, remove

_AGAIN = "start `upswell serve` again, which reads the secrets when it starts"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and what there is to do, in sentences; a ``secret`` that no file keeps is to be shown, once."""

    sentences: tuple[str, ...]
    secret: Secret | None = None


class Connection:
    """Works on the endpoints of the account that the API key of ``config`` is of.

    Raises UpswellError where there is no key, or where a ledger is there that holds another account or mode. What it
    does raises Refused and Unreachable, too.
    """

    def __init__(self, config: Config) -> None:
        check_key(config)
        self._config = config
        self._client = Client(config.stripe)
        path = config.stripe.webhook_secret_file
        self._file = SecretFile(path) if path else None
        if config.ledger.path.exists():
            with Ledger(config.ledger.path) as ledger:
                identify(ledger, config, self._client)

    def endpoints(self) -> list[Endpoint]:
        """Return all endpoints of the account, newest first."""
        return endpoints(self._client)

    def connect(self, address: str) -> Done:
        """Make sure that there is an endpoint at ``address`` which sends what Upswell reads, and nothing else."""
        url = webhook_url(address)
        there = self.endpoints()
        held = _at(url, there)
        if not held:
            return self._create(url, there)
        said = [sentence for one in held for sentence in self._mended(one)]
        if not self._config.stripe.webhook_secrets:
            said.append(f"There is no signing secret in {self._place}.")
        lost = f"Should the secret be lost, `upswell connect {url} --rotate` makes a new endpoint with a new one"
        return Done((*said, f"Stripe tells a signing secret only once, when the endpoint is made. {lost}."))

    def rotate(self, address: str) -> Done:
        """Make a new endpoint, with a new secret, beside the one at ``address``; that one stays until it is removed."""
        url = webhook_url(address)
        there = self.endpoints()
        held = _at(url, there)
        if len(held) > 1:
            raise UpswellError(f"{_several(url, held)}: remove the old one first, `upswell connect ENDPOINT --remove`")
        made = self._create(url, there)
        if not held:
            return made
        both = (
            "Stripe signs for each endpoint with its own secret and sends every event to both; Upswell takes either, "
            "and counts an event once."
        )
        command = f"`upswell connect {held[0].id} --remove`"
        then = f"Once `upswell serve` runs with both secrets, take the old one away: {command}"
        return Done((*made.sentences, both, then), made.secret)

    def remove(self, which: str) -> Done:
        """Take away the endpoint that ``which`` names, by its id or its address, and its secret out of the file."""
        there = self.endpoints()
        held = [one for one in there if one.id == which] or (_at(webhook_url(which), there) if "/" in which else [])
        if not held:
            raise UpswellError(f"There is no webhook endpoint {which}: `upswell connect --list` shows those there are")
        if len(held) > 1:
            raise UpswellError(f"{_several(held[0].url, held)}: name one by its id")
        (gone,) = held
        remove(self._client, gone.id)
        dropped = self._file.drop(gone.id) if self._file else False
        secret = f"Its secret is out of {self._place}" if dropped else f"Take its secret out of {self._place}"
        return Done((f"Removed {gone.id} at {gone.url}.", f"{secret}, and {_AGAIN}."))

    def _create(self, url: str, there: list[Endpoint]) -> Done:
        if len(there) >= MOST:
            raise UpswellError(
                f"There are {len(there)} webhook endpoints already, and Stripe allows {MOST}: remove one, "
                "`upswell connect ENDPOINT --remove`"
            )
        if self._file:
            self._file.prepare()
        name, secret = create(self._client, url)
        said = [f"Created {name} at {url}: {len(EVENT_TYPES)} types of events, version {API_VERSION}."]
        if is_own(url):
            said.append("That address is this machine's own: Stripe cannot reach it, only a stand-in can.")
        return self._kept(name, secret, said)

    def _kept(self, name: str, secret: Secret, said: list[str]) -> Done:
        """Keep a secret in the file; where there is none, or it fails, it is to be shown."""
        try:
            if self._file:
                self._file.add(secret, name)
                return Done((*said, f"Its signing secret is in {self._file.path}: {_AGAIN}."))
        except UpswellError as error:
            said.append(f"{error}.")
        said.append(
            "Its signing secret, which Stripe tells only now, stands below. Put it into "
            f"{self._place}; several with commas between them. Then {_AGAIN}."
        )
        return Done(tuple(said), secret)

    def _mended(self, held: Endpoint) -> list[str]:
        """Put an endpoint right, and return what was wrong with it."""
        said = f"{held.id} at {held.url} is as it must be, and kept."
        if faults := held.faults:
            mend(self._client, held.id)
            said = f"{held.id} at {held.url} is mended ({', '.join(faults)})."
        return [said, *(f"{held.id}: {remark}. Upswell reads either." for remark in held.remarks)]

    @property
    def _place(self) -> str:
        return self._config.places["stripe.webhook_secret"]


def _at(url: str, there: list[Endpoint]) -> list[Endpoint]:
    return [one for one in there if _same(one.url, url)]


def _same(held: str, url: str) -> bool:
    """Whether the address of an endpoint that somebody wrote is ``url``."""
    try:
        return held == url or webhook_url(held) == url
    except UpswellError:
        return False


def _several(url: str, held: list[Endpoint]) -> str:
    return f"There are {len(held)} endpoints at {url}, {' and '.join(one.id for one in held)}, the newest first"
