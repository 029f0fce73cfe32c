"""Runs the life of each push: judges, activates, sends, waits."""
