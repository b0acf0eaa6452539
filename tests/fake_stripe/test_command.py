"""The fake Stripe as a program of its own."""

import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from upswell_connectors.fake_stripe.__main__ import main


@contextmanager
def started(*options):
    """Run the program, give it and what it says before it serves, and interrupt it."""
    command = [sys.executable, "-m", "upswell_connectors.fake_stripe", "--port=0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        try:
            yield program, [program.stdout.readline() for _ in range(8)]
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(60)


@pytest.mark.parametrize(
    ("options", "key", "many"),
    [(["--customers=7"], "sk_test_fake", 7), (["--customers=3", "--live"], "sk_live_fake", 3)],
)
def test_it_says_where_it_is_and_answers(options, key, many):
    """It prints its URL, a key and what to configure, answers with as many customers as asked, and ends by Ctrl-C."""
    with started(*options) as (program, said):
        url = re.search(r"^URL: (\S+)$", "".join(said), re.MULTILINE)[1]
        assert f"API key: {key}\n" in said
        assert f'api_base = "{url}"\n' in said
        found = requests.get(f"{url}/v1/customers", headers={"Authorization": f"Bearer {key}"}, timeout=60).json()
    assert len(found["data"]) == many
    assert program.returncode == 130


def test_it_breaks_as_told():
    """What is to go wrong is an option."""
    with started("--customers=1", "--errors=1") as (_, said):
        url = said[1].split()[1]
        answer = requests.get(f"{url}/v1/prices", headers={"Authorization": "Bearer sk_test_fake"}, timeout=60)
    assert answer.status_code == 500


def test_a_port_that_is_taken_is_one_sentence():
    """Where the port is somebody else's, it says so, names the remedy, and exits with 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = CliRunner().invoke(main, [f"--port={port}", "--customers=1"])
    assert found.exit_code == 1
    refused = f"Port {port} cannot be served (Address already in use): name another with --port\n"
    assert found.stderr == f"Making the customers …\n{refused}"


def test_the_page_about_it_names_every_option_and_its_python_runs():
    """Each option stands in the documentation, and the example there does what it says."""
    page = (Path(__file__).parents[2] / "docs" / "fake-stripe.md").read_text(encoding="utf-8")
    assert {name for option in main.params for name in option.opts if f"`{name}" not in page} == set()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {}
    exec(example, names)  # noqa: S102  # it is ours
    assert len(names["account"].store.invoices) == 4
    assert names["tally"].total == 0
