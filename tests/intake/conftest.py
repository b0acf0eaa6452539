"""A ledger for each test: a copy of an empty one, which takes as long to make as a small test."""

import pytest

from upswell.store.ledger import Ledger


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """The bytes of an empty ledger."""
    path = tmp_path_factory.mktemp("empty") / "upswell.db"
    Ledger(path, create=True).close()
    return path.read_bytes()


@pytest.fixture
def fresh(empty, tmp_path):
    """What opens a new ledger each time it is called; all are closed when the test is over."""
    opened = []

    def open_one():
        path = tmp_path / f"{len(opened)}.db"
        path.write_bytes(empty)
        opened.append(Ledger(path))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(fresh):
    """A new ledger."""
    return fresh()
