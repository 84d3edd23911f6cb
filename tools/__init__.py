"""For maintainers: nothing of the product imports it."""
