"""What accounting is told of PDP contexts, and the addresses that wait until it was told.

Specs: TS 29.061 §16.3 (messages), §16.4 (attributes), RFC 2866.

Theory of operation. A context begins with a Start and ends with a Stop. Between them an
Interim-Update tells of each change that shows in what records say, and of the usage so far at
intervals. The last context of an address says so in its Stop; with it the address is held until a
server has answered that Stop, or it was given up: who maps addresses to subscribers by accounting
never sees two owners. That holds over a restart too, for Stops that an earlier life has left.
"""

from __future__ import annotations

from socket import inet_aton
from typing import Final

from corenet.ggsn.aaa.radius_attributes import (
    SessionOctets,
    own_attributes,
    usage_octets,
)
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import AccountingStatus, DeletionReason
from corenet.ggsn.pools import AddressPool, Hold
from corenet.radius.attributes import Attributes, encode_attributes
from corenet.radius.client import AccountingClient
from corenet.schedule import Alarm

_TERMINATE_CAUSES: Final = {
    DeletionReason.SGSN_REQUEST: "User-Request",
    DeletionReason.COMMAND: "Admin-Reset",
    DeletionReason.RADIUS_REQUEST: "Admin-Reset",
    DeletionReason.SESSION_TIMEOUT: "Session-Timeout",
    DeletionReason.IDLE_TIMEOUT: "Idle-Timeout",
    DeletionReason.REPLACED: "Lost-Carrier",
    DeletionReason.SGSN_RESTARTED: "Lost-Carrier",
    DeletionReason.PATH_DOWN: "Lost-Carrier",
    DeletionReason.ERROR_INDICATION: "Lost-Carrier",
    DeletionReason.UNKNOWN_TO_SGSN: "Lost-Carrier",
    DeletionReason.GGSN_STOPPED: "NAS-Reboot",
}
_SESSION_STOP: Final = 0xFF


class Accounting:
    """Turns contexts into accounting records, and repeats Interim-Updates."""

    def __init__(self, core: Core, client: AccountingClient) -> None:
        """Tell ``client``, which knows the servers."""
        self._core = core
        self._config = core.config
        self._client = client
        self._interims: dict[int, Alarm] = {}
        """By our TEID Data I."""
        self._held: dict[str, list[tuple[AddressPool, bytes]]] = {}
        """Addresses by the session whose end is to be told first."""
        self._session_prefix = inet_aton(core.config.control_address).hex().upper()
        self._own = encode_attributes(own_attributes(core.config))
        self._octets = SessionOctets(core.config)
        self._causes = {
            reason: encode_attributes({"Acct-Terminate-Cause": cause})
            for reason, cause in _TERMINATE_CAUSES.items()
        }
        self._session_stop = encode_attributes({"3GPP-Session-Stop-Indicator": _SESSION_STOP})
        self._authentic = {
            by_radius: encode_attributes({"Acct-Authentic": "RADIUS" if by_radius else "Local"})
            for by_radius in (True, False)
        }
        client.on_told = self._told

    @property
    def held_addresses(self) -> int:
        """How many addresses wait until accounting has been told of their last session."""
        return sum(pool.held for access in self._core.access_points for pool in access.pools)

    def session_of(self, context: PdpContext) -> str:
        """Return the Acct-Session-Id of a context (TS 29.061 §16.4.3)."""
        return self._session_prefix + context.charging_id.to_bytes(4, "big").hex().upper()

    def start(self, now: float) -> None:
        """Tell what an earlier life could not, and that its sessions are over (Accounting-On)."""
        for record in self._client.resume(now):
            if record.integer("Acct-Status-Type") == 2:
                self._hold_again(record)
        self._client.record(AccountingStatus.ACCOUNTING_ON, self._own, now)

    def stop(self, now: float) -> None:
        """Tell that every session is over (Accounting-Off), and end within a few tries."""
        self._client.record(AccountingStatus.ACCOUNTING_OFF, self._own, now)
        self._client.stop(now)

    def context_created(self, context: PdpContext, now: float) -> None:
        """Tell of a session's start."""
        if not self._config.radius:
            return
        self._tell(AccountingStatus.START, context, self.session_of(context), b"", now)
        self.plan_interim(context, now)

    def attributes_of(self, context: PdpContext) -> bytes:
        """Return what records say of a context as it is now; nothing where nobody is told."""
        return self._octets.of(context) if self._config.radius else b""

    def context_updated(self, context: PdpContext, before: bytes, now: float) -> None:
        """Tell of a session's change (TS 29.061 §16.3.1), if it shows in what records say.

        ``before`` is what they said, from ``attributes_of``.
        """
        if self.attributes_of(context) != before:
            self._tell_interim(context, now)

    def context_deleted(self, context: PdpContext, reason: DeletionReason, now: float) -> None:
        """Tell of a session's end; its addresses are free again once that was told."""
        interim = self._interims.pop(context.teid_data, None)
        if interim is not None:
            interim.cancel()
        # A secondary context has the address of another one that goes on.
        is_last = True
        for octets in context.addresses:
            is_last = is_last and self._core.contexts.at(octets) is None
        if not self._config.radius:
            if is_last:
                self._free(context)
            return
        session = self.session_of(context)
        final = _usage(context, now) + self._causes[reason]
        if is_last:
            final += self._session_stop
            self._hold(context, session)
        self._tell(AccountingStatus.STOP, context, session, final, now)

    def plan_interim(self, context: PdpContext, now: float) -> None:
        """Tell of the usage after the interval that is for this context, if any, from now on."""
        planned = self._interims.pop(context.teid_data, None)
        if planned is not None:
            planned.cancel()
        interval: float | None = self._config.accounting.interim_interval
        if context.authorization is not None and context.authorization.interim_interval:
            interval = context.authorization.interim_interval
        if interval is not None and self._config.radius:
            self._interims[context.teid_data] = self._core.schedule.at(
                now + interval, lambda then: self._tell_at_interval(context, then)
            )

    def _tell_at_interval(self, context: PdpContext, now: float) -> None:
        self._tell_interim(context, now)
        self.plan_interim(context, now)

    def _tell_interim(self, context: PdpContext, now: float) -> None:
        session = self.session_of(context)
        usage = _usage(context, now)
        self._tell(AccountingStatus.INTERIM_UPDATE, context, session, usage, now)

    def _tell(
        self,
        status: AccountingStatus,
        context: PdpContext,
        session: str,
        further: bytes,
        now: float,
    ) -> None:
        authorization = context.authorization
        by_radius = authorization is not None and authorization.by_radius
        octets = self._octets.of(context) + self._authentic[by_radius] + further
        if authorization is not None and authorization.classes:
            octets += encode_attributes({"Class": authorization.classes})
        self._client.record(status, octets, now, session=session)

    # Addresses

    def _free(self, context: PdpContext) -> None:
        for pool in context.access.pools:
            for octets in context.addresses:
                pool.free(octets)

    def _hold(self, context: PdpContext, session: str) -> None:
        hold = Hold(session, context.imsi)
        for pool in context.access.pools:
            for octets in context.addresses:
                if pool.hold(octets, hold):
                    self._held.setdefault(session, []).append((pool, octets))
                    self._core.counters.addresses_held += 1

    def _hold_again(self, stop: Attributes) -> None:
        """Hold the addresses of a Stop that an earlier life has left."""
        session, imsi = stop.text("Acct-Session-Id"), stop.text("3GPP-IMSI")
        ended = stop.integer("3GPP-Session-Stop-Indicator") is not None
        if session is None or imsi is None or not ended:
            return
        addresses = (stop.ipv4("Framed-IP-Address"), stop.prefix64("Framed-IPv6-Prefix"))
        for pool in (pool for access in self._core.access_points for pool in access.pools):
            for octets in (one for one in addresses if one is not None):
                pool.claim(octets)
                if pool.hold(octets, Hold(session, imsi)):
                    self._held.setdefault(session, []).append((pool, octets))
                    self._core.counters.addresses_held += 1

    def _told(self, status: AccountingStatus, session: str) -> None:
        """Take note that a record was answered, or given up."""
        if status is AccountingStatus.STOP:
            for pool, octets in self._held.pop(session, ()):
                pool.release(octets, session)


def _usage(context: PdpContext, now: float) -> bytes:
    """Return what Stop and Interim-Update add of a context."""
    return usage_octets(
        seconds=now - context.since,
        uplink=(context.uplink_packets, context.uplink_octets),
        downlink=(context.downlink_packets, context.downlink_octets),
    )
