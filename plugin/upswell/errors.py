"""The errors of Upswell: each says what happened, where, and what to do about it.

Whoever raises one writes the whole sentence; whoever catches one prints it and adds nothing.
No message ever holds a secret.
"""


class UpswellError(Exception):
    """Something is wrong that a person can mend; the command ends with exit code 1."""


class ConfigError(UpswellError):
    """The configuration names a key, a value or a secret that cannot be used."""


class ShapeError(UpswellError):
    """A Stripe payload lacks what its kind must carry, or carries it in a form nobody knows."""


class RowError(UpswellError):
    """A row of usage that an app or a file reports cannot be read as one."""


class Unreachable(UpswellError):
    """Stripe cannot be asked just now: there is no connection, or it answers with errors. Later it may."""


class Refused(UpswellError):
    """Stripe does not answer such a request, and asking again would not help.

    ``status`` is HTTP's, ``param`` the parameter that Stripe finds wrong, ``account`` the one it says the key is of.
    """

    def __init__(self, message: str, *, status: int, param: str | None = None, account: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.account = account


class LedgerError(UpswellError):
    """The ledger file cannot be opened, read or trusted."""


class LedgerBusy(LedgerError):
    """Another process held the ledger's write lock for longer than the deadline."""


class InvariantError(LedgerError):
    """Movements do not add up: opening + movements = closing was broken. Nothing was written."""


class DeliveryError(UpswellError):
    """A message could not be handed to Slack or to the mail server.

    ``final`` is True where trying again cannot help (a revoked token, a refused sender), ``unsure`` where it was handed
    over and no answer came, so that it may have arrived. ``refused`` names the recipients a mail did not reach while
    it reached the others.
    """

    def __init__(
        self, message: str, *, final: bool = False, unsure: bool = False, refused: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.final = final
        self.unsure = unsure
        self.refused = refused
