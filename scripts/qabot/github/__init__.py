"""Git, pull requests and job summaries."""
