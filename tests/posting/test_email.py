"""Sending mail, against a real SMTP server."""

import email
import email.policy
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import desks
import pytest

from upswell.configuration.settings import Secret
from upswell.errors import DeliveryError
from upswell_connectors.email import Mail, send

CERTIFICATE = Path(__file__).with_name("localhost.pem")
MAIL = Mail(
    to=("one@example.com", "Two Ö <two@example.com>"),
    subject="Existing customers now pay €12.00 more",
    text="Näher\n",
    html="<p>Näher</p>",
    message_id="<week@example.com>",
)
AT = 1_794_902_400


def received(box):
    """Return the one mail in ``box``, parsed."""
    (envelope,) = box.mails
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def refused(settings, mail=MAIL):
    """Send, and return the error that comes of it; it shows no password."""
    with pytest.raises(DeliveryError) as caught:
        send(settings, mail, AT)
    assert "hush-hush" not in str(caught.value)
    return caught.value


def test_a_mail_is_text_and_html_with_proper_headers(mail):
    """Both parts arrive whole, to every recipient, with date, id and the mark of a machine."""
    send(mail.settings(), MAIL, AT)
    message = received(mail)
    assert mail.mails[0].rcpt_tos == ["one@example.com", "two@example.com"]
    assert mail.mails[0].mail_from == "upswell@example.com"
    assert message["From"] == "Upswell <upswell@example.com>"
    assert message["To"] == "one@example.com, Two Ö <two@example.com>"
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == "<week@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.timestamp() == AT
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content().strip() == "Näher"
    assert message.get_body(("html",)).get_content().strip() == "<p>Näher</p>"


@pytest.fixture
def trusted(monkeypatch):
    """Trust the certificate of the tests' mail server; give its TLS context."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


LOGIN = {"username": "upswell", "password": Secret("hush-hush")}


def test_starttls_and_login(trusted):
    """The connection is encrypted before the login, which the server demands."""
    options = {"tls_context": trusted, "require_starttls": True, "auth_required": True}
    with desks.mail_server(**options, authenticator=desks.lets_in("upswell", "hush-hush")) as box:
        send(box.settings(security="starttls", **LOGIN), MAIL, AT)
        assert received(box)["Subject"] == MAIL.subject
        error = refused(box.settings(security="starttls", username="upswell", password=Secret("hush-hush-not")))
        assert error.final
        assert "refused the login (535" in str(error)
        assert "check [email] username and its password" in str(error)


def test_tls_from_the_first_byte(trusted):
    """With security tls the connection is encrypted at once."""
    with desks.mail_server(ssl_context=trusted) as box:
        send(box.settings(security="tls"), MAIL, AT)
        assert received(box)["Subject"] == MAIL.subject


def test_a_certificate_nobody_vouches_for_is_refused():
    """An unknown certificate ends the connection before anything secret is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with desks.mail_server(tls_context=context) as box:
        error = refused(box.settings(security="starttls", **LOGIN))
        assert "could not be reached" in str(error)
        assert "certificate" in str(error).lower()
        assert box.mails == []


def test_a_server_without_starttls_is_not_sent_to_in_the_clear(mail):
    """Where encryption is asked for and not offered, nothing is sent."""
    error = refused(mail.settings(security="starttls"))
    assert error.final
    assert "cannot do what [email] security and username ask" in str(error)
    assert mail.mails == []


def test_a_partial_refusal_names_who_was_refused(mail):
    """Those who are not refused get the mail; the error names the others and whether trying again may help."""
    mail.refused = {"two@example.com": "550 no such user"}
    error = refused(mail.settings())
    assert (error.refused, error.final) == (("Two Ö <two@example.com>",), True)
    assert "two@example.com (550 no such user)" in str(error)
    assert mail.mails[0].rcpt_tos == ["one@example.com"]
    mail.refused = {"two@example.com": "451 later"}
    assert not refused(mail.settings()).final


def test_a_mail_nobody_may_get_is_an_error(mail):
    """Where every recipient is refused there is no mail, and no one is named as left over."""
    mail.refused = {"one@example.com": "550 no", "two@example.com": "550 no"}
    error = refused(mail.settings())
    assert (error.final, error.refused, mail.mails) == (True, (), [])


@pytest.mark.parametrize(("answer", "final"), [("552 too big", True), ("451 try later", False)])
def test_a_mail_refused_after_its_data(mail, answer, final):
    """A permanent answer is final, a passing one is not; neither may have arrived."""
    mail.after_data = answer
    error = refused(mail.settings())
    assert (error.final, error.unsure) == (final, False)


def test_a_server_that_hangs_up_after_the_data_leaves_it_open(mail):
    """Where the server took the mail and said nothing, it may have arrived."""
    mail.after_data = None
    error = refused(mail.settings())
    assert (error.unsure, error.final) == (True, False)


def test_a_server_that_is_not_there(mail):
    """Where nobody listens the error names the address and the keys to check."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refused(mail.settings(port=port))
    assert (error.final, error.unsure) == (False, False)
    assert str(error).startswith(f"localhost:{port} could not be reached (")


@pytest.mark.parametrize(
    ("name", "settings", "given"),
    [
        ("From", {"sender": "a@example.com\nBcc: all@example.com"}, {}),
        ("To", {}, {"to": ("a@example.com\r\nBcc: all@example.com",)}),
        ("Subject", {}, {"subject": "Hello\nBcc: all@example.com"}),
    ],
)
def test_no_header_can_be_slipped_in(mail, name, settings, given):
    """A line break in a header is an error, never a second header."""
    error = refused(mail.settings(**settings), replace(MAIL, **given))
    assert error.final
    assert f"The mail's {name} cannot be" in str(error)
    assert mail.mails == []


def test_a_refused_sender_is_named(mail):
    """Where the server does not let the sender send, the error names it and the key to correct."""
    mail.sender = "550 not you"
    error = refused(mail.settings())
    assert error.final
    assert "localhost refused the sender upswell@example.com (550 not you): correct [email] from" in str(error)


def test_an_address_the_server_cannot_take_is_final():
    """An address beyond ASCII needs a server that takes such: where it does not, trying again cannot help."""
    with desks.mail_server(enable_SMTPUTF8=False) as box:
        error = refused(box.settings(sender="ü@example.com"))
    assert error.final
    assert "cannot take the addresses under [email]" in str(error)
