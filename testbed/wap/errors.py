"""What our own caller can get wrong; what peers get wrong is counted and answered."""

from __future__ import annotations


class WapError(Exception):
    """A command that the transaction or session is not in a state for, or that exceeds a limit."""
