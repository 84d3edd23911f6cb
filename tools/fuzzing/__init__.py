"""Fuzz targets: arbitrary input for the readers of people's files, the table's items and arguments.

`scripts/fuzz` runs them under a coverage-guided fuzzer; `test_fuzz.py` runs their seeds and small
mutations of them in every run of the suite.
"""
