"""Pushes that the gateway has in its care, and what waits for which terminal."""
