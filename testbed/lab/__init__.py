"""YAML labs and scenarios, and the corenet command."""
