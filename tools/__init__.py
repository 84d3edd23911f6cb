"""For maintainers: nothing of the product imports it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
