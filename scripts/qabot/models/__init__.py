"""Measure and train models, and the commands of `qabot model`."""
