"""Reconcile `questions/` with `answers/`: the program behind every command of this repository."""

__version__ = "0.1.0"
