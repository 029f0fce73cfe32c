"""Durable files that nodes keep what they have accepted in."""
