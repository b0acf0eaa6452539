"""Pictures in what is posted, against a real SMTP server, read by a real mail parser."""

import email
import email.policy
import json
import re
import sys

import desks
import pytest
from booked import at
from charted import size

from upswell.posting.delivery import note_serving, post_due
from upswell.render import pictures

MONDAY = at("2026-11-16T08:00")
MINUTE = 60


@pytest.fixture
def drawing():
    """Draw."""
    return True


@pytest.fixture
def config(ledger, mail):
    """Give a configuration that posts by email."""
    note_serving(ledger, at("2026-11-12"))
    return desks.config(ledger.path, email=mail.settings())


def received(box, place=-1):
    """Return a mail in ``box``, parsed."""
    return email.message_from_bytes(box.mails[place].content, policy=email.policy.default)


def shape(part):
    """Return the types that a message is made of."""
    if part.is_multipart():
        return (part.get_content_subtype(), *(shape(each) for each in part.iter_parts()))
    return part.get_content_type()


def inline(message):
    """Return the pictures that a message carries, by content id."""
    return {part["Content-ID"].strip("<>"): part for part in message.walk() if part.get_content_type() == "image/png"}


def test_a_mail_shows_its_pictures_and_loads_nothing(ledger, config, mail):
    """Each image of the HTML is a part of the mail, named by its content id, with words in its place."""
    assert [outcome.ok for outcome in post_due(ledger, config, MONDAY)] == [True]
    message = received(mail)
    assert shape(message) == (
        "alternative",
        "text/plain",
        ("related", "text/html", "image/png", "image/png", "image/png"),
    )
    html = message.get_body(("html",)).get_content()
    images = re.findall(r'<img [^>]*width="536" src="([^"]*)" alt="([^"]*)"', html)
    held = inline(message)
    assert [source.removeprefix("cid:") for source, _ in images] == list(held)
    assert len(set(held)) == 3
    assert all(source.startswith("cid:") and words for source, words in images)
    assert "opening $9,791.89" in images[0][1]
    for part in held.values():
        assert size(part.get_content())[0] == 2 * pictures.WIDTH
        assert part.get_content_disposition() == "inline"
        assert part.get_filename().endswith(".png")
    assert len(html.encode()) < 100_000
    assert re.findall(r"(?:src|href)=|url\(|@import", html) == ["src="] * 3


def test_the_text_stands_alone(ledger, config, mail):
    """Who reads the plain text misses no figure: it names no picture."""
    post_due(ledger, config, MONDAY)
    text = received(mail).get_body(("plain",)).get_content()
    for words in ("Existing customers now pay $686.65 a month more", "Opening: $9,791.89", "Upgrades: +$490.00"):
        assert words in text
    assert "cid:" not in text
    assert ".png" not in text


def test_the_ledger_keeps_no_picture_and_draws_it_again(ledger, config, mail):
    """What failed is sent later with the same pictures, from the summary that was kept: the ledger stays small."""
    mail.after_data = "451 try later"
    assert [outcome.ok for outcome in post_due(ledger, config, MONDAY)] == [False]
    (content,) = ledger.connection.execute("SELECT content FROM deliveries").fetchone()
    assert json.loads(content)["inlines"] == []
    with ledger.write() as connection:
        connection.execute("DELETE FROM movements")
    mail.after_data = "250 OK"
    assert [outcome.ok for outcome in post_due(ledger, config, MONDAY + MINUTE)] == [True]
    first, second = (inline(received(mail, place)) for place in (0, 1))
    assert {name: part.get_content() for name, part in first.items()} == {
        name: part.get_content() for name, part in second.items()
    }
    assert len(second) == 3
    (content,) = ledger.connection.execute("SELECT content FROM deliveries WHERE state = 'sent'").fetchone()
    assert len(content) < 60_000


def test_without_the_extra_the_mail_is_as_it_was(ledger, config, mail, monkeypatch, caplog):
    """No altair: text and HTML with its bars, and nobody is told of anything that is missing."""
    monkeypatch.setitem(sys.modules, "altair", None)
    assert [outcome.ok for outcome in post_due(ledger, config, MONDAY)] == [True]
    message = received(mail)
    assert shape(message) == ("alternative", "text/plain", "text/html")
    assert "<img" not in message.get_body(("html",)).get_content()
    assert caplog.records == []


def test_a_drawing_that_fails_does_not_hold_the_mail(ledger, config, mail, monkeypatch, caplog):
    """Where the child dies the mail goes out without pictures, and the log has one line about it."""
    monkeypatch.setattr(pictures, "_CHILD", ("-c", "raise SystemExit('no memory')"))
    assert [outcome.ok for outcome in post_due(ledger, config, MONDAY)] == [True]
    assert "<img" not in received(mail).get_body(("html",)).get_content()
    assert [record.getMessage() for record in caplog.records] == [
        "The charts could not be drawn, what they belong to goes out without: exit 1, no memory"
    ]
