"""Fuzz targets: what reads people's files, the table's items and a task's arguments, fed anything.

`scripts/fuzz` runs them under a coverage-guided fuzzer; `test_fuzz.py` replays their seeds, and what
little changes make of them, in every run of the suite.
"""
