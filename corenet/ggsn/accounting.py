"""What accounting is told of PDP contexts.

Specs: TS 29.061 §16.3 (messages), §16.4 (attributes), RFC 2866.
"""

from __future__ import annotations

from socket import inet_aton
from typing import Final

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.events import AccountingStatus, DeletionReason
from corenet.ggsn.pools import PREFIX_LENGTH, address_text
from corenet.radius.client import AccountingClient, AttributeValue
from corenet.schedule import Alarm, Schedule
from gtp.ies import PdpType

_TERMINATE_CAUSES: Final = {
    DeletionReason.SGSN_REQUEST: "User-Request",
    DeletionReason.COMMAND: "Admin-Reset",
    DeletionReason.REPLACED: "Lost-Carrier",
    DeletionReason.SGSN_RESTARTED: "Lost-Carrier",
    DeletionReason.PATH_DOWN: "Lost-Carrier",
    DeletionReason.ERROR_INDICATION: "Lost-Carrier",
    DeletionReason.UNKNOWN_TO_SGSN: "Lost-Carrier",
    DeletionReason.GGSN_STOPPED: "NAS-Reboot",
}
_PDP_TYPES: Final = {PdpType.IPV4: "IPv4", PdpType.IPV6: "IPv6", PdpType.IPV4V6: "IPv4v6"}
_SESSION_STOP: Final = 0xFF


class Accounting:
    """Turns contexts into accounting records, and repeats Interim-Updates."""

    def __init__(self, config: GgsnConfig, client: AccountingClient, schedule: Schedule) -> None:
        """Tell ``client``, which knows the servers."""
        self._config = config
        self._client = client
        self._schedule = schedule
        self._interims: dict[int, Alarm] = {}
        """By our TEID Data I."""
        self._session_prefix = inet_aton(config.control_address).hex().upper()

    def start(self, now: float) -> None:
        """Tell that every earlier session is over (Accounting-On)."""
        self._client.record(AccountingStatus.ACCOUNTING_ON, self._own_attributes(), now)

    def stop(self, now: float) -> None:
        """Tell that every session is over (Accounting-Off), and end within a few tries."""
        self._client.record(AccountingStatus.ACCOUNTING_OFF, self._own_attributes(), now)
        self._client.stop(now)

    def context_created(self, context: PdpContext, now: float) -> None:
        """Tell of a session's start."""
        if not self._config.radius:
            return
        self._tell(AccountingStatus.START, context, {}, now)
        self._plan_interim(context, now)

    def attributes_of(self, context: PdpContext) -> dict[str, AttributeValue]:
        """Return what records say of a context as it is now; nothing where nobody is told."""
        return self._attributes(context) if self._config.radius else {}

    def context_updated(
        self, context: PdpContext, before: dict[str, AttributeValue], now: float
    ) -> None:
        """Tell of a session's change (TS 29.061 §16.3.1), if it shows in what records say.

        ``before`` is what they said, from ``attributes_of``.
        """
        if self._config.radius and self._attributes(context) != before:
            self._tell(AccountingStatus.INTERIM_UPDATE, context, _usage(context, now), now)

    def context_deleted(self, context: PdpContext, reason: DeletionReason, now: float) -> None:
        """Tell of a session's end."""
        interim = self._interims.pop(context.teid_data, None)
        if interim is not None:
            interim.cancel()
        if not self._config.radius:
            return
        final: dict[str, AttributeValue] = {
            **_usage(context, now),
            "Acct-Terminate-Cause": _TERMINATE_CAUSES[reason],
            "3GPP-Session-Stop-Indicator": _SESSION_STOP,
        }
        self._tell(AccountingStatus.STOP, context, final, now)

    def _plan_interim(self, context: PdpContext, now: float) -> None:
        interval = self._config.accounting.interim_interval
        if interval is not None:
            self._interims[context.teid_data] = self._schedule.at(
                now + interval, lambda then: self._tell_interim(context, then)
            )

    def _tell_interim(self, context: PdpContext, now: float) -> None:
        self._tell(AccountingStatus.INTERIM_UPDATE, context, _usage(context, now), now)
        self._plan_interim(context, now)

    def _own_attributes(self) -> dict[str, AttributeValue]:
        return {"NAS-IP-Address": self._config.control_address}

    def _tell(
        self,
        status: AccountingStatus,
        context: PdpContext,
        further: dict[str, AttributeValue],
        now: float,
    ) -> None:
        session = f"{self._session_prefix}{context.charging_id:08X}"
        attributes = {**self._own_attributes(), **self._attributes(context), **further}
        self._client.record(status, attributes, now, session=session)

    def _attributes(self, context: PdpContext) -> dict[str, AttributeValue]:
        """Return what every record of a context has (TS 29.061 §16.4.3, §16.4.7)."""
        config = self._config
        tunnel = context.tunnel
        attributes: dict[str, AttributeValue] = {}
        if context.ipv4 is not None:
            attributes["Framed-IP-Address"] = address_text(context.ipv4)
        if context.ipv6 is not None:
            prefix = context.ipv6[:PREFIX_LENGTH]
            attributes["Framed-IPv6-Prefix"] = f"{address_text(prefix + bytes(8))}/64"
            attributes["Framed-Interface-Id"] = context.ipv6[PREFIX_LENGTH:]
        if context.msisdn:
            attributes["Calling-Station-Id"] = context.msisdn
        attributes |= {
            "Called-Station-Id": context.access.apn.name,
            "Service-Type": "Framed-User",
            "Framed-Protocol": "GPRS-PDP-Context",
            "NAS-Port-Type": "Wireless-Other",
            "3GPP-IMSI": tunnel.imsi,
            "3GPP-Charging-Id": context.charging_id,
            "3GPP-PDP-Type": _PDP_TYPES[context.end_user_address.pdp_type],
            # Without the allocation/retention octet, as the releases differ on it.
            "3GPP-GPRS-Negotiated-QoS-Profile": f"99-{context.qos[1:].hex()}",
            "3GPP-SGSN-Address": tunnel.sgsn_address,
            "3GPP-GGSN-Address": config.control_address,
            "3GPP-NSAPI": f"{context.nsapi:X}",
        }
        if config.plmn is not None:
            attributes["3GPP-IMSI-MCC-MNC"] = tunnel.imsi[: len(config.plmn)]
            attributes["3GPP-GGSN-MCC-MNC"] = config.plmn
        if context.selection_mode is not None:
            # 3 is read as 2 (TS 29.060 §7.7.12).
            attributes["3GPP-Selection-Mode"] = str(min(context.selection_mode, 2))
        if context.charging_characteristics is not None:
            attributes["3GPP-Charging-Characteristics"] = f"{context.charging_characteristics:04x}"
        if context.rai is not None:
            attributes["3GPP-SGSN-MCC-MNC"] = _plmn_text(context.rai)
        if context.imei is not None:
            attributes["3GPP-IMEISV"] = context.imei
        if context.rat_type is not None:
            attributes["3GPP-RAT-Type"] = context.rat_type
        if context.user_location is not None:
            attributes["3GPP-User-Location-Info"] = context.user_location
        if context.ms_time_zone is not None:
            attributes["3GPP-MS-TimeZone"] = context.ms_time_zone
        return attributes


def _usage(context: PdpContext, now: float) -> dict[str, AttributeValue]:
    """Return what Stop and Interim-Update add of a context."""
    return usage_attributes(
        seconds=now - context.since,
        uplink=(context.uplink_packets, context.uplink_octets),
        downlink=(context.downlink_packets, context.downlink_octets),
    )


def usage_attributes(
    *, seconds: float, uplink: tuple[int, int], downlink: tuple[int, int]
) -> dict[str, AttributeValue]:
    """Return time and traffic as attributes (RFC 2866 §5.3-5.8, RFC 2869 §5.1-5.2).

    ``uplink`` and ``downlink`` are packets and octets. Input is what the MS sent. Counters
    have 32 bits; how often the octets have wrapped is told where either has.
    """
    mask = 0xFFFFFFFF
    usage: dict[str, AttributeValue] = {
        "Acct-Session-Time": max(0, int(seconds)),
        "Acct-Input-Octets": uplink[1] & mask,
        "Acct-Output-Octets": downlink[1] & mask,
        "Acct-Input-Packets": uplink[0] & mask,
        "Acct-Output-Packets": downlink[0] & mask,
    }
    if uplink[1] > mask or downlink[1] > mask:
        usage["Acct-Input-Gigawords"] = uplink[1] >> 32
        usage["Acct-Output-Gigawords"] = downlink[1] >> 32
    return usage


def _plmn_text(rai: bytes) -> str:
    """Return MCC and MNC of a Routeing Area Identity as digits (TS 29.060 §7.7.3)."""
    digits = f"{rai[0] & 15:x}{rai[0] >> 4:x}{rai[1] & 15:x}{rai[2] & 15:x}{rai[2] >> 4:x}"
    third = rai[1] >> 4
    return digits if third == 0xF else f"{digits}{third:x}"
