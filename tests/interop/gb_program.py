"""A base station subsystem with one mobile as a program, on the Gb interface of a foreign SGSN.

Run as ``python -m tests.interop.gb_program SGSN IMSI KEY OPC``. NS over UDP (TS 48.016), BSSGP
(TS 48.018) and LLC (TS 44.064), no more of each than it takes to attach. What the mobile hears is
printed, a JSON object a line. At SIGUSR1 it detaches; it goes on until it is ended.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from typing import Any

from corenet.authentication.secrets import MilenageSecret
from corenet.interfaces.llc import LlcError, Sapi, decode_ui, encode_ui
from corenet.interfaces.nas import gmm
from corenet.interfaces.nas.errors import NasError
from corenet.mobile.authentication import Authentication

NSEI, NSVCI, BVCI, CELL = 101, 101, 2, 7
IMEI = bytes.fromhex("0816083a65432107654321")
"""An Identity Response with an IMEI, which is all the same to everybody."""
IMEISV = bytes.fromhex("23093365432107654321f0")
"""The same with a version, as an element; osmo-sgsn wants it with what proves the card."""
RAI = bytes.fromhex("32f451123401")
"""MCC 234, MNC 15, LAC 0x1234, RAC 1."""
CELL_ID = RAI + CELL.to_bytes(2, "big")


def tlv(kind: int, value: bytes) -> bytes:
    """Return an element of NS or BSSGP; its length says by the first bit how long itself is."""
    length = len(value)
    size = bytes((0x80 | length,)) if length < 0x80 else length.to_bytes(2, "big")
    return bytes((kind,)) + size + value


IDENTITY = tlv(0x01, NSVCI.to_bytes(2, "big")) + tlv(0x04, NSEI.to_bytes(2, "big"))
"""Of the virtual connection."""


def elements(octets: bytes) -> dict[int, bytes]:
    """Return the elements of a message by their identifiers."""
    found: dict[int, bytes] = {}
    while octets:
        kind, length, start = octets[0], octets[1] & 0x7F, 2
        if not octets[1] & 0x80:
            length, start = int.from_bytes(octets[1:3], "big"), 3
        found[kind] = octets[start : start + length]
        octets = octets[start + length :]
    return found


class Subsystem:
    """The socket, the virtual connection, and the mobile."""

    def __init__(self, sgsn: str, imsi: str, key: str, opc: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((sgsn, 0))
        self._sgsn = (sgsn, 23000)
        self._imsi = imsi
        secret = MilenageSecret(bytes.fromhex(key), bytes.fromhex(opc))
        self._authentication = Authentication(secret, 0)
        self._tlli = 0x7812_3456
        """Random, until there is a P-TMSI (TS 23.003 §2.6)."""
        self._numbers = iter(range(512))

    def begin(self) -> None:
        """Bring the virtual connection up; all else follows from what the SGSN says."""
        self._ns(b"\x02" + tlv(0x00, b"\x00") + IDENTITY)

    def hear(self) -> None:
        """Take one message of the SGSN."""
        octets = self._socket.recv(65_535)
        kind = octets[0]
        if kind == 0x03:  # RESET ACK
            self._ns(b"\x06")
        elif kind == 0x0A:  # ALIVE
            self._ns(b"\x0b")
        elif kind == 0x02:  # RESET, of the SGSN's own
            self._ns(
                b"\x03" + tlv(0x01, NSVCI.to_bytes(2, "big")) + tlv(0x04, NSEI.to_bytes(2, "big"))
            )
        elif kind == 0x06:  # UNBLOCK
            self._ns(b"\x07")
        elif kind == 0x07:  # UNBLOCK ACK
            self._reset_bvc(0, b"")
        elif kind == 0x00:
            self._bssgp(octets[4:])

    def detach(self) -> None:
        """Have the mobile detach, without being switched off."""
        self._say(gmm.DetachRequestUplink(gmm.DetachType.GPRS))

    def _bssgp(self, octets: bytes) -> None:
        kind = octets[0]
        if kind == 0x23:  # BVC RESET ACK
            if elements(octets[1:])[0x04] == b"\0\0":
                self._reset_bvc(BVCI, tlv(0x08, CELL_ID))
            else:
                self._unitdata(
                    BVCI,
                    b"\x26"
                    + tlv(0x1E, b"\x01")
                    + tlv(0x05, b"\x27\x10")
                    + tlv(0x03, b"\x27\x10")
                    + tlv(0x01, b"\x27\x10")
                    + tlv(0x1C, b"\x27\x10"),
                )
                self._say(gmm.AttachRequest(gmm.MobileIdentity(imsi=self._imsi)))
        elif kind == 0x00:  # DL-UNITDATA: TLLI, QoS, elements
            payload = elements(octets[8:]).get(0x0E)
            if payload is not None:
                self._llc(payload)

    def _llc(self, frame: bytes) -> None:
        try:
            message = gmm.decode(decode_ui(frame).payload, uplink=False)
        except (LlcError, NasError) as error:
            tell("other", text=str(error))
            return
        name = type(message).__name__
        if isinstance(message, gmm.AuthenticationRequest):
            tell(name, umts=message.autn is not None)
            answer = self._authentication.answer(message)
            agrees = isinstance(answer, gmm.AuthenticationResponse)
            self._say_octets(answer.encode() + (IMEISV if agrees else b""))
        elif isinstance(message, gmm.IdentityRequest):
            tell(name, of=message.identity_type)
            wants_imsi = message.identity_type == gmm.IdentityType.IMSI
            own = gmm.IdentityResponse(gmm.MobileIdentity(imsi=self._imsi)).encode()
            self._say_octets(own if wants_imsi else IMEI)
        elif isinstance(message, gmm.AttachAccept):
            tell(name, p_tmsi=message.p_tmsi)
            if message.p_tmsi is not None:
                self._tlli = 0xC000_0000 | message.p_tmsi
            self._say(gmm.AttachComplete())
        else:
            tell(name, cause=getattr(message, "cause", None))
            if isinstance(message, gmm.DetachRequestDownlink):
                self._say(gmm.DetachAcceptUplink())

    def _say(self, message: Any) -> None:
        self._say_octets(message.encode())

    def _say_octets(self, octets: bytes) -> None:
        number = next(self._numbers)
        frame = encode_ui(Sapi.MOBILITY_MANAGEMENT, octets, uplink=True, nu=number)
        tlli = self._tlli.to_bytes(4, "big")
        self._unitdata(BVCI, b"\x01" + tlli + bytes(3) + tlv(0x08, CELL_ID) + tlv(0x0E, frame))

    def _reset_bvc(self, bvci: int, cell: bytes) -> None:
        message = b"\x22" + tlv(0x04, bvci.to_bytes(2, "big")) + tlv(0x07, b"\x08") + cell
        self._unitdata(0, message)

    def _unitdata(self, bvci: int, message: bytes) -> None:
        self._ns(b"\x00\x00" + bvci.to_bytes(2, "big") + message)

    def _ns(self, message: bytes) -> None:
        self._socket.sendto(message, self._sgsn)


def tell(what: str, **details: Any) -> None:
    """Print what the mobile has heard."""
    print(json.dumps({"heard": what, **details}), flush=True)


def main() -> None:
    """Attach, and go on until somebody ends it; detach at SIGUSR1."""
    subsystem = Subsystem(*sys.argv[1:])
    signal.signal(signal.SIGUSR1, lambda *_: subsystem.detach())
    subsystem.begin()
    while True:
        subsystem.hear()


if __name__ == "__main__":
    main()
