"""Subscribers that may not be everywhere (TS 23.015)."""

from __future__ import annotations

from random import Random

import pytest

from corenet.hlr.config import Barring, HlrConfig, Subscriber
from corenet.hlr.events import LocationUpdateFailed
from corenet.hlr.node import Hlr
from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType, decode
from corenet.interfaces.node import Address, Interface

IMSI = "234150999999999"
HOME: Address = ("192.0.2.2", 4222)
FOREIGN: Address = ("198.51.100.2", 4222)
SERVED = MessageType.INSERT_SUBSCRIBER_DATA_REQUEST
REFUSED = MessageType.UPDATE_LOCATION_ERROR


@pytest.mark.clause("23.015 §2", "barring of attach and of roaming by the HLR", status="part")
@pytest.mark.parametrize(
    ("barring", "sgsn", "answer", "cause"),
    [
        (Barring.NONE, HOME, SERVED, None),
        (Barring.NONE, FOREIGN, SERVED, None),
        (Barring.ATTACH, HOME, REFUSED, 7),
        (Barring.ATTACH, FOREIGN, REFUSED, 7),
        (Barring.ROAMING, HOME, SERVED, None),
        (Barring.ROAMING, FOREIGN, REFUSED, 14),
    ],
)
def test_an_sgsn_may_serve_who_is_not_barred(
    barring: Barring, sgsn: Address, answer: MessageType, cause: int | None
) -> None:
    """Update Location is granted, or refused with the cause that the mobile gets."""
    known = (Subscriber(IMSI, "447700900123", barring=barring),)
    config = HlrConfig("192.0.2.3", known, foreign_sgsns=(FOREIGN[0],))
    hlr = Hlr(config, random=Random(1), recovery=1)
    request = GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, IMSI, cn_domain=CnDomain.PS)
    hlr.receive(Interface.GR, request.encode(), peer=sgsn, local=("192.0.2.3", 4222), now=0.0)
    (datagram,) = hlr.take_datagrams()
    message = decode(datagram.data)
    assert (datagram.peer, message.type, message.cause) == (sgsn, answer, cause)
    failed = [LocationUpdateFailed(IMSI, sgsn[0], cause)] if cause is not None else []
    assert hlr.take_events() == failed
