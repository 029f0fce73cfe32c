"""Corenet's pytest plugin: labs as fixtures."""
