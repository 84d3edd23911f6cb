"""Train the bundled model from an encoder: `scripts/train`."""
