"""What the configuration refuses: one sentence with the place, the value and what is allowed."""

from pathlib import Path

import pytest

from upswell.configuration.config import load
from upswell.errors import ConfigError

REFUSALS = [
    ("[report]\nday = 'mon'", '[report] day = "mon" is not allowed: a day of the week, such as "monday"'),
    ("[report]\ntime = '9:00'", '[report] time = "9:00" is not allowed: a time of day, such as "09:00"'),
    ("[report]\ntime = '24:00'", '[report] time = "24:00" is not allowed'),
    ("[report]\ncurrency = 'euro'", "a currency code of three letters"),
    ("[report]\ntimezone = 'Europe/Berln'", 'the nearest known one is "Europe/Berlin"'),
    ("[report]\ntimezone = '../../etc/passwd'", '[report] timezone = "../../etc/passwd" is not allowed'),
    ("[report]\ntimezone = 'America'", '[report] timezone = "America" is not allowed'),
    (
        "[report]\ntimezone = 2",
        '[report] timezone = 2 is not allowed: the name of a time zone, such as "Europe/Berlin"',
    ),
    ("[report]\nchannels = ['sms']", 'a list in square brackets, each entry one of "email", "slack"'),
    ("[report.rates]\neuo = 1.08", '[report.rates] euo is no currency code: the nearest one is "eur"'),
    ("[report.rates]\neur = 0", "[report.rates] eur = 0 is not allowed: a number above 0, such as 1.08"),
    ("[report.rates]\neur = -1.08", "[report.rates] eur = -1.08 is not allowed"),
    ("[report.rates]\neur = nan", "[report.rates] eur = NaN is not allowed"),
    ("[report.rates]\neur = 1e999", "[report.rates] eur = 1E+999 is not allowed"),
    ("[report.rates]\neur = 'much'", '[report.rates] eur = "much" is not allowed: a number above 0'),
    ("[report.rates]\neur = true", "[report.rates] eur = true is not allowed"),
    ("[report.rates]\nusd = 1.1", "[report.rates] usd is [report] currency itself, whose rate is 1: leave it out"),
    ("[report.rates]\neur = 1.1\nEUR = 1.2", "[report.rates] EUR stands there twice"),
    ("[report]\nrates = 1.08", "[report] rates = 1.08 is not allowed: a section of keys and values"),
    (
        "[report]\nsegments = ['team']",
        'segments = ["team"] is not allowed: a list in square brackets, each entry "plan", "country", "currency", or',
    ),
    ("[report]\nsegments = 'plan'", '[report] segments = "plan" is not allowed: a list in square brackets'),
    ("[report]\nsegments = ['customer.metadata.']", "each entry"),
    ("[targets]\nmonth = 0", "[targets] month = 0 is not allowed: an amount above 0, such as 5000"),
    ("[targets]\nquarter = -1.5", "[targets] quarter = -1.5 is not allowed"),
    ("[targets]\nmonth = 10.005", "[targets] month = 10.005 is not allowed: USD has 2 decimals"),
    (
        "[report]\ncurrency = 'jpy'\n[targets]\nmonth = 10.5",
        "month = 10.5 is not allowed: JPY has no decimals",
    ),
    ("[targets]\nmonth = inf", "[targets] month = Infinity is not allowed"),
    ("[targets]\nmonth = 1e99", "[targets] month = 1E+99 is not allowed"),
    ("[targets]\nmonth = 'lots'", '[targets] month = "lots" is not allowed: an amount above 0, such as 5000'),
    ("[[targets.segment]]\nsegment = 'plan'\nmonth = 1", "[targets.segment] lacks the key 'value'"),
    (
        "[[targets.segment]]\nsegment = 'plan'\nvalue = 'Pro'",
        '[targets.segment] plan = "Pro" has no target: give month, quarter or both',
    ),
    (
        "[[targets.segment]]\nsegment = 'plan'\nvalue = 'Pro'\nmonth = 1\n" * 2,
        '[targets.segment] plan = "Pro" stands there twice: leave one out',
    ),
    ("[server]\nport = 70000", "[server] port = 70000 is not allowed: a whole number from 1 to 65535"),
    ("[server]\nport = 80.5", "[server] port = 80.5 is not allowed: a whole number from 1 to 65535"),
    ("[server]\nport = true", "[server] port = true is not allowed"),
    ("[server]\npublic_url = 'up.test'", "an address that begins with http:// or https://"),
    ("[stripe]\nwebhooks = 'yes'", '[stripe] webhooks = "yes" is not allowed: true or false'),
    ("[stripe]\nrequests_per_second = 0", "a whole number from 1 to 100"),
    ("[ledger]\npath = ''", '[ledger] path = "" is not allowed: the path of a file'),
    ("[email]\nto = 'a@x.test'", "a list in square brackets, each entry an email address"),
    ('[email]\nfrom = "a@x.test\\nBcc: b@x.test"', "an email address"),
    ("[email]\nhost = 'mail'", "[email] lacks from and to: email needs host, from and to"),
    ("[rules]\nchurn_at = 'now'", 'one of "end", "request"'),
    ("[rules]\nroles = 3", "[rules] roles = 3 is not allowed: a section of keys and values"),
    ("[rules.roles]\nprice_1 = 'plam'", '[rules.roles] price_1 = "plam" is not allowed'),
    ("[rules]\ncustomer_key = 'account'", '"metadata." and a key'),
    ("[[rules.price_change]]\nfrom = 'price_1'", "[rules.price_change] lacks the key 'to'"),
    ("[rules.price_change]\nfrom = 1", "[rules.price_change] lacks the key 'to'"),
    ("[stripe]\napi_key_env = 'MY KEY'", "[stripe] api_key_env is not allowed: the name of an environment variable"),
    ("[report]\nzone = 'UTC'", "[report] has no key 'zone': the nearest one is 'timezone'"),
    ("[reports]\nday = 'monday'", "there is no section [reports]: the nearest one is [report]"),
    ("[outlook]\ndays = 30", "there is no section [outlook]"),
    (
        "[signals]\nusage_threshold = 80",
        "usage_threshold = 80 is not allowed: a number from 0.1 to below 1, such as 0.8",
    ),
    ("[signals]\nusage_threshold = 1.0", "usage_threshold = 1.0 is not allowed"),
    ("[signals]\ncooldown_days = -1", "[signals] cooldown_days = -1 is not allowed: a whole number from 0 to 366"),
    (
        "[signals.weights]\nrenewal = 101",
        "[signals.weights] renewal = 101 is not allowed: a whole number from 0 to 100",
    ),
    ("[signals.weights]\nrenewals = 1", "[signals.weights] has no key 'renewals': the nearest one is 'renewal'"),
    ("report = 1", "report must be a section: [report] on a line of its own, and its keys below"),
    ("[report", "this is not TOML: "),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSALS)
def test_the_first_thing_that_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    """The error names the file, the key, the value and what is allowed."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    ["sk_live_51Secret", "rk_test_51Secret", "whsec_Secret", "xoxb-12-Secret", "https://hooks.slack.com/Secret"],
)
@pytest.mark.parametrize(
    "place", ["[stripe]\napi_key_env", "[stripe]\nwebhook_secret_env", "[slack]\nwebhook_url_env", "[report]\nday"]
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(tmp_path: Path, place: str, secret: str) -> None:
    """Whoever pastes a secret where its variable's name belongs is told so, without the secret."""
    path = tmp_path / "config.toml"
    path.write_text(f'{place} = "{secret}"')
    with pytest.raises(ConfigError, match="looks like a secret: keep it in the environment or a file") as caught:
        load(path, {})
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["api_key", "webhook_secret"])
def test_a_key_made_for_a_secret_does_not_exist(tmp_path: Path, key: str) -> None:
    """There is no key to write a secret under; the error names the one that holds its variable."""
    path = tmp_path / "config.toml"
    path.write_text(f'[stripe]\n{key} = "sk_live_51Secret"')
    with pytest.raises(ConfigError, match=rf"has no key '{key}': the nearest one is '{key}_\w+'") as caught:
        load(path, {})
    assert "Secret" not in str(caught.value)


def test_a_password_in_place_of_its_variable_is_not_repeated(tmp_path: Path) -> None:
    """What is no name of a variable may be the secret itself, whatever it looks like."""
    path = tmp_path / "config.toml"
    path.write_text('[email]\npassword_env = "correct horse"')
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert "horse" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder is no file, and bytes are no text."""
    with pytest.raises(ConfigError, match=r"the file cannot be read \(Is a directory\)"):
        load(tmp_path, {})
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load(tmp_path / "config.toml", {})
