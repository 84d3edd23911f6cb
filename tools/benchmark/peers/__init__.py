"""The programs that people use for the same: each answers a file of questions in a process of its own.

Each module is run by the Python of an environment that has the peer and nothing of qabot:
`python MODULE.py CHECKPOINT QUESTIONS` prints `{"answers": {id: text}, "seconds": of answering}`, or
what its own docstring says.
"""
