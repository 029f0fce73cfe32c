"""Running labs as interfaces of Wireshark (its "extcap" interface).

Wireshark starts this program to ask what there is to capture, and again to capture it into a pipe.
Each lab of this user that runs is an interface; another one takes the URL of a lab's control
interface, for labs on other machines. Only the standard library is imported, since Wireshark
waits for the answer when it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

from testbed.lab.register import RegisteredLab, running_labs

BY_URL: Final = "corenet"
"""The interface for a lab that is named by its URL."""
LINKTYPE_RAW: Final = 101
CONNECTING: Final = 10.0
"""Seconds until a lab that does not answer is given up."""
_CHUNK: Final = 65536


class CaptureError(Exception):
    """A lab gave no capture; the text says why."""


def interface_name(lab: RegisteredLab) -> str:
    """Return the name that Wireshark knows a lab by."""
    return f"{BY_URL}-{lab.name}-{lab.process}"


def interfaces() -> str:
    """Return what there is to capture, in Wireshark's words."""
    lines = [f"extcap {{version={version('corenet')}}}{{display=Corenet}}"]
    for lab in running_labs():
        where = urlsplit(lab.control).netloc
        lines.append(
            f"interface {{value={interface_name(lab)}}}{{display=Corenet lab {lab.name} ({where})}}"
        )
    lines.append(f"interface {{value={BY_URL}}}{{display=Corenet lab at a URL}}")
    return "\n".join(lines)


def link_types(interface: str) -> str:
    """Return of which kind an interface's packets are, in Wireshark's words."""
    return f"dlt {{number={LINKTYPE_RAW}}}{{name={interface}}}{{display=Raw IP}}"


def configuration(interface: str) -> str:
    """Return what Wireshark asks its user before it captures from an interface."""
    if interface != BY_URL:
        return ""
    return (
        "arg {number=0}{call=--url}{display=Control interface}{type=string}"
        "{tooltip=URL of the lab's control interface}{default=http://127.0.0.1:8080}"
        "{required=true}\n"
        "arg {number=1}{call=--token}{display=Bearer token}{type=password}"
        "{tooltip=where the control interface asks for one}"
    )


def capture(url: str, token: str | None) -> Iterator[bytes]:
    """Yield a lab's capture as it comes, until the lab ends.

    Raises:
        CaptureError: the lab is not there, or refuses.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        raise CaptureError(f"{url!r} is no http or https URL")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {} if not token else {"Authorization": f"Bearer {token}"}
    try:
        connection = kind(parts.hostname, parts.port, timeout=CONNECTING)
        connection.request("GET", f"{parts.path.rstrip('/')}/v1/capture", headers=headers)
        if connection.sock is not None:
            # A lab in which nothing happens sends nothing.
            connection.sock.settimeout(None)
        response = connection.getresponse()
        if response.status != 200:
            raise CaptureError(f"{url} refuses: {response.status} {_detail(response)}")
        while octets := response.read1(_CHUNK):
            yield octets
    except (OSError, HTTPException, ValueError) as error:
        raise CaptureError(f"no capture from {url}: {error}") from None


def _detail(response: HTTPResponse) -> str:
    try:
        return str(json.loads(response.read(_CHUNK))["detail"])
    except (ValueError, KeyError, TypeError):
        return response.reason


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what Wireshark asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="corenet-extcap", description=__doc__)
    parser.add_argument("--extcap-interfaces", action="store_true", help="list what there is")
    parser.add_argument("--extcap-dlts", action="store_true", help="say of which kind it is")
    parser.add_argument("--extcap-config", action="store_true", help="say what to ask the user")
    parser.add_argument("--capture", action="store_true", help="capture into --fifo")
    parser.add_argument("--extcap-interface", metavar="NAME", default=BY_URL)
    parser.add_argument("--fifo", metavar="FILE", help="where the capture goes")
    parser.add_argument("--url", help="of the lab's control interface")
    parser.add_argument("--token", help="bearer token of the control interface")
    options, _others = parser.parse_known_args(arguments)
    if options.extcap_interfaces:
        print(interfaces())
    elif options.extcap_dlts:
        print(link_types(options.extcap_interface))
    elif options.extcap_config:
        print(configuration(options.extcap_interface))
    elif options.capture and options.fifo:
        return _capture(options)
    else:
        parser.print_usage(sys.stderr)
        return 2
    return 0


def _capture(options: argparse.Namespace) -> int:
    url, token = options.url, options.token
    for lab in running_labs():
        if interface_name(lab) == options.extcap_interface:
            url, token = lab.control, lab.token
    if not url:
        print(f"{options.extcap_interface} has ended", file=sys.stderr)
        return 1
    try:
        with os.fdopen(os.open(options.fifo, os.O_WRONLY), "wb", buffering=0) as pipe:
            for octets in capture(url, token):
                pipe.write(octets)
    except CaptureError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Wireshark has stopped.
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
