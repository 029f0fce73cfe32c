"""What a lab file may say of Gi: how packets get out of the GGSN."""

from __future__ import annotations

from pydantic import Field

from testbed.lab.parts import Part, Port


class GiPart(Part):
    """How packets get out of the GGSN: by loopback UDP datagrams only, by TUN any IP traffic."""

    tun: bool = Field(
        default=False,
        description="a TUN device for each APN, which needs root or a user namespace; else this "
        "host's loopback network",
    )
    forward: bool = Field(
        default=False,
        description="with TUN: have the kernel route between the devices and its other "
        "interfaces while the lab runs (net.ipv4.ip_forward, net.ipv6.conf.all.forwarding)",
    )
    ports: tuple[Port, ...] = Field(
        default=(2948,), description="UDP ports of mobiles that loopback reaches from this host"
    )
    per_address: bool = Field(
        default=False,
        description="a socket for each address of the pools, 256 at most, where else one hears "
        "for all: so several labs of one host can have the same `ports`",
    )
