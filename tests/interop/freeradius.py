"""FreeRADIUS with a configuration of the test's own: no file of the system's is read or written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import require_peer
from tests.interop.peers import Peer, Peers, eventually

_CONFIGURATION = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
raddbdir = {folder}
run_dir = {folder}
security {{
  reject_delay = 0
}}
client lab {{
  ipaddr = 127.0.0.0/8
  secret = {secret}
  require_message_authenticator = yes
}}
modules {{
  detail {{
    filename = {folder}/detail
    permissions = 0600
    header = "%t"
  }}
  pap {{
  }}
  chap {{
  }}
  files {{
    usersfile = {folder}/users
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = {address}
    port = 1812
  }}
  listen {{
    type = acct
    ipaddr = {address}
    port = 1813
  }}
  authorize {{
    chap
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type CHAP {{
      chap
    }}
  }}
  accounting {{
    detail
  }}
}}
"""

Record = Mapping[str, str]
"""Attributes of an Accounting-Request as FreeRADIUS names and writes them."""


class FreeRadius:
    """One server, on an address of its own."""

    def __init__(self, peers: Peers, address: str, *, secret: str, users: str = "") -> None:
        """Start it; it lets in ``users``, in the language of its users file."""
        program = require_peer("freeradius", package="freeradius")
        self.folder: Path = peers.folder / f"freeradius-{address}"
        self.folder.mkdir(exist_ok=True)
        text = _CONFIGURATION.format(folder=self.folder, address=address, secret=secret)
        (self.folder / "radiusd.conf").write_text(text, encoding="utf-8")
        (self.folder / "users").write_text(users, encoding="utf-8")
        name = f"freeradius-{address}"
        self.peer: Peer = peers.start(name, program, "-X", "-d", str(self.folder))
        self.peer.wait_for("Ready to process requests")

    def records(self) -> list[Record]:
        """Return every record that it has written, oldest first."""
        detail = self.folder / "detail"
        text = detail.read_text(encoding="utf-8") if detail.exists() else ""
        blocks = re.split(r"\n\n", text)
        # The last one may not be whole yet; whole ones end with when they came.
        return [
            {
                name: value.strip('"')
                for name, value in re.findall(r"^\t(\S+) = (.*)$", block, re.MULTILINE)
            }
            for block in blocks
            if "\tTimestamp = " in block
        ]

    def wait_for(self, status: str, count: int = 1) -> Record:
        """Wait for the ``count``-th record with an Acct-Status-Type, and return it."""
        found = eventually(
            lambda: [one for one in self.records() if one["Acct-Status-Type"] == status],
            lambda seen: len(seen) >= count,
        )
        return found[count - 1]
