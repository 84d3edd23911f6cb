"""The static page that shows `answers/`, and the form on it that asks."""
