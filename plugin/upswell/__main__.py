"""The program: ``upswell``, or ``python -m upswell``."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command and exit with its code; Ctrl-C ends it quietly at any moment, while it loads too."""
    try:
        from upswell.commands.cli import run  # noqa: PLC0415 - inside the try, so that Ctrl-C shows no traceback

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
