"""What the TUN device of a mobile is to be, and what sets it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from corenet.gi.tun_plan import DEFAULT_MTU

EVERYTHING = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class TerminalPlan:
    """What one mobile's device is to be: programs that use it are on the mobile."""

    device: str
    """Name of the interface."""
    namespace: str | None = None
    """Network namespace that it is put into (``ip netns``); None: the process's own."""
    routes: tuple[IPv4Network, ...] = ()
    """What is reached through the mobile while it has an address."""
    mtu: int = DEFAULT_MTU

    def begin(self) -> list[str]:
        """Return what ``ip`` of iproute2 is to do first, in the device's namespace.

        Without addrgenmode the kernel would send messages of its own from a link-local address.
        """
        device = self.device
        return [
            f"link set dev {device} addrgenmode none",
            f"link set dev {device} mtu {self.mtu} multicast off up",
        ]

    def change(self, before: Sequence[str], after: Sequence[str]) -> list[str]:
        """Return what ``ip`` is to do when the mobile has other addresses than before.

        The kernel forgets routes from an address that goes; they are from the first one.
        """
        device = self.device
        gone = [address for address in before if address not in after]
        new = [address for address in after if address not in before]
        commands = [f"address del {address}/32 dev {device}" for address in gone]
        commands += [f"address add {address}/32 dev {device}" for address in new]
        if after:
            commands += [f"route replace {net} dev {device} src {after[0]}" for net in self.routes]
        return commands
