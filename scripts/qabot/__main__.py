"""`python -m qabot`, and the `qabot` command."""

import sys


def main() -> int:
    """Run one command; Ctrl-C ends it without a traceback, also while it is being loaded."""
    try:
        from qabot.cli import main as command

        return command()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            print("error: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
