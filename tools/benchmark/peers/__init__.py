"""Programs that people use for the same purpose: each answers a file of questions in its own process.

Each module is run by the Python of an environment that has the peer and nothing of qabot:
`python -m MODULE CHECKPOINT QUESTIONS` prints `{"answers": {id: text}, "seconds": of answering}`, or
what its own docstring says.
"""
