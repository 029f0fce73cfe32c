"""YAML labs, and the corenet command."""
