"""Experiments that the design is judged by; each runs by one command and prints what it found."""
