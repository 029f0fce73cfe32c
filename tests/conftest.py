"""What every test shares: properties that are tried with the same examples on every machine."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a machine that is busy is no bug. Derandomised: a failure is the same everywhere.
settings.register_profile("corenet", deadline=None, derandomize=True)
settings.load_profile("corenet")
