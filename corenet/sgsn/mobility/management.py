"""Mobility management: its procedures, and the messages of mobiles and the HLR that run them.

Specs: TS 24.008 §9.4 (messages), §8 (errors), TS 29.002 §8 (what the HLR asks).
"""

from __future__ import annotations

from corenet.interfaces.gsup import CancelType, CnDomain, GsupMessage, MessageType
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.gmm import (
    AttachComplete,
    AttachRequest,
    AuthenticationFailure,
    AuthenticationResponse,
    DetachAcceptDownlink,
    DetachAcceptUplink,
    DetachRequestUplink,
    GmmStatus,
    IdentityResponse,
    NetworkDetachType,
    PTmsiReallocationComplete,
    RoutingAreaUpdateComplete,
    RoutingAreaUpdateRequest,
    decode,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmState,
)
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.arrival import Arrivals
from corenet.sgsn.mobility.attach import Attaches
from corenet.sgsn.mobility.authentication import Authentications
from corenet.sgsn.mobility.departure import Departures
from corenet.sgsn.mobility.detach import Detaches
from corenet.sgsn.mobility.identification import Identifications
from corenet.sgsn.mobility.presence import Presence
from corenet.sgsn.mobility.restoration import Restorations
from corenet.sgsn.mobility.update import Updates
from corenet.sgsn.paging import Paging
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages

_ATTACH_REQUEST = 0x01
_UPDATE_REQUEST = 0x08


class MobilityManagement:
    """Makes the procedures, and takes mobility management messages."""

    def __init__(
        self,
        core: Core,
        hlr: HlrLink,
        paging: Paging,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._hlr = hlr
        self.detaches = Detaches(core, hlr, sessions, short_messages)
        self.restorations = Restorations(core, hlr, self.detaches)
        self.presence = Presence(core, hlr, paging, self.detaches)
        self._identifications = Identifications(core)
        self._authentications = Authentications(core, hlr)
        self.attaches = Attaches(
            core,
            hlr,
            self.detaches,
            self._identifications,
            self._authentications,
            sessions,
            short_messages,
        )
        self.updates = Updates(core, self.attaches, self._authentications, self.detaches, sessions)
        self.departures = Departures(
            core, paging, self.detaches, self.presence, sessions, short_messages
        )
        self._arrivals = Arrivals(
            core,
            hlr,
            self._authentications,
            self.updates,
            self.presence,
            sessions,
            short_messages,
        )

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is."""
        return {
            "attaches": len(self.attaches),
            "detaches": len(self.detaches),
            "updates": len(self.updates),
            "arrivals": len(self._arrivals),
            "departures": len(self.departures),
            "identifications": len(self._identifications),
            "authentications": len(self._authentications),
            "restorations": len(self.restorations),
        }

    def receive(self, link: RadioLink, mobile: MmContext | None, octets: bytes, now: float) -> None:
        """Take a message from the mobile at ``link``; None is one that is not known."""
        try:
            message = decode(octets, uplink=True)
        except NasError as error:
            self._core.count("gmm_errors")
            if error.message_type == _ATTACH_REQUEST:
                self.attaches.reject(link, error.cause)
            elif error.message_type == _UPDATE_REQUEST:
                self.updates.reject(link, "" if mobile is None else mobile.imsi, error.cause)
            elif mobile is not None and error.message_type is not None:
                self._core.say(link, GmmStatus(error.cause))
            return
        if isinstance(message, AttachRequest):
            self._arrivals.forget(link)
            self.attaches.attach(link, message, now)
        elif isinstance(message, DetachRequestUplink):
            self._detach(link, mobile, message, now)
        elif isinstance(message, RoutingAreaUpdateRequest):
            self._update(link, mobile, message, now)
        elif isinstance(message, IdentityResponse):
            self._identifications.answered(link.name, message.identity, now)
        elif mobile is not None and isinstance(
            message, RoutingAreaUpdateComplete | PTmsiReallocationComplete
        ):
            self.updates.complete(mobile)
        elif mobile is not None and isinstance(message, AuthenticationResponse):
            self._authentications.responded(mobile, message, now)
        elif mobile is not None and isinstance(message, AuthenticationFailure):
            self._authentications.failed(mobile, message, now)
        elif mobile is not None and isinstance(message, AttachComplete):
            self.attaches.complete(mobile, now)
        elif mobile is not None and isinstance(message, DetachAcceptUplink):
            self.detaches.accepted(mobile, now)
        else:
            self._core.count("gmm_ignored")

    def _update(
        self,
        link: RadioLink,
        mobile: MmContext | None,
        message: RoutingAreaUpdateRequest,
        now: float,
    ) -> None:
        if self.updates.repeats(mobile, message):
            return
        if self._arrivals.takes(message):
            self._arrivals.begin(link, message, now)
            return
        if mobile is None or mobile.state is not MmState.LEAVING:
            self.updates.update(link, mobile, message, now)
        else:
            # Too late: the other SGSN has its contexts.
            self.departures.cancelled(mobile, now)
            self.updates.reject(link, mobile.imsi, GmmCause.IMPLICITLY_DETACHED)

    def hlr_asks(self, message: GsupMessage, now: float) -> None:
        """Take a request of the HLR."""
        mobile = self._core.mobiles.with_imsi(message.imsi)
        if message.type is MessageType.INSERT_SUBSCRIBER_DATA_REQUEST:
            if mobile is None:
                self._hlr.refuse(message.imsi, message.type, GmmCause.IMSI_UNKNOWN_IN_HLR)
                return
            mobile.subscribe(message)
            self._hlr.grant(message)
        elif message.type is MessageType.DELETE_SUBSCRIBER_DATA_REQUEST:
            self._delete_data(mobile, message, now)
        elif message.type is MessageType.LOCATION_CANCEL_REQUEST:
            self._hlr.grant(message)
            if mobile is not None:
                self._cancel(mobile, message.cancel_type, now)
        else:
            self._hlr.refuse(message.imsi, message.type, GmmCause.MESSAGE_TYPE_UNKNOWN)

    def _delete_data(self, mobile: MmContext | None, message: GsupMessage, now: float) -> None:
        """Take a Delete Subscriber Data Request (TS 29.002 §8.8.2, TS 23.060 §6.11.1.2).

        Without a context in it, it says that the subscriber may not use GPRS any more.
        """
        if message.cn_domain is CnDomain.CS:
            self._hlr.refuse(message.imsi, message.type, GmmCause.SEMANTICALLY_INCORRECT_MESSAGE)
        elif mobile is None:
            self._hlr.refuse(message.imsi, message.type, GmmCause.IMSI_UNKNOWN_IN_HLR)
        else:
            self._hlr.grant(message)
            if message.pdp_context_ids:
                mobile.subscription = mobile.subscription.without(message.pdp_context_ids)
            elif mobile.state is MmState.ATTACHED:
                cause = GmmCause.GPRS_SERVICES_NOT_ALLOWED
                self.detaches.by_network(mobile, DetachReason.WITHDRAWN, now, cause)
            else:
                self._cancel(mobile, CancelType.SUBSCRIPTION_WITHDRAW, now)

    def detach(self, mobile: MmContext, now: float, *, reattach: bool) -> bool:
        """Detach a mobile by command of the network; False where it is not attached."""
        if mobile.state is not MmState.ATTACHED:
            return False
        kind = (
            NetworkDetachType.REATTACH_REQUIRED
            if reattach
            else NetworkDetachType.REATTACH_NOT_REQUIRED
        )
        self.detaches.by_network(mobile, DetachReason.NETWORK, now, kind=kind)
        return True

    def _detach(
        self,
        link: RadioLink,
        mobile: MmContext | None,
        message: DetachRequestUplink,
        now: float,
    ) -> None:
        self._arrivals.forget(link)
        if mobile is not None:
            self.attaches.cancel(mobile)
            self.detaches.by_mobile(mobile, message.power_off, now)
        elif not message.power_off:
            self._core.say(link, DetachAcceptDownlink())

    def _cancel(self, mobile: MmContext, why: CancelType | None, now: float) -> None:
        """Give a mobile up because the HLR says so (TS 29.002 §8.1.3)."""
        if why is CancelType.SUBSCRIPTION_WITHDRAW and mobile.state is MmState.ATTACHED:
            cause = GmmCause.GPRS_SERVICES_NOT_ALLOWED
            self.detaches.by_network(mobile, DetachReason.HLR, now, cause)
            return
        if self.departures.cancelled(mobile, now):
            return
        self.attaches.cancel(mobile)
        self.detaches.stop(mobile)
        self.detaches.forsake(mobile, DeactivationReason.DETACHED, now)
        self.detaches.gone(mobile, DetachReason.HLR, now)
