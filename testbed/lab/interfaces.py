"""Which core, gateway and SMSC a command asks: options, the environment, or the default lab's."""

from __future__ import annotations

import argparse
import os

from testbed.adapters.api_client import ApiClient
from testbed.lab.register import running_labs

DEFAULT_CORE = "http://127.0.10.4:8080"
DEFAULT_GATEWAY = "http://127.0.10.5:8081"
"""Those of the default lab."""


def add_interfaces(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that name interfaces."""
    parser.add_argument(
        "--url", help=f"the control interface (default: $CORENET_URL, or {DEFAULT_CORE})"
    )
    parser.add_argument(
        "--gateway",
        metavar="URL",
        help=f"the gateway (default: $CORENET_GATEWAY, or {DEFAULT_GATEWAY})",
    )
    parser.add_argument(
        "--smsc", metavar="URL", help="the SMSC's metrics (default: $CORENET_SMSC, or none)"
    )
    parser.add_argument(
        "--token", help="what the control interface asks for (default: $CORENET_TOKEN)"
    )


def core(options: argparse.Namespace) -> ApiClient:
    """Return a client of the control interface; raises ``ApiError`` for what is no URL."""
    url = options.url or os.environ.get("CORENET_URL", DEFAULT_CORE)
    return ApiClient(url, options.token or os.environ.get("CORENET_TOKEN"))


def gateway(options: argparse.Namespace) -> ApiClient:
    """Return a client of the gateway; raises ``ApiError`` for what is no URL."""
    return ApiClient(options.gateway or os.environ.get("CORENET_GATEWAY", DEFAULT_GATEWAY))


def smsc(options: argparse.Namespace) -> ApiClient | None:
    """Return a client of the SMSC, if one is named; raises ``ApiError`` for what is no URL."""
    url = options.smsc or os.environ.get("CORENET_SMSC")
    return None if url is None else ApiClient(url)


def running_here() -> list[str]:
    """Return what to tell somebody who has asked where there is no lab: which ones there are."""
    return [f"lab {lab.name} runs here: --url {lab.control}" for lab in running_labs()]
