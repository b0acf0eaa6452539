"""Where the configuration comes from, and what it becomes."""

from datetime import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from upswell.configuration.config import load
from upswell.configuration.settings import Config, EmailSettings, Secret, SlackSettings
from upswell.core.rules import Rules
from upswell.errors import ConfigError
from upswell.report.targets import Target
from upswell.signals.terms import WEIGHTS, Terms


def config(tmp_path: Path, text: str, **env: str) -> Config:
    """Load ``text`` as a file of its own."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, env)


def test_the_defaults_work_with_no_file_at_all() -> None:
    """Without a file and without an environment everything has its documented default."""
    found = load(None, {})
    assert (found.path, found.ledger.path) == (None, Path("upswell.db"))
    assert (found.stripe.api_key, found.stripe.webhook_secrets, found.stripe.webhooks) == (None, (), True)
    assert (found.stripe.api_base, found.stripe.requests_per_second) == (None, 20)
    assert (found.server.host, found.server.port, found.server.public_url) == ("127.0.0.1", 8484, None)
    assert (found.report.timezone, found.report.day, found.report.time) == (ZoneInfo("UTC"), "monday", time(9))
    assert (found.report.currency, found.report.channels) == ("usd", ())
    assert (found.slack, found.email, found.rules) == (None, None, Rules())


def test_config_toml_of_the_working_folder_is_found(tmp_path: Path) -> None:
    """Where no file is named, ./config.toml is read."""
    (tmp_path / "config.toml").write_text("[server]\nport = 9000\n")
    assert load(None, {}).server.port == 9000


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    """UPSWELL_CONFIG names the file; an argument goes before it."""
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("[server]\nport = 1111\n")
    other.write_text("[server]\nport = 2222\n")
    assert load(None, {"UPSWELL_CONFIG": str(one)}).server.port == 1111
    assert load(other, {"UPSWELL_CONFIG": str(one)}).server.port == 2222
    assert load(None, {"UPSWELL_CONFIG": ""}).server.port == 8484


@pytest.mark.parametrize("env", [{}, {"UPSWELL_CONFIG": "gone.toml"}])
def test_a_named_file_that_is_missing_is_an_error(env: dict[str, str]) -> None:
    """A file that is named and not there is never replaced by the defaults."""
    with pytest.raises(ConfigError, match=r"no configuration file gone\.toml: `upswell init` writes one"):
        load(None if env else Path("gone.toml"), env)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """The ledger and the files of secrets lie beside the file that names them; absolute paths stay."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "key").write_text("sk_test_1\n")
    path = tmp_path / "etc" / "config.toml"
    path.write_text('[ledger]\npath = "data.db"\n[stripe]\napi_key_file = "key"\n')
    found = load(path, {})
    assert found.ledger.path == tmp_path / "etc" / "data.db"
    assert found.stripe.api_key == Secret("sk_test_1")
    path.write_text('[ledger]\npath = "/srv/data.db"\n')
    assert load(path, {}).ledger.path == Path("/srv/data.db")


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    """The keys name environment variables; several signing secrets have commas between them, names too."""
    found = config(
        tmp_path,
        '[stripe]\napi_key_env = "KEY"\nwebhook_secret_env = "OLD, NEW"\n[server]\ntoken_env = "TOKEN"\n',
        KEY="sk_test_1",
        OLD="whsec_1,whsec_2 ",
        NEW="whsec_3",
        TOKEN="a,b",
    )
    assert found.stripe.api_key == Secret("sk_test_1")
    assert found.stripe.webhook_secrets == (Secret("whsec_1"), Secret("whsec_2"), Secret("whsec_3"))
    assert found.server.token == Secret("a,b")


def test_empty_variables_count_as_unset(tmp_path: Path) -> None:
    """A variable that is set to nothing, or to blanks, is no secret."""
    found = config(tmp_path, "", STRIPE_API_KEY="", STRIPE_WEBHOOK_SECRET=" , ", SLACK_WEBHOOK_URL="  ")
    assert (found.stripe.api_key, found.stripe.webhook_secrets, found.slack) == (None, (), None)


def test_a_file_of_signing_secrets_holds_one_a_line(tmp_path: Path) -> None:
    """webhook_secret_file goes before the environment; blank lines, and what stands behind a #, count for nothing."""
    (tmp_path / "secrets").write_text("whsec_1  # we_1\n\n# of last year\nwhsec_2\n")
    found = config(tmp_path, '[stripe]\nwebhook_secret_file = "secrets"\n', STRIPE_WEBHOOK_SECRET="whsec_3")
    assert found.stripe.webhook_secrets == (Secret("whsec_1"), Secret("whsec_2"))


def test_a_file_of_signing_secrets_may_be_yet_to_come(tmp_path: Path) -> None:
    """`upswell connect` writes it: until then there is no secret."""
    found = config(tmp_path, '[stripe]\nwebhook_secret_file = "secrets"\n', STRIPE_WEBHOOK_SECRET="whsec_3")
    assert found.stripe.webhook_secrets == ()
    assert found.stripe.webhook_secret_file == tmp_path / "secrets"


def test_a_file_of_secrets_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """The sentence names the key and the file."""
    with pytest.raises(ConfigError, match=r"\[stripe\] api_key_file names .*gone, which cannot be read \(No such file"):
        config(tmp_path, '[stripe]\napi_key_file = "gone"\n')


def test_a_variable_alone_configures_slack(tmp_path: Path) -> None:
    """SLACK_WEBHOOK_URL is all that Slack needs."""
    found = config(tmp_path, "", SLACK_WEBHOOK_URL="https://hooks.slack.com/services/1")
    assert found.slack == SlackSettings(Secret("https://hooks.slack.com/services/1"), None, None)
    assert found.report.channels == ("slack",)


def test_a_bot_needs_its_channel(tmp_path: Path) -> None:
    """A bot token configures Slack together with a channel only."""
    assert config(tmp_path, "", SLACK_BOT_TOKEN="xoxb-1").slack is None
    found = config(tmp_path, '[slack]\nchannel = "#revenue"\n', SLACK_BOT_TOKEN="xoxb-1")
    assert found.slack == SlackSettings(None, Secret("xoxb-1"), "#revenue")


@pytest.mark.parametrize(
    ("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25), ('none"\nport = 2525 #', 2525)]
)
def test_email_is_host_sender_and_recipients(tmp_path: Path, security: str, port: int) -> None:
    """The port follows the encryption unless it is given."""
    text = (
        f'[email]\nhost = "mail"\nfrom = "U <u@x.test>"\nto = ["a@x.test"]\nusername = "u"\nsecurity = "{security}"\n'
    )
    found = config(tmp_path, text, SMTP_PASSWORD="pass word")
    encryption = security.partition('"')[0]
    password = Secret("pass word")
    assert found.email == EmailSettings("mail", port, encryption, "u", password, "U <u@x.test>", ("a@x.test",))
    assert found.report.channels == ("email",)


def test_channels_say_where_the_summary_goes(tmp_path: Path) -> None:
    """A list goes before what is configured, the empty list means nowhere, and nothing is posted twice."""
    url = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/1"}
    assert config(tmp_path, "[report]\nchannels = []\n", **url).report.channels == ()
    assert config(tmp_path, '[report]\nchannels = ["slack", "slack"]\n', **url).report.channels == ("slack",)


@pytest.mark.parametrize(
    ("channel", "remedy"), [("slack", "the environment variable SLACK_WEBHOOK_URL"), ("email", "host, from and to")]
)
def test_a_named_channel_must_be_configured(tmp_path: Path, channel: str, remedy: str) -> None:
    """A channel that is named and cannot be posted to is an error when the file is read, not on Monday."""
    with pytest.raises(ConfigError, match=rf'channels names "{channel}", which is not configured: .*{remedy}'):
        config(tmp_path, f'[report]\nchannels = ["{channel}"]\n')


def test_the_rules_reach_the_classifier(tmp_path: Path) -> None:
    """Every key of [rules] sets its field of Rules."""
    found = config(
        tmp_path,
        """
        [rules]
        settle_minutes = 5
        churn_at = "request"
        past_due = "exclude"
        discounts = "all"
        usage = "exclude"
        backdated = "created"
        customer_key = "metadata.account_id"
        [[rules.price_change]]
        from = "price_1"
        to = "price_2"
        [rules.roles]
        price_3 = "seat"
        [rules.families]
        prod_1 = "pro"
        [rules.sales]
        keys = ["sales_rep"]
        """,
    )
    assert found.rules == Rules(
        settle_minutes=5,
        churn_at="request",
        past_due="exclude",
        discounts="all",
        usage="exclude",
        backdated="created",
        customer_key="metadata.account_id",
        price_changes=frozenset({("price_1", "price_2")}),
        roles={"price_3": "seat"},
        families={"prod_1": "pro"},
        sales_keys=("sales_rep",),
    )


def test_the_terms_of_signals_are_exact(tmp_path: Path) -> None:
    """A threshold is a decimal, not what a float makes of it; a weight that is written leaves the others be."""
    path = tmp_path / "signals.toml"
    path.write_text(
        "[report]\ntimezone = 'Europe/Berlin'\n[signals]\nusage_threshold = 0.7\n[signals.weights]\nrenewal = 0\n"
    )
    found = load(path, {}).signals
    assert (found.threshold, found.zone.key) == (Fraction(7, 10), "Europe/Berlin")
    assert found.weights == {**WEIGHTS, "renewal": 0}
    assert load(None, {}).signals == Terms()


def test_currency_and_addresses_have_one_spelling(tmp_path: Path) -> None:
    """A currency is lower case, as Stripe writes it, and an address ends without a slash."""
    found = config(tmp_path, '[report]\ncurrency = "EUR"\n[server]\npublic_url = "https://up.test/"\n')
    assert (found.report.currency, found.server.public_url) == ("eur", "https://up.test")


def test_rates_are_exact(tmp_path: Path) -> None:
    """A rate is the decimal that was written, to its last digit, and never a float; whole ones and texts are fine."""
    found = config(tmp_path, '[report.rates]\nEUR = 1.0850000000000000000001\ngbp = 2\njpy = "0.0067"\n')
    assert found.report.rates == {
        "eur": Decimal("1.0850000000000000000001"),
        "gbp": Decimal(2),
        "jpy": Decimal("0.0067"),
    }


def test_segments_are_kept_in_their_order(tmp_path: Path) -> None:
    """A segment that is named twice counts once; keys of metadata are taken as they are written."""
    found = config(tmp_path, '[report]\nsegments = ["plan", "customer.metadata.Account Owner", "country", "plan"]\n')
    assert found.report.segments == ("plan", "customer.metadata.Account Owner", "country")


def test_targets_are_exact(tmp_path: Path) -> None:
    """An amount is in units of the report currency and becomes whole minor units, by the decimals that it has."""
    text = """
    [report]
    currency = "KWD"
    [targets]
    month = 5000.125
    [[targets.segment]]
    segment = "customer.metadata.owner"
    value = "emea"
    quarter = "12.5"
    month = 2
    """
    assert config(tmp_path, text).targets == (
        Target("month", 5_000_125),
        Target("month", 2_000, "customer.metadata.owner", "emea"),
        Target("quarter", 12_500, "customer.metadata.owner", "emea"),
    )


def test_places_say_where_each_secret_is_looked_for(tmp_path: Path) -> None:
    """For whoever has to tell a person what to set."""
    (tmp_path / "token").write_text("t")
    found = config(tmp_path, '[server]\ntoken_file = "token"\n')
    assert found.places["stripe.api_key"] == "the environment variable STRIPE_API_KEY ([stripe] api_key_env)"
    assert found.places["server.token"] == f"the file {tmp_path / 'token'} ([server] token_file)"


def test_notes_are_off_until_a_threshold_is_written() -> None:
    """[report] note_above is a whole number of units of the report's currency, and absent by default."""
    assert load(None, {}).report.note_above is None
    Path("config.toml").write_text("[report]\nnote_above = 500\n", encoding="utf-8")
    assert load(None, {}).report.note_above == 500


def test_channels_are_told_of_signals_only_where_that_is_written() -> None:
    """[signals] notify is off by default."""
    assert load(None, {}).report.notify_signals is False
    Path("config.toml").write_text("[signals]\nnotify = true\n", encoding="utf-8")
    assert load(None, {}).report.notify_signals is True
