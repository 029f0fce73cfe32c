"""smpplib as a program: an ESME that others wrote. Prints what it saw as JSON.

Run as ``python -m tests.interop.smpplib_program HOST PORT``.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

ADDRESSES = {
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": "447700900100",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": "447700900123",
}
LONGEST = 100.0
"""Seconds that anything may take."""
MANY = 100


class Esme(Client):
    """Knows what it has read: the SMSC asks by enquire_link whenever it has heard nothing."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, timeout=LONGEST, allow_unknown_opt_params=True)
        self.has_read: list[str] = []

    def read_pdu(self) -> Any:
        """Read one PDU and note what it is."""
        pdu = super().read_pdu()
        self.has_read.append(pdu.command)
        return pdu

    def read_until(self, command: str, times: int = 1) -> None:
        """Read until something has come so often."""
        while self.has_read.count(command) < times:
            self.read_once()


def raw(host: str, port: int, octets: str) -> str:
    """Send octets that no library would, and return what comes until the server hangs up."""
    with socket.create_connection((host, port), timeout=LONGEST) as connection:
        connection.sendall(bytes.fromhex(octets))
        return b"".join(iter(lambda: connection.recv(4096), b"")).hex()


def refused(host: str, port: int, system_id: str, password: str) -> int:
    """Return the status that a bind is refused with."""
    client = Esme(host, port)
    client.connect()
    try:
        client.bind_transmitter(system_id=system_id, password=password)
    except exceptions.PDUError as error:
        return int(error.args[1])
    finally:
        client.disconnect()
    return 0


def session(host: str, port: int) -> dict[str, Any]:
    """Bind as a transceiver, submit, query, be delivered to, unbind."""
    seen: dict[str, Any] = {"delivered": [], "submitted": []}
    client = Esme(host, port)
    client.set_message_sent_handler(lambda pdu: seen["submitted"].append(pdu.message_id.decode()))
    client.set_message_received_handler(
        lambda pdu: seen["delivered"].append((pdu.esm_class, pdu.short_message.decode()))
    )
    client.set_query_resp_handler(lambda pdu: seen.update(state=pdu.message_state))
    client.connect()
    answer = client.bind_transceiver(system_id="smpplib", password="secret", system_type="WAP")
    seen["smsc"], seen["version"] = answer.system_id.decode(), answer.sc_interface_version
    client.read_until("deliver_sm")  # the message of a mobile
    client.send_message(
        **ADDRESSES,
        short_message=b"\x06\x05\x04\x0b\x84\x23\xf0hello",
        esm_class=0x42,
        data_coding=0xF5,
        registered_delivery=1,
    )
    client.read_until("deliver_sm", 2)  # its receipt
    client.read_until("submit_sm_resp")
    for number in range(MANY):
        client.send_message(**ADDRESSES, short_message=b"%d" % number)
    client.read_until("submit_sm_resp", MANY + 1)
    client.query_message(message_id="1", **{k: ADDRESSES[k] for k in list(ADDRESSES)[:3]})
    client.read_until("query_sm_resp")
    client.read_until("enquire_link")  # after a silence
    client.send_pdu(smpp.make_pdu("enquire_link", client=client))
    client.read_until("enquire_link_resp")
    client.unbind()
    client.read_until("unbind_resp")
    client.state = consts.SMPP_CLIENT_STATE_OPEN
    client.disconnect()
    return seen


if __name__ == "__main__":
    where = (sys.argv[1], int(sys.argv[2]))
    print(
        json.dumps(
            {
                "session": session(*where),
                "wrong password": refused(*where, "smpplib", "wrong"),
                "unknown system_id": refused(*where, "nobody", "secret"),
                "short length": raw(*where, "0000000a 00000015 00000000 00000001"),
                "out of state": raw(*where, "00000010 00000015 00000000 00000007"),
                "half a PDU": raw(*where, "00000010 00000015"),
            }
        )
    )
