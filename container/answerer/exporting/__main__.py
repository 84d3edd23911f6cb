"""The program of the image's build: `python -m answerer.exporting CHECKPOINT DIR [--no-quantise]`.

People use `qabot model export`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from answerer.errors import AnswererError
from answerer.exporting.export import export


def main() -> int:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(prog="answerer.exporting")
    parser.add_argument("checkpoint", help="NAME@REVISION on the Hugging Face hub, or a folder")
    parser.add_argument("out", type=Path, help="the model directory to make")
    parser.add_argument("--no-quantise", action="store_true", help="keep the weights in float32")
    arguments = parser.parse_args()
    try:
        info = export(arguments.checkpoint, arguments.out, quantise=not arguments.no_quantise)
    except AnswererError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(info.identity)
    return 0


if __name__ == "__main__":
    sys.exit(main())
