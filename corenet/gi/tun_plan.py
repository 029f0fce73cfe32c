"""What a TUN device of an APN is to be, and what sets it up."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

DEFAULT_MTU: Final = 1500
LONGEST_NAME: Final = 15
"""Characters of an interface's name (IFNAMSIZ without the end)."""
SYSCTLS: Final = {
    "ipv4/conf/{device}/send_redirects": "0",
    "ipv4/conf/{device}/accept_redirects": "0",
    "ipv4/conf/{device}/rp_filter": "0",
    "ipv4/conf/{device}/forwarding": "1",
    "ipv6/conf/{device}/addr_gen_mode": "1",
    "ipv6/conf/{device}/accept_ra": "0",
    "ipv6/conf/{device}/router_solicitations": "0",
    "ipv6/conf/{device}/accept_redirects": "0",
    "ipv6/conf/{device}/forwarding": "1",
}
"""By file below /proc/sys/net: the kernel says nothing of its own on the device.

1 of addr_gen_mode is "no link-local address".
"""


@dataclass(frozen=True, slots=True)
class TunPlan:
    """What one device is to be."""

    device: str
    """Name of the interface."""
    gateways: tuple[str, ...]
    """This host's addresses on it."""
    networks: tuple[IPv4Network | IPv6Network, ...]
    """Where the mobiles behind it have their addresses."""
    mtu: int = DEFAULT_MTU

    def commands(self) -> list[str]:
        """Return what ``ip`` of iproute2 is to do, a command each."""
        device = self.device
        commands = [f"link set dev {device} mtu {self.mtu} multicast off up"]
        for text in self.gateways:
            only, kind = ("/32", "") if ip_address(text).version == 4 else ("/128", " nodad")
            commands.append(f"address add {text}{only} dev {device}{kind}")
        return commands + [f"route add {network} dev {device}" for network in self.networks]

    def sysctls(self) -> dict[str, str]:
        """Return what the device's settings are to be, by file below /proc/sys/net."""
        return {file.format(device=self.device): value for file, value in SYSCTLS.items()}
