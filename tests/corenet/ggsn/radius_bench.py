"""A GGSN on a bench whose RADIUS servers the test plays, with pyrad."""

from __future__ import annotations

from hashlib import md5
from typing import Any

from pyrad.packet import AcctPacket, AuthPacket, CoAPacket

from corenet.ggsn.config import DynamicPolicy, RadiusClient, RadiusServer
from corenet.interfaces.node import Interface
from corenet.radius.attributes import load_dictionary
from corenet.radius.packets import Code

SERVER = RadiusServer(("192.0.2.5", 1813), b"radius")
JUDGE = RadiusServer(("192.0.2.6", 1812), b"judge")
ORDERS = DynamicPolicy((RadiusClient("192.0.2.0/24", b"orders"),))
DICTIONARY = load_dictionary()
NAS = ("192.0.2.1", 40000)


class Servers:
    """Every RADIUS server of one bench."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self._identifier = 0

    def accounting(self, *, answer: bool = True) -> list[AcctPacket]:
        """Return the Accounting-Requests that went out, each verified, and answered or not."""
        found = []
        while taken := self._take(Code.ACCOUNTING_REQUEST):
            packet = AcctPacket(packet=taken, secret=SERVER.secret, dict=DICTIONARY)
            assert packet.VerifyAcctRequest()
            found.append(packet)
            if answer:
                self._deliver(packet.CreateReply().ReplyPacket(), SERVER.address)
        return found

    def questions(self) -> list[AuthPacket]:
        """Return the Access-Requests that went out."""
        found = []
        while taken := self._take(Code.ACCESS_REQUEST):
            packet = AuthPacket(packet=taken, secret=JUDGE.secret, dict=DICTIONARY)
            assert packet.verify_message_authenticator()
            found.append(packet)
        return found

    def judge(self, packet: AuthPacket, code: Code, **attributes: Any) -> None:
        """Answer an Access-Request; values are as pyrad has them."""
        named = {name.replace("_", "-"): value for name, value in attributes.items()}
        reply = packet.CreateReply()
        for name, value in named.items():
            for one in value if isinstance(value, list) else [value]:
                reply.AddAttribute(name.removeprefix("X"), one)
        reply.code = code
        self._deliver(reply.ReplyPacket(), JUDGE.address)

    def order(self, code: Code, secret: bytes = b"orders", **attributes: Any) -> tuple[int, int]:
        """Send an order; return code and Error-Cause of the answer, or 0 where there is none."""
        self._identifier += 1
        packet = CoAPacket(code=code, id=self._identifier % 256, secret=secret, dict=DICTIONARY)
        for name, value in attributes.items():
            packet.AddAttribute(name.replace("_", "-").removeprefix("X"), value)
        return self._order(packet.RequestPacket())

    def order_octets(self, code: Code, attributes: bytes) -> tuple[int, int]:
        """Send an order with attributes that pyrad would not write."""
        head = bytes((code, 255)) + (20 + len(attributes)).to_bytes(2, "big")
        digest = md5(head + bytes(16) + attributes + b"orders").digest()
        return self._order(head + digest + attributes)

    def _order(self, data: bytes) -> tuple[int, int]:
        bench = self.bench
        local = ("192.0.2.1", 3799)
        bench.ggsn.receive(
            Interface.RADIUS_ORDERS, data, peer=("192.0.2.5", 50000), local=local, now=bench.now
        )
        bench.take()
        return self.answer()

    def answer(self) -> tuple[int, int]:
        """Return code and Error-Cause of the answer to an order, or 0 for what there is not."""
        for place, (data, peer) in enumerate(self.bench.radius):
            if peer == ("192.0.2.5", 50000):
                del self.bench.radius[place]
                reply = CoAPacket(packet=data, dict=DICTIONARY)
                return data[0], reply["Error-Cause"][0] if "Error-Cause" in reply else 0
        return 0, 0

    def _take(self, code: Code) -> bytes | None:
        for place, (data, _) in enumerate(self.bench.radius):
            if data[0] == code:
                del self.bench.radius[place]
                return bytes(data)
        return None

    def _deliver(self, data: bytes, peer: tuple[str, int]) -> None:
        bench = self.bench
        bench.ggsn.receive(Interface.RADIUS, data, peer=peer, local=NAS, now=bench.now)
        bench.take()


def values(packet: Any) -> dict[str, Any]:
    """Return the attributes of a packet by name."""
    return {name: packet[name][0] for name in list(packet.keys())}
