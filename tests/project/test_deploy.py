"""What `deploy/` holds fits the program: its files, commands, paths and addresses exist."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from upswell.commands.cli import upswell
from upswell.configuration.config import load
from upswell_webhooks.app import HEALTH_PATH, WEBHOOK_PATH

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8")
PROXY = (DEPLOY / "docker" / "Caddyfile").read_text(encoding="utf-8")
SECRETS = re.compile(r'"(/run/(?:secrets|credentials/upswell\.service)/(\w+))"')


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """Return a systemd unit: each key's values, section by section."""
    read: dict[str, dict[str, list[str]]] = {}
    for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = read.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return read


def instructions(name: str) -> list[str]:
    """Return what follows each ``name`` in the Dockerfile, lines that go on joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(None, 1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def configured(path: Path, folder: Path):
    """Load a configuration whose secrets lie in ``folder`` in place of where it looks for them."""
    text = path.read_text(encoding="utf-8")
    for place, name in SECRETS.findall(text):
        (folder / name).write_text(f"secret-{name}")
        text = text.replace(place, str(folder / name))
    (folder / "config.toml").write_text(text)
    return load(folder / "config.toml", {})


@pytest.mark.parametrize("name", ["upswell.service", "upswell-backup.service"])
def test_units_start_commands_that_exist(name: str) -> None:
    """Each unit runs the installed command with a configuration that is in deploy/, as a user of its own."""
    service = unit(name)["Service"]
    (started,) = service["ExecStart"]
    words = shlex.split(started)
    words = words if words[0] == "/opt/upswell/bin/upswell" else shlex.split(words[-1].removeprefix("exec "))
    command, option, config, subcommand, *rest = words
    assert (command, option) == ("/opt/upswell/bin/upswell", "--config")
    assert config in ("/etc/upswell/config.toml", "/etc/upswell/backup.toml")
    options = {name for parameter in upswell.commands[subcommand].params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options
    assert service["User"] == ["upswell"]
    assert service["NoNewPrivileges"] == ["true"]
    assert service["UMask"] == ["0077"]


def test_the_unit_leaves_time_to_end() -> None:
    """The parent alone is told to stop, and has longer than the ten seconds that it takes at most."""
    service = unit("upswell.service")["Service"]
    assert service["KillMode"] == ["mixed"]
    assert int(service["TimeoutStopSec"][0]) > 10
    assert set(unit("upswell-backup.timer")) == {"Unit", "Timer", "Install"}


def test_the_unit_gives_the_secrets_that_its_configuration_names(tmp_path: Path) -> None:
    """Each credential that is loaded is used, and the other way round; the ledger lies where the unit may write."""
    config = configured(DEPLOY / "systemd.toml", tmp_path)
    loaded = {line.split(":")[0] for line in unit("upswell.service")["Service"]["LoadCredential"]}
    named = {name for _, name in SECRETS.findall((DEPLOY / "systemd.toml").read_text())}
    assert loaded == named
    assert config.stripe.api_key is not None
    assert config.ledger.path.parent == Path("/var/lib") / unit("upswell.service")["Service"]["StateDirectory"][0]
    assert load(DEPLOY / "backup.toml", {}).ledger.path == config.ledger.path


def test_the_image_is_built_from_what_is_there() -> None:
    """Every file that the Dockerfile copies exists, goes to the builder, and is all that the wheel needs."""
    sources = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert all((ROOT / source).exists() for source in sources), sources
    sent = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{source}" for source in sources} == {line for line in sent if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {path.split("/")[0] for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert needed | {project["project"]["readme"], *project["project"]["license-files"]} <= set(sources)


def test_the_image_runs_as_nobody_in_particular() -> None:
    """Not root, with the same Python in both stages, one that is supported, and a command that exists."""
    assert instructions("USER") == ["upswell"]
    pythons = {re.match(r"python:3\.(\d+)-slim", line)[1] for line in instructions("FROM")}
    assert len(pythons) == 1
    assert int(pythons.pop()) >= 11
    assert instructions("ENTRYPOINT") == ['["upswell"]']
    assert re.findall(r"\w+", instructions("CMD")[-1])[0] in upswell.commands


def test_the_image_asks_its_own_receiver_whether_it_is_well(tmp_path: Path) -> None:
    """The health check's address is that of the configuration inside; the ledger lies in the volume."""
    config = configured(DEPLOY / "docker" / "config.toml", tmp_path)
    assert f"http://127.0.0.1:{config.server.port}{HEALTH_PATH}" in instructions("HEALTHCHECK")[0]
    assert instructions("EXPOSE") == [str(config.server.port)]
    assert [str(config.ledger.path.parent)] == instructions("VOLUME") == instructions("WORKDIR")[1:]
    (check,) = re.findall(r'CMD \["python", "-c", "(.*)"\]', instructions("HEALTHCHECK")[0])
    compile(check, "the health check", "exec")


def test_compose_gives_the_secrets_that_the_configuration_names() -> None:
    """Each secret is declared, mounted, and read; files that are not secret are there; the network is inside."""
    named = {name for _, name in SECRETS.findall((DEPLOY / "docker" / "config.toml").read_text())}
    declared = set(re.findall(r"^  (\w+):\n    file: \./secrets/\1$", COMPOSE, flags=re.MULTILINE))
    (mounted,) = re.findall(r"^    secrets: \[(.*)\]$", COMPOSE, flags=re.MULTILINE)
    assert declared == set(mounted.split(", ")) == named
    for source in re.findall(r"- (\./\w+):", COMPOSE):
        assert (DEPLOY / "docker" / source).exists()
    assert (DEPLOY / "docker" / re.search(r"context: (\S+)", COMPOSE)[1]).resolve() == ROOT
    assert (ROOT / re.search(r"dockerfile: (\S+)", COMPOSE)[1]).exists()


def test_the_proxy_lets_through_what_is_meant_for_outside() -> None:
    """Webhooks and the one-word health, and no metrics."""
    assert re.search(r"@known path (.*)$", PROXY, flags=re.MULTILINE)[1].split() == [WEBHOOK_PATH, HEALTH_PATH]
    assert "reverse_proxy upswell:8484" in PROXY
    assert "respond 404" in PROXY


def test_litestream_replicates_the_ledger_of_the_unit() -> None:
    """The path is that of the service, and the file says which key goes with it."""
    text = (DEPLOY / "litestream.yml").read_text()
    assert f"path: {load(DEPLOY / 'backup.toml', {}).ledger.path}" in text
    assert "[ledger] checkpoints = false" in text


def test_every_file_is_in_the_documentation() -> None:
    """What lies in deploy/ is named in docs/operations.md, by its name or its folder's."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    missing = [path.name for path in DEPLOY.iterdir() if path.is_file() and f"deploy/{path.name}" not in text]
    assert missing == []
    assert "deploy/docker/" in text


def test_the_unit_lets_charts_be_drawn() -> None:
    """Drawing charts calls pkey_alloc: without @pkey the process that draws would be killed, each week anew."""
    allowed, denied = unit("upswell.service")["Service"]["SystemCallFilter"]
    assert allowed.split() == ["@system-service", "@pkey"]
    assert denied == "~@privileged"
