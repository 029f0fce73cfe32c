"""Commands that a mobile cannot follow."""

from __future__ import annotations


class MobileError(Exception):
    """A command that this mobile cannot follow in its state; the text says why."""


class UnsuitableSetting(MobileError):  # noqa: N818 - reads as what it says
    """No application has this setting, or it cannot have this value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        """"name" or "value"."""


class UnknownMobile(MobileError):  # noqa: N818 - reads as what it says
    """No mobile has this IMSI."""

    def __init__(self, imsi: str) -> None:
        super().__init__(f"no mobile has IMSI {imsi}")
        self.imsi = imsi
