"""Plan and carry out one run."""
