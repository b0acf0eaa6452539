"""Servers that are gone when the test is."""

import pytest
from serving import Served


@pytest.fixture
def launch(tmp_path):
    """Start servers, in the test's folder unless another is named; they need not come up."""
    servers = []

    def launch(folder=tmp_path, **settings):
        servers.append(Served(folder, **settings))
        return servers[-1]

    yield launch
    for served in servers:
        served.kill()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One running server, for all tests of a module that leave it running."""
    served = Served(
        tmp_path_factory.mktemp("served"),
        more='public_url = "https://hooks.example.com/"\n[stripe]\napi_base = "http://127.0.0.1:9"\n',
        STRIPE_API_KEY="sk_test_key_of_the_test",
    )
    yield served.ready()
    served.kill()
