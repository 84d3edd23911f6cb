"""Ask questions of the deployed stack: the tutorial's command.

python scripts/run_task.py ask CONTEXT QUESTION
python scripts/run_task.py ask_many [PROBLEMS] [--wait]
python scripts/run_task.py list_answers [--limit N]
python scripts/run_task.py clear
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # Beside scripts/, which Python adds by itself, so that any Python with the packages will do.
    sys.path.insert(1, str(ROOT / "container"))
    try:
        import boto3  # noqa: F401 - what a Python without the environment lacks first
        import yaml  # noqa: F401

        from qabot.commands.tutorial import main
    except ImportError as error:
        print(
            f"{sys.executable} has no {error.name}. Make the environment and use its Python:\n"
            "  scripts/environment cloud\n"
            f"  .venv/bin/python {' '.join([sys.argv[0], *sys.argv[1:2]])} ...",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.exit(main(ROOT))
