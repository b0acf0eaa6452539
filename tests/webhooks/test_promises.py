"""Promises: the front answers many events together, each only once it is durable, and no thread waits for one."""

import asyncio
import logging
import threading

import pytest
from asked import Asked, Exchange
from receiving import PATH, event, signature, stored

from upswell.store.ledger import Ledger
from upswell_webhooks.app import close
from upswell_webhooks.front import Front


@pytest.fixture
def front(app):
    """The front before the real application."""
    front = Front(app, lambda: close(app))
    yield front
    front.__rsgi_del__(None)


@pytest.fixture
def waiting(patient):
    """The front before an application that waits for the ledger for as long as it takes."""
    front = Front(patient, lambda: close(patient))
    yield front
    front.__rsgi_del__(None)


def post(front, *bodies, meanwhile=None):
    """Post signed ``bodies`` all at once; return the statuses. ``meanwhile`` runs beside them."""
    exchanges = [Exchange([body]) for body in bodies]

    async def all_of_them():
        headers = ({"stripe-signature": signature(body)} for body in bodies)
        asked = [front.__rsgi__(Asked(head, path=PATH), one) for head, one in zip(headers, exchanges, strict=True)]
        await asyncio.gather(*asked, *([meanwhile()] if meanwhile else []))

    asyncio.run(all_of_them())
    return [exchange.answer[0] for exchange in exchanges]


def test_many_wait_for_one_commit_and_no_thread_for_any(waiting, config, commits):
    """While the ledger is locked hundreds of events wait without a thread each, unanswered; then all are, at once."""
    threads = threading.active_count()
    held = []

    async def hold():
        with Ledger(config.ledger.path) as other, other.write():
            while not commits:  # noqa: ASYNC110  # another thread begins it
                await asyncio.sleep(0.005)
            held.append(threading.active_count() - threads)

    assert post(waiting, *(event(f"evt_{number}") for number in range(300)), meanwhile=hold) == [200] * 300
    assert held[0] <= 2
    assert len(commits) <= 3
    assert len(stored(config.ledger.path)) == 300


def test_a_promise_that_cannot_be_kept_is_503(front, config):
    """What could not be stored within the patience is answered with 503, and is not there."""
    with Ledger(config.ledger.path) as other, other.write():
        assert post(front, event("evt_1"), event("evt_2")) == [503, 503]
    assert stored(config.ledger.path) == {}
    assert post(front, event("evt_1")) == [200]


def test_a_promised_answer_is_one_line_in_the_log(front, caplog):
    """The line says how the event was really answered, once."""
    caplog.set_level(logging.INFO, "upswell.requests")
    post(front, event("evt_1"))
    post(front, event("evt_1"), b"{}")
    told = [record.getMessage().split(" ms=")[0] for record in caplog.records if record.name == "upswell.requests"]
    assert told == [f"method=POST path={PATH} status={status}" for status in (200, 400, 200)]
    assert "outcome=duplicate" in caplog.text


def test_a_sender_that_left_harms_nobody(waiting, config, commits):
    """A request that is given up while its event waits leaves the event stored, and the others answered."""

    async def left_and_stayed():
        bodies = [event("evt_left"), event("evt_stayed")]
        exchanges = [Exchange([body]) for body in bodies]
        asked = [
            asyncio.create_task(waiting.__rsgi__(Asked({"stripe-signature": signature(body)}, path=PATH), one))
            for body, one in zip(bodies, exchanges, strict=True)
        ]
        with Ledger(config.ledger.path) as other, other.write():
            while not commits:  # noqa: ASYNC110  # another thread begins it
                await asyncio.sleep(0.005)
            asked[0].cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        return exchanges[1].answer[0]

    assert asyncio.run(left_and_stayed()) == 200
    assert stored(config.ledger.path).keys() == {"evt_left", "evt_stayed"}
