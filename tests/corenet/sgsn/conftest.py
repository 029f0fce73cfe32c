"""A scripted surrounding for one SGSN: mobiles, a GGSN and an HLR played by the test."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

import pytest

from corenet.interfaces import paging, sndcp
from corenet.interfaces.gsup import GsupMessage, MessageType, PdpInfo, PdpType
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.gsup import decode as decode_gsup
from corenet.interfaces.llc import Sapi, decode_ui, encode_ui
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Address, Event, Interface
from corenet.interfaces.sms import cp
from corenet.sgsn.config import RadioTimers, SgsnConfig
from corenet.sgsn.events import NetworkRequestedActivationFailed
from corenet.sgsn.node import Sgsn
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    EchoRequest,
    EchoResponse,
    Message,
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    decode,
)
from gtp.timers import Timers

M = TypeVar("M")

SGSN = "192.0.2.2"
GGSN = "192.0.2.1"
OTHER_GGSN = "192.0.2.9"
HLR: Address = ("192.0.2.3", 4222)
IMSI = "234150999999999"
MSISDN = "447700900123"
APN = "wap.example"
ADDRESS = "10.45.0.7"
QOS = bytes.fromhex("0b921f7396fefe742bffff")
RECOVERY = 4

CONFIG = SgsnConfig(
    control_address=SGSN,
    user_address=SGSN,
    hlr=HLR,
    ggsns={APN: (GGSN,), "web.example": (GGSN,)},
    radio=RadioTimers(t3314=None),
    timers=Timers(echo_interval=0),
)


class Surrounding:
    """Everything around the SGSN. What it sends is kept in queues, decoded, until it is taken."""

    IMSI, MSISDN, APN, ADDRESS, QOS = IMSI, MSISDN, APN, ADDRESS, QOS
    SGSN, GGSN, OTHER_GGSN = SGSN, GGSN, OTHER_GGSN

    def __init__(self, **changes: Any) -> None:
        self.config = replace(CONFIG, **changes)
        self.sgsn = Sgsn(self.config, random=Random(1), recovery=RECOVERY)
        self.now = 1000.0
        self.cell = 0
        """Where the mobiles are."""
        self.hlr_answers = True
        self.hlr_error: int | None = None
        self.static: str | None = ADDRESS
        self.apns = [APN]
        self.gtp: deque[tuple[Message, Address]] = deque()
        self.gtp_user: deque[tuple[bytes, Address]] = deque()
        self.gsup: deque[GsupMessage] = deque()
        self.to_mobiles: dict[str, deque[Any]] = {}
        self.packets: dict[str, deque[tuple[int, bytes]]] = {}
        self.frames: list[tuple[str, bytes]] = []
        self.frames_to: list[Address] = []
        self.pages: list[int] = []
        self.given = gmm.AttachAccept(b"")
        self.ggsn_recovery = 7
        self.echoes = 0
        self._nu: dict[tuple[str, int], int] = {}
        self._sequence = 100
        self._ggsn_teid = 0x5000
        self.sgsn.start(self.now)

    # -- the clock -----------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let time pass; everything that falls due meanwhile happens at its time."""
        end = self.now + seconds
        while (due := self.sgsn.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.sgsn.handle_timeout(self.now)
            self.collect()
        self.now = end

    def collect(self) -> None:
        """Take what the SGSN sends; the HLR answers by itself unless told otherwise."""
        for datagram in self.sgsn.take_datagrams():
            if datagram.interface is Interface.GTP_C:
                message = decode(datagram.data)
                if isinstance(message, EchoRequest):
                    self.echoes += 1
                    echo = EchoResponse(sequence=message.sequence, recovery=self.ggsn_recovery)
                    self.from_ggsn(echo, datagram.peer)
                else:
                    self.gtp.append((message, datagram.peer))
            elif datagram.interface is Interface.GTP_U:
                self.gtp_user.append((datagram.data, datagram.peer))
            elif datagram.interface is Interface.GR:
                assert datagram.peer == HLR
                self._gsup(decode_gsup(datagram.data))
            else:
                self.frames_to.append(datagram.peer)
                self._radio(datagram.peer[0], datagram.data)

    def _radio(self, imsi: str, data: bytes) -> None:
        self.frames.append((imsi, data))
        if paging.is_paging(data):
            self.pages.append(paging.decode(data))
            return
        frame = decode_ui(data)
        assert not frame.uplink
        if frame.sapi == Sapi.SMS:
            self.to_mobiles.setdefault(imsi, deque()).append(cp.decode(frame.payload))
            return
        if frame.sapi != Sapi.MOBILITY_MANAGEMENT:
            packet = sndcp.decode(frame.payload)
            self.packets.setdefault(imsi, deque()).append(packet)
            return
        is_gmm = frame.payload[0] & 0x0F == gmm.PROTOCOL_DISCRIMINATOR
        message = gmm.decode(frame.payload, uplink=False) if is_gmm else sm.decode(frame.payload)
        self.to_mobiles.setdefault(imsi, deque()).append(message)

    def _gsup(self, message: GsupMessage) -> None:
        self.gsup.append(message)
        if not self.hlr_answers or message.type is not MessageType.UPDATE_LOCATION_REQUEST:
            return
        if self.hlr_error is not None:
            self.from_hlr(
                GsupMessage(MessageType.UPDATE_LOCATION_ERROR, message.imsi, cause=self.hlr_error)
            )
            return
        self.from_hlr(
            GsupMessage(
                MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
                message.imsi,
                msisdn=MSISDN,
                pdp_info_complete=True,
                pdp_info=tuple(
                    PdpInfo(number, GsupAddress(PdpType.IPV4, self.static), apn)
                    for number, apn in enumerate(self.apns)
                ),
            )
        )
        self.from_hlr(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, message.imsi))

    # -- what is sent to the SGSN ------------------------------------------------------------

    def give(self, interface: Interface, data: bytes, peer: Address) -> None:
        """Let octets arrive."""
        self.sgsn.receive(interface, data, peer=peer, local=(SGSN, 0), now=self.now)
        self.collect()

    def say(self, message: Any, imsi: str = IMSI) -> bytes:
        """Let a mobile send a layer 3 message; return the frame."""
        return self.say_octets(message.encode(), imsi)

    def say_octets(self, octets: bytes, imsi: str = IMSI, sapi: int = 1) -> bytes:
        """Let a mobile send the octets of a message."""
        nu = self._nu.get((imsi, sapi), 0)
        self._nu[imsi, sapi] = nu + 1
        frame = encode_ui(sapi, octets, uplink=True, nu=nu)
        self.give(Interface.RADIO, frame, (imsi, self.cell))
        return frame

    def send_packet(self, packet: bytes, imsi: str = IMSI, nsapi: int = 5) -> None:
        """Let a mobile send an IP packet."""
        self.say_octets(sndcp.encode(nsapi, packet, 0), imsi, sapi=3)

    def restart_numbering(self, imsi: str = IMSI) -> None:
        """Let a mobile count its frames from 0 again, as after being switched off."""
        self._nu = {key: nu for key, nu in self._nu.items() if key[0] != imsi}

    def from_hlr(self, message: GsupMessage) -> None:
        """Let the HLR send a message."""
        self.give(Interface.GR, message.encode(), HLR)

    def from_ggsn(self, message: Message, peer: Address = (GGSN, 2123)) -> None:
        """Let a GGSN send a message as it is."""
        self.give(Interface.GTP_C, message.encode(), peer)

    def ggsn_asks(self, message: Message, peer: Address = (GGSN, 2123)) -> int:
        """Let a GGSN send a request under a new sequence number, which is returned."""
        self._sequence += 1
        message.sequence = self._sequence
        self.from_ggsn(message, peer)
        return self._sequence

    def command(self, name: str, *arguments: Any) -> bool:
        """Give the SGSN a command."""
        done: bool = getattr(self.sgsn, name)(*arguments, self.now)
        self.collect()
        return done

    # -- what the SGSN has sent --------------------------------------------------------------

    def heard(self, kind: type[M], imsi: str = IMSI) -> M:
        """Take the next message to the mobile, which must be of that kind."""
        message = self.to_mobiles[imsi].popleft()
        assert isinstance(message, kind)
        return message

    def silent(self, imsi: str = IMSI) -> bool:
        """Whether there is nothing more for the mobile."""
        return not self.to_mobiles.get(imsi)

    def sent(self, kind: type[M], peer: Address = (GGSN, 2123)) -> M:
        """Take the next GTP-C message, which must be of that kind and go there."""
        message, to = self.gtp.popleft()
        assert isinstance(message, kind)
        assert to == peer
        return message

    def told_hlr(self, kind: MessageType) -> GsupMessage:
        """Take the next message to the HLR, which must be of that type."""
        message = self.gsup.popleft()
        assert message.type is kind
        return message

    def events(self, kind: type[Event] = Event) -> list[Any]:
        """Take every event; return those of that kind."""
        return [event for event in self.sgsn.take_events() if isinstance(event, kind)]

    # -- whole procedures --------------------------------------------------------------------

    def attach(self, imsi: str = IMSI) -> None:
        """Attach a mobile."""
        self.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=imsi)), imsi)
        self.given = self.heard(gmm.AttachAccept, imsi)
        self.say(gmm.AttachComplete(), imsi)
        self.gsup.clear()
        self.events()

    def notification(self, **changes: Any) -> PduNotificationRequest:
        """Return a PDU Notification Request for the mobile's static address."""
        values: dict[str, Any] = {
            "imsi": IMSI,
            "teid_control": 0x77,
            "end_user_address": EndUserAddress.for_ipv4(ADDRESS),
            "apn": APN,
            "ggsn_address": GGSN,
        }
        return PduNotificationRequest(**(values | changes))

    def activate_request(self, ti: int = 0, flag: bool = False, **changes: Any) -> Any:
        """Return an Activate PDP Context Request."""
        values: dict[str, Any] = {
            "nsapi": 5,
            "qos": QOS,
            "pdp_address": PdpAddress.for_ipv4(ADDRESS),
            "apn": APN,
        }
        return sm.ActivatePdpContextRequest(
            sm.TransactionIdentifier(ti, flag), **(values | changes)
        )

    def created(self, create: CreatePdpContextRequest, **changes: Any) -> CreatePdpContextResponse:
        """Return the GGSN's acceptance of ``create``."""
        self._ggsn_teid += 0x10
        values: dict[str, Any] = {
            "teid": create.teid_control,
            "sequence": create.sequence,
            "cause": Cause.REQUEST_ACCEPTED,
            "reordering_required": False,
            "recovery": self.ggsn_recovery,
            "teid_data": self._ggsn_teid + 1,
            "teid_control": self._ggsn_teid,
            "charging_id": 0xC0FFEE,
            "end_user_address": create.end_user_address,
            "ggsn_address_control": GGSN,
            "ggsn_address_user": GGSN,
            "qos": create.qos,
            "bearer_control_mode": 1 if create.common_flags == 0x20 else None,
        }
        return CreatePdpContextResponse(**(values | changes))

    def activate(self, imsi: str = IMSI, **changes: Any) -> CreatePdpContextResponse:
        """Activate a PDP context from the mobile; return the GGSN's response."""
        self.say(self.activate_request(**changes), imsi)
        create = self.sent(CreatePdpContextRequest)
        response = self.created(create)
        self.from_ggsn(response)
        self.heard(sm.ActivatePdpContextAccept, imsi)
        self.events()
        return response

    def request(self) -> sm.RequestPdpContextActivation:
        """Let the GGSN notify and be accepted; return what the mobile was asked."""
        self.ggsn_asks(self.notification())
        self.gtp.popleft()
        self.events()
        return self.heard(sm.RequestPdpContextActivation)

    def answer(self, asked: sm.RequestPdpContextActivation, **changes: Any) -> None:
        """Let the mobile activate as it was asked to."""
        self.say(self.activate_request(asked.ti.value, True, **changes))

    def rejected(self) -> PduNotificationRejectRequest:
        """Take the PDU Notification Reject Request, which the GGSN answers."""
        reject = self.sent(PduNotificationRejectRequest)
        self.from_ggsn(
            PduNotificationRejectResponse(
                teid=reject.teid_control, sequence=reject.sequence, cause=Cause.REQUEST_ACCEPTED
            )
        )
        return reject

    def failure(self) -> NetworkRequestedActivationFailed:
        """Return the one such event there is."""
        (event,) = self.events(NetworkRequestedActivationFailed)
        assert isinstance(event, NetworkRequestedActivationFailed)
        return event

    def nothing_left(self) -> bool:
        """Whether no timer runs and the same can be asked for again at once."""
        idle = self.sgsn.next_timeout() is None
        self.request()
        return idle


@pytest.fixture
def around() -> Surrounding:
    """An SGSN with one GGSN and an HLR that knows everyone."""
    return Surrounding()


@pytest.fixture
def attached(around: Surrounding) -> Surrounding:
    """The same with the mobile attached."""
    around.attach()
    return around


@pytest.fixture
def active(attached: Surrounding) -> Surrounding:
    """The same with a PDP context on NSAPI 5, TI 0."""
    attached.activate()
    return attached


@pytest.fixture(scope="session")
def surrounding() -> Callable[..., Surrounding]:
    """Make an SGSN whose configuration differs."""
    return Surrounding
