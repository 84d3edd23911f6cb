"""Measure the answerer against torch and transformers: `scripts/bench`."""
