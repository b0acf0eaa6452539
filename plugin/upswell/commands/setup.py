"""Writing the first ``config.toml`` from the answers to ``upswell init``."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from upswell.configuration.checking import check
from upswell.configuration.example import render
from upswell.configuration.options import SECTIONS
from upswell.configuration.questions import QUESTIONS, Question
from upswell.errors import ConfigError, UpswellError

Answers = dict[str, dict[str, Any]]


def default(question: Question) -> str:
    """Return the configuration's own default, as one would type it; empty where there is none."""
    fields = {field.encode_name: field.default for field in msgspec.structs.fields(SECTIONS[question.section])}
    return str(fields[question.key] or "")


def answer(question: Question, text: str) -> Any:
    """Return what ``text`` becomes in the file. Raises ConfigError where the key does not allow it."""
    value = [part.strip() for part in text.split(",")] if question.key == "to" else text.strip()
    if question.needed and not text.strip():
        raise ConfigError(f"An answer is needed: {question.words}")
    check(SECTIONS[question.section], {question.key: value}, question.section)
    return value


def collect(given: Mapping[str, str | None], ask: Callable[[Question], str] | None) -> Answers:
    """Return the answers by section and key: from flags (``given``, by parameter), else by ``ask``, if given.

    Raises ConfigError where an answer is not allowed, or half of what email needs is there.
    """
    answers: Answers = {section: {} for section in SECTIONS}
    for question in QUESTIONS:
        section = answers[question.section]
        text = given.get(question.parameter)
        if text is None and ask and (question.only_with is None or question.only_with in section):
            text = ask(question)
        if text:
            section[question.key] = answer(question, text)
    missing = [f"--email-{key}" for key in ("host", "from", "to") if key not in answers["email"]]
    if answers["email"] and missing:
        raise ConfigError(f"Email needs a server, a sender and recipients: add {' and '.join(missing)}")
    return answers


def refuse_existing(path: Path) -> None:
    """Raise UpswellError where ``path`` exists: what somebody wrote is never overwritten."""
    if os.path.lexists(path):
        raise UpswellError(f"{path} exists already: edit it, or write another with --config FILE")


def write(path: Path, answers: Answers) -> None:
    """Write the configuration, for its owner's eyes alone. Raises UpswellError rather than overwrite a file."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(render(answers))
    except FileExistsError:
        refuse_existing(path)
    except OSError as error:
        raise UpswellError(f"{path} cannot be written ({error.strerror}): check its folder") from None


def next_steps(path: Path, answers: Answers) -> str:
    """Say what to do once the file is there."""
    address = answers["server"].get("public_url", "https://YOUR-ADDRESS").rstrip("/")
    slack = "SLACK_BOT_TOKEN" if "channel" in answers["slack"] else "SLACK_WEBHOOK_URL (for Slack)"
    mail = ["SMTP_PASSWORD"] if "username" in answers["email"] else []
    return "\n".join(
        (
            f"Wrote {path}. Next:",
            f"1. Set the environment variables {', '.join(['STRIPE_API_KEY', slack, *mail])}.",
            f"2. Run `upswell connect {address}`, and set STRIPE_WEBHOOK_SECRET to the secret it prints.",
            "3. Run `upswell doctor`, which checks all of it, and then `upswell serve`.",
        )
    )
