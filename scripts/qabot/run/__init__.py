"""Plan and execute a run."""
