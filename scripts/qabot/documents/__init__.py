"""Documents that people commit: their text, its passages, and the search for those that answer."""
