"""Where the model is that comes with the program."""

from __future__ import annotations

from pathlib import Path

import answerer

# Beside the package that runs it in a checkout, in that package in a wheel.
_PACKAGE = Path(answerer.__file__).parent
BUNDLED = _PACKAGE.parent / "model" if _PACKAGE.parent.name == "container" else _PACKAGE / "bundled"
