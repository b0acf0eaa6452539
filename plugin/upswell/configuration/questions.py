"""What ``upswell init`` asks: each question, its flag, and the key it fills."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the ``section`` and ``key`` of the configuration it fills, its ``flag`` and its ``words``.

    ``only_with`` is the key of the same section without which it is not asked; ``needed`` is then True
    where it cannot be left empty.
    """

    section: str
    key: str
    flag: str
    words: str
    only_with: str | None = None
    needed: bool = False

    @property
    def parameter(self) -> str:
        """The flag as the name of a parameter: ``email_host``."""
        return self.flag.removeprefix("--").replace("-", "_")


QUESTIONS = (
    Question("report", "timezone", "--timezone", "Time zone of your weeks, months and days"),
    Question("report", "currency", "--currency", "Currency that the summary shows first"),
    Question("report", "day", "--day", "Day on which the summary is posted"),
    Question("report", "time", "--time", "Time of that day"),
    Question("ledger", "path", "--ledger", "Ledger file"),
    Question("server", "public_url", "--public-url", "Address by which Stripe reaches this machine, if known"),
    Question(
        "slack", "channel", "--slack-channel", "Slack channel for a bot (empty: an incoming webhook, or no Slack)"
    ),
    Question("email", "host", "--email-host", "Mail server (empty: no email)"),
    Question("email", "security", "--email-security", "Its encryption: starttls, tls or none", only_with="host"),
    Question("email", "username", "--email-username", "User name there (empty: no login)", only_with="host"),
    Question("email", "from", "--email-from", "Sender's address", only_with="host", needed=True),
    Question("email", "to", "--email-to", "Recipients' addresses, with commas between", only_with="host", needed=True),
)
