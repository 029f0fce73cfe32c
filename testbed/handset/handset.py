"""A whole handset: the applications that run on a lab's mobiles, by their settings."""

from __future__ import annotations

from collections.abc import Mapping

from corenet.interfaces.application import Application, Applications, Host
from testbed.handset.browser import Browser
from testbed.handset.push_client import PushClient
from testbed.handset.settings import HandsetSettings


def handsets(
    settings: Mapping[str, HandsetSettings], default: HandsetSettings | None = None
) -> Applications:
    """Return what makes the applications of mobiles, whose settings are known by IMSI."""
    usual = default or HandsetSettings()

    def applications(host: Host) -> tuple[Application, ...]:
        own = settings.get(host.imsi, usual)
        if own.gateway is None:
            return (PushClient(host, own.push),)
        browser = Browser(host, own.gateway)
        return (PushClient(host, own.push, loader=browser), browser)

    return applications
