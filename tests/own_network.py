"""A network of a test process's own: ``python tests/own_network.py [python's arguments]``.

Theory of operation. Labs hold fixed ports, and are found by addresses of the loopback network; two
at once need two networks. A process that leaves its network namespace has an empty new one, with
all ports free, and so have its children. As root that is all; an ordinary user needs a user
namespace around it, in which it stays who it is. Only a process of one thread may make one, so
this becomes a Python in the new network instead of being called by one that runs already.

It ends with a status above 0 where no such network can be had.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def enter() -> None:
    """Leave the network for one with nothing but its own loopback; ``OSError`` where one can't."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    # os.unshare came with Python 3.12.
    if libc.unshare(CLONE_NEWNET if user == 0 else CLONE_NEWNET | CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        name = struct.pack("16s16x", b"lo")
        (flags,) = struct.unpack_from("16xH", ioctl(asking, SIOCGIFFLAGS, name))
        ioctl(asking, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def can_be_had() -> bool:
    """Find out whether this user may have a network of its own here."""
    words = [sys.executable, __file__, "-c", ""]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    try:
        enter()
    except (AttributeError, OSError) as error:
        sys.exit(f"no network of its own: {error}")
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
