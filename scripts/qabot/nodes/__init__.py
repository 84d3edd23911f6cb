"""YAML and JSON as nodes that know their places."""
