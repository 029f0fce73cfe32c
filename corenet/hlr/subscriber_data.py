"""Subscriber data as an SGSN gets them.

Specs: TS 29.002 §8.8.1 (Insert Subscriber Data), §8.8.2 (Delete Subscriber Data).
"""

from __future__ import annotations

from corenet.hlr.config import Subscriber
from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType, PdpAddress, PdpInfo, PdpType


def withdrawal(imsi: str) -> GsupMessage:
    """Return the Delete Subscriber Data Request that leaves nothing of GPRS.

    One that names contexts is not used: osmo-sgsn detaches the mobile by that as well.
    """
    return GsupMessage(MessageType.DELETE_SUBSCRIBER_DATA_REQUEST, imsi, cn_domain=CnDomain.PS)


def subscriber_data(subscriber: Subscriber) -> GsupMessage:
    """Return the Insert Subscriber Data Request with everything that a subscription holds."""
    return GsupMessage(
        MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
        subscriber.imsi,
        msisdn=subscriber.msisdn,
        pdp_info_complete=True,
        pdp_info=tuple(
            PdpInfo(
                context_id,
                PdpAddress(
                    PdpType.IPV6 if ":" in (apn.static_address or "") else PdpType.IPV4,
                    apn.static_address,
                ),
                apn.apn,
                apn.qos,
            )
            for context_id, apn in enumerate(subscriber.apns, start=1)
        ),
        cn_domain=CnDomain.PS,
    )
