"""Scenarios: what is arranged, what is done, what should come of it; on sockets or not."""
