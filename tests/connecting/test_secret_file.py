"""The file of signing secrets."""

from pathlib import Path

import pytest

from upswell.configuration.config import load
from upswell.configuration.settings import Secret
from upswell.errors import UpswellError
from upswell.fetching.secret_file import SecretFile

FILE = Path("secrets")


def test_a_secret_is_kept_beside_the_others():
    """A new line says whose it is; what is there stays, also a last line without an end."""
    FILE.write_text("whsec_old")
    SecretFile(FILE).add(Secret("whsec_new"), "we_2")
    assert FILE.read_text() == "whsec_old\nwhsec_new  # we_2\n"
    Path("config.toml").write_text('[stripe]\nwebhook_secret_file = "secrets"\n')
    assert load(env={}).stripe.webhook_secrets == (Secret("whsec_old"), Secret("whsec_new"))


def test_only_its_owner_reads_it():
    """The file is made with mode 0600, and gets it where it had another."""
    kept = SecretFile(FILE)
    kept.prepare()
    assert FILE.stat().st_mode & 0o777 == 0o600
    FILE.chmod(0o644)
    kept.add(Secret("whsec_1"), "we_1")
    assert FILE.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path):
    """A file that is a link to another place is written there."""
    there = tmp_path / "elsewhere"
    there.mkdir()
    FILE.symlink_to(there / "real")
    SecretFile(FILE).add(Secret("whsec_1"), "we_1")
    assert FILE.is_symlink()
    assert (there / "real").read_text() == "whsec_1  # we_1\n"


def test_a_secret_is_forgotten_by_its_endpoint():
    """Only the line of that endpoint goes; whether there was one is said."""
    FILE.write_text("whsec_1 # we_1\nwhsec_11 # we_11\n\nwhsec_by_hand\n")
    assert SecretFile(FILE).drop("we_1")
    assert FILE.read_text() == "whsec_11 # we_11\n\nwhsec_by_hand\n"
    assert not SecretFile(FILE).drop("we_1")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path):
    """The sentence names the file and the key; nothing is left beside it."""
    for path, reason in ((tmp_path / "gone" / "secrets", "No such file"), (tmp_path, "Is a dir")):
        with pytest.raises(UpswellError) as caught:
            SecretFile(path).prepare()
        assert f"{path} ([stripe] webhook_secret_file) cannot be written ({reason}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
