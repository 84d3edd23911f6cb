"""Reconcile `questions/` with `answers/`: the program behind every command of this repository."""
