"""YAML and JSON as nodes with their places."""
