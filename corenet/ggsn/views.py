"""How a GGSN shows its PDP contexts.

Spec: TS 23.060 §9.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtp.ies.filters import PacketFilter


@dataclass(slots=True, unsafe_hash=True)
class PdpContextView:
    """A PDP context as it was at one moment.

    To be read only; but one is made whenever a context comes, changes or goes, and to make a
    frozen object of so many fields takes several times as long.
    """

    imsi: str
    msisdn: str | None
    apn: str
    """Network identifier as the GGSN's configuration spells it."""
    address: str
    """PDP address; IPv4 where there are both."""
    nsapi: int
    since: float
    """When it was created, seconds since 1970-01-01 UTC."""
    sgsn_address: str
    """Control address of the SGSN."""
    sgsn_user_address: str
    charging_id: int
    teid_control: int
    """Ours; the SGSN puts it in the header."""
    teid_data: int
    """Ours; the SGSN puts it in the header."""
    sgsn_teid_control: int
    sgsn_teid_data: int
    network_requested: bool
    """Whether an activation that the network had requested led to it."""
    uplink_octets: int = 0
    """From the MS."""
    downlink_octets: int = 0
    """To the MS."""
    uplink_packets: int = 0
    downlink_packets: int = 0
    last_downlink: float | None = None
    """When a packet last left for the MS, seconds since 1970-01-01 UTC."""
    qos: bytes = b""
    """As in IE 135."""
    rat_type: int | None = None
    ipv6_address: str | None = None
    """The /64 prefix with the interface identifier that was given, where there is one."""
    direct_tunnel: bool = False
    """Whether ``sgsn_user_address`` is an RNC's."""
    linked_nsapi: int | None = None
    """The context whose address a secondary one shares; None for a primary one."""
    filters: tuple[PacketFilter, ...] = ()
    """The traffic flow template."""
