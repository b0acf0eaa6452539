"""The file of signing secrets, for its owner's eyes alone: one a line, with the endpoint it belongs to behind a #."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from upswell.configuration.settings import Secret
from upswell.errors import UpswellError


class SecretFile:
    """The file at ``path``, which may be yet to come. Raises UpswellError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make sure that a secret can be kept here, before there is one."""
        self._write(self._lines())

    def add(self, secret: Secret, endpoint: str) -> None:
        """Keep the secret of ``endpoint`` beside those that are there."""
        self._write([*self._lines(), f"{secret.reveal()}  # {endpoint}"])

    def drop(self, endpoint: str) -> bool:
        """Forget the secret of ``endpoint``; say whether it was here."""
        lines = self._lines()
        left = [line for line in lines if line.partition("#")[2].strip() != endpoint]
        if left != lines:
            self._write(left)
        return left != lines

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise self._failed(error) from None

    def _write(self, lines: list[str]) -> None:
        """Put ``lines`` in the place of what is there, whole or not at all."""
        path = self.path.resolve()
        try:
            number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # made with mode 0600
            try:
                _give(number, path)
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in lines)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> UpswellError:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        return UpswellError(
            f"{self.path} ([stripe] webhook_secret_file) cannot be written ({reason}): check the file and its folder"
        )


def _give(number: int, path: Path) -> None:
    """Give a new file to whom the one at ``path`` belongs: who runs ``serve`` may be another than who connects."""
    with suppress(FileNotFoundError, PermissionError):
        held = path.stat()
        os.fchown(number, held.st_uid, held.st_gid)
