"""Who may send: the signature of the raw body."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from receiving import OTHER_SECRET, SECRET, event, signature

from upswell.configuration.settings import Secret
from upswell_webhooks.signatures import is_genuine

NOW = 1_760_000_000
SECRETS = (Secret(SECRET), Secret(OTHER_SECRET))
BODY = event()


def test_every_configured_secret_counts():
    """While a secret is rolled, what either of the two signed is accepted."""
    assert all(is_genuine(BODY, signature(BODY, secret, NOW), SECRETS, NOW) for secret in (SECRET, OTHER_SECRET))


def test_a_header_may_carry_several_signatures():
    """Stripe signs with the old and the new secret for a while: one match is enough."""
    unknown = signature(BODY, "whsec_unknown", NOW)
    known = signature(BODY, SECRET, NOW).partition(",")[2]
    assert is_genuine(BODY, f"{unknown},v0=abc,{known}", SECRETS, NOW)


@pytest.mark.parametrize(("age", "genuine"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_old_and_future_timestamps_are_refused(age, genuine):
    """A timestamp more than 300 s from now is refused, on either side."""
    assert is_genuine(BODY, signature(BODY, SECRET, NOW - age), SECRETS, NOW) is genuine


def test_a_changed_body_is_refused():
    """The signature is of the body's exact bytes."""
    assert not is_genuine(BODY + b" ", signature(BODY, SECRET, NOW), SECRETS, NOW)


def test_without_a_secret_nothing_is_genuine():
    """No configured secret means that nobody can have signed."""
    assert not is_genuine(BODY, signature(BODY, SECRET, NOW), (), NOW)


@pytest.mark.parametrize(
    "header",
    [None, "", "t=1", "v1=abc", f"t={NOW}", f"t={NOW},v1=", f"t={NOW},v1=é", "t=,v1=a", "t=x,v1=a", "=,=,=", "t", ","],
)
def test_a_malformed_header_is_refused(header):
    """Whatever else the header says, it is refused and nothing is raised."""
    assert not is_genuine(BODY, header, SECRETS, NOW)


def test_a_signed_body_that_is_no_text_is_refused():
    """Stripe's library cannot decode such a body: it counts as not signed."""
    body = b'{"id": "\xff\xfe"}'
    mac = hmac.new(SECRET.encode(), f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()
    assert not is_genuine(body, f"t={NOW},v1={mac}", SECRETS, NOW)


@given(st.binary(max_size=200), st.text(alphabet=st.sampled_from("t=v1,0 9é\x00-"), max_size=60))
def test_nobody_gets_in_by_accident(body, header):
    """No body and header that were not signed are genuine, and none raises."""
    assert not is_genuine(body, header, SECRETS, NOW)
