"""Answer questions from a context: the part of qabot that also runs in the container.

It imports nothing of `qabot`, and nothing heavy until a model is loaded.
"""
