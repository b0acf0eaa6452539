"""A receiver of outgoing webhooks."""

import pytest
import receivers


@pytest.fixture
def receiver():
    """Serve a receiver that takes everything until it is told otherwise."""
    with receivers.receiving() as one:
        yield one
