"""Gi through a TUN device: any IP traffic of one APN, routed by this host's kernel.

Theory of operation. A TUN device (Linux, Documentation/networking/tuntap.rst) is an interface of
the kernel whose other end is a file. What the kernel routes to it is read from there packet by
packet, and what is written there arrives at the kernel as if it came over a wire. The device has
our gateway addresses, and the routes to the mobiles of its APN; all of it, sysctls of the device
included, goes when the file is closed, however the process ends.

The kernel is to say nothing of its own on this wire: the device gets no link-local address,
solicits no router, believes no advertisement, and redirects nobody.

Addresses, routes and the MTU are set with ``ip`` of iproute2, in one call.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Final

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from corenet.adapters.reactor import ReadsDescriptors
from corenet.gi.tun_plan import TunPlan

BATCH: Final = 64
"""Packets per read."""
READS_PER_TURN: Final = 4
"""Reads after which other descriptors get their turn."""

_CLONE: Final = "/dev/net/tun"
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_REQUEST: Final = struct.Struct("16sH22x")
"""struct ifreq: name and flags."""
_LONGEST: Final = 65_535
_NOT_PERMITTED: Final = (errno.EPERM, errno.EACCES)
_AS_ROOT: Final = "Run as root, or in a network namespace of your own: unshare -rn"


class CannotOpenTunError(OSError):
    """A TUN device could not be had. The sentence names the device, the reason and the remedy."""

    def __init__(self, device: str, reason: str, remedy: str) -> None:
        super().__init__(device, reason, remedy)
        self.device, self.reason, self.remedy = device, reason, remedy

    def __str__(self) -> str:
        return f"cannot set up the TUN device {self.device}: {self.reason}. {self.remedy}."


@implementer(IReadDescriptor)
class TunDevice:
    """One TUN device, with the reader that the reactor calls."""

    def __init__(self, plan: TunPlan, *, log: Logger | None = None) -> None:
        """Make a device that is not there yet."""
        self.plan = plan
        self.counters: Counter[str] = Counter()
        """Packets "received" and "sent", and those that the kernel did not take."""
        self._log = log or Logger(namespace="corenet.tun")
        self._file = -1
        self._deliver: Callable[[list[bytes]], None] = lambda _packets: None
        self._reactor: ReadsDescriptors | None = None

    def open(self, reactor: ReadsDescriptors, deliver: Callable[[list[bytes]], None]) -> None:
        """Make the device, and have ``deliver`` called with packets for mobiles.

        Raise ``CannotOpenTunError`` where it cannot be had; nothing is left of it then.
        """
        self._file = _attach(self.plan.device)
        try:
            self._set_sysctls()
            run_ip(self.plan.device, self.plan.commands())
        except BaseException:
            self.close()
            raise
        self._deliver = deliver
        self._reactor = reactor
        reactor.addReader(self)

    def close(self) -> None:
        """Let the device go, with its addresses and routes."""
        if self._reactor is not None:
            self._reactor.removeReader(self)
            self._reactor = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def send(self, packets: Sequence[bytes]) -> None:
        """Let the kernel have packets of mobiles; those it does not take are counted."""
        file, write = self._file, os.write
        lost = 0
        for packet in packets:
            try:
                write(file, packet)
            except OSError:
                lost += 1
        self.counters["sent"] += len(packets) - lost
        if lost:
            self.counters["dropped: not taken by the system"] += lost

    def fileno(self) -> int:
        """Return what the reactor watches."""
        return self._file

    def logPrefix(self) -> str:
        """Return what the reactor's log calls it."""
        return self.plan.device

    def doRead(self) -> None:
        """Read what has come, in batches, so that others get their turn in a flood."""
        read, longest = os.read, _LONGEST
        for _ in range(READS_PER_TURN):
            file = self._file
            packets: list[bytes] = []
            # Until nothing is left (or the device is gone): what was read before stays in the list.
            with suppress(OSError):
                packets.extend(map(read, repeat(file, BATCH), repeat(longest)))
            if packets:
                self.counters["received"] += len(packets)
                self._deliver(packets)
            if len(packets) < BATCH:
                return

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Close, when the reactor says that the device is of no use any more."""
        self.close()

    def _set_sysctls(self) -> None:
        """Keep the kernel quiet on the device, as far as /proc/sys lets us."""
        for name, value in self.plan.sysctls().items():
            file = Path("/proc/sys/net", name)
            try:
                if file.exists():
                    file.write_text(value)
            except OSError as error:
                self._log.warn("{file} stays as it is: {error}", file=str(file), error=error)


class KernelForwarding:
    """The kernel's routing between interfaces, turned on while it is wanted."""

    _FILES: Final = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")

    def __init__(self) -> None:
        self._before: dict[Path, str] = {}

    def turn_on(self) -> None:
        """Have the kernel forward; raise ``CannotOpenTunError`` where that is not permitted."""
        for file in map(Path, self._FILES):
            try:
                if file.exists() and (before := file.read_text().strip()) == "0":
                    file.write_text("1")
                    self._before[file] = before
            except OSError as error:
                self.put_back()
                reason = f"{file} cannot be set ({os.strerror(error.errno or 0)})"
                raise CannotOpenTunError("forwarding", reason, _AS_ROOT) from None

    def put_back(self) -> None:
        """Leave it as it was."""
        for file, before in self._before.items():
            with suppress(OSError):
                file.write_text(before)
        self._before.clear()


def _attach(device: str) -> int:
    """Return a descriptor of a new TUN device."""
    try:
        file = os.open(_CLONE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NOT_PERMITTED:
            raise CannotOpenTunError(device, f"{_CLONE} is not permitted", _AS_ROOT) from None
        reason = f"{_CLONE}: {os.strerror(error.errno or 0)}"
        raise CannotOpenTunError(device, reason, "Load the kernel's module: modprobe tun") from None
    try:
        fcntl.ioctl(file, _TUNSETIFF, _REQUEST.pack(device.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError as error:
        os.close(file)
        if error.errno in _NOT_PERMITTED:
            raise CannotOpenTunError(device, "not permitted", _AS_ROOT) from None
        if error.errno == errno.EBUSY:
            remedy = "End the other lab, or name another device"
            raise CannotOpenTunError(device, "somebody has a device of that name", remedy) from None
        reason = os.strerror(error.errno or 0)
        raise CannotOpenTunError(device, reason, "Name another device") from None
    return file


def run_ip(device: str, commands: Sequence[str], namespace: str | None = None) -> None:
    """Have ``ip`` do something with a device, in a namespace of that name or in our own.

    Raise ``CannotOpenTunError`` with the command that failed; those before it are done.
    """
    try:
        done = subprocess.run(
            ["ip", *(() if namespace is None else ("-netns", namespace)), "-batch", "-"],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=30,
            env=os.environ | {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"},
        )
    except FileNotFoundError:
        raise CannotOpenTunError(device, "there is no ip", "Install iproute2") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        failed = lines[-1].rpartition(":")[2]
        # With an argument that it does not know, ``ip`` does not say which command has it.
        command = commands[int(failed) - 1 if failed.isdigit() else 0]
        reason = f"ip {command}: {lines[0]}"
        remedy = "Look for another interface with it: ip route"
        if "namespace" in done.stderr or "netns" in done.stderr:
            remedy = "Make the namespace first: ip netns add NAME"
        raise CannotOpenTunError(device, reason, remedy)
