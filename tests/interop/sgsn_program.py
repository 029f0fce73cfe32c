"""A small SGSN as a program: it asks a GGSN for one thing after the other, and answers it.

Run as ``python -m tests.interop.sgsn_program SGSN GGSN WANTED…``; each WANTED is a JSON object with
``send`` ("create", "update", "delete" or "listen") and what is special about the message. What
the GGSN says is printed, a JSON object a line. After "listen" it answers requests of the GGSN's
until it is ended.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from gtp.constants import Cause
from gtp.ies import EndUserAddress, MsTimeZone, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    Message,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
    decode,
)

QOS = bytes.fromhex("020b921f7396fefe742bffff")
PATIENCE = 150.0
"""Seconds for an answer."""


class Sgsn:
    """One socket, and the tunnel of the last context."""

    def __init__(self, own: str, ggsn: str) -> None:
        self._own = own
        self._ggsn = (ggsn, 2123)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((own, 2123))
        self._socket.settimeout(PATIENCE)
        self._sequence = os.getpid() & 0x7FFF
        # Unlike that of the last one, or its answer would be repeated.
        self._teid = 0

    def carry_out(self, wanted: dict[str, Any]) -> None:
        """Send what is wanted, as often as is wanted, and print what comes until it is answered."""
        if wanted["send"] == "listen":
            self._socket.settimeout(None)
            print('{"got": "ready"}', flush=True)
            while True:
                self._hear()
        self._sequence += 1
        message = self._message(wanted)
        message.sequence = self._sequence
        for _ in range(wanted.get("times", 1)):
            self._socket.sendto(message.encode(), self._ggsn)
        while self._hear() != self._sequence:
            pass

    def _message(self, wanted: dict[str, Any]) -> Message:
        if wanted["send"] == "delete":
            return DeletePdpContextRequest(teid=self._teid, nsapi=5, teardown=True)
        common: dict[str, Any] = {
            "nsapi": 5,
            "qos": QOS,
            "teid_data": 0x201,
            "teid_control": 0x200,
            "sgsn_address_control": self._own,
            "sgsn_address_user": self._own,
            "rai": bytes.fromhex("32f451123401"),
            "rat_type": wanted.get("rat_type", 2),
            "user_location": bytes.fromhex("0132f45112340001"),
            "ms_time_zone": MsTimeZone(4, 0),
            "imei": "3512345678901234",
        }
        if wanted["send"] == "update":
            return UpdatePdpContextRequest(teid=self._teid, **common)
        return CreatePdpContextRequest(
            imsi=wanted.get("imsi", "234150000000001"),
            msisdn="447700900001",
            selection_mode=0,
            charging_characteristics=0x0800,
            end_user_address=EndUserAddress(pdp_type=PdpType[wanted.get("type", "IPV4")]),
            apn=wanted.get("apn", "wap.example"),
            pco=bytes.fromhex(wanted["pco"]) if "pco" in wanted else None,
            camel_charging_information=b"\x31\x00",
            **common,
        )

    def _hear(self) -> int | None:
        """Print what comes; return the sequence number of an answer."""
        data, _ = self._socket.recvfrom(4096)
        message = decode(data)
        said: dict[str, Any] = {"got": type(message).__name__}
        answer: Message | None = None
        if isinstance(message, CreatePdpContextResponse):
            self._teid = message.teid_control or 0
            address = message.end_user_address
            said["ipv4"] = address.ipv4 if address else None
            said["ipv6"] = address.ipv6 if address else None
            said["pco"] = message.pco.hex() if message.pco else None
        elif isinstance(message, DeletePdpContextRequest):
            answer = DeletePdpContextResponse(teid=self._teid, cause=Cause.REQUEST_ACCEPTED)
        elif isinstance(message, UpdatePdpContextRequest):
            said["qos"] = message.qos.hex() if message.qos else None
            answer = UpdatePdpContextResponse(teid=self._teid, cause=Cause.REQUEST_ACCEPTED)
        cause = getattr(message, "cause", None)
        if cause is not None:
            said["cause"] = cause.name
        print(json.dumps(said), flush=True)
        if answer is None:
            return message.sequence
        answer.sequence = message.sequence
        self._socket.sendto(answer.encode(), self._ggsn)
        return None


if __name__ == "__main__":
    sgsn = Sgsn(sys.argv[1], sys.argv[2])
    for argument in sys.argv[3:]:
        sgsn.carry_out(json.loads(argument))
