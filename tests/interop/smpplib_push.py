"""smpplib submits whole pushes in transaction mode, and prints what it was answered as JSON.

Run as ``python -m tests.interop.smpplib_push HOST PORT PUSH MSISDN…``; the push is in hexadecimal.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from smpplib.client import Client


def main(host: str, port: int, push: bytes, numbers: list[str]) -> dict[str, Any]:
    """Submit the push to each number, all at once; return status and seconds by number."""
    client = Client(host, port, timeout=60.0, allow_unknown_opt_params=True)
    client.connect()
    client.bind_transceiver(system_id="gateway", password="secret")
    began: dict[int, tuple[str, float]] = {}
    for number in numbers:
        pdu = client.send_message(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="447700900100",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=number,
            esm_class=0x02,
            data_coding=0xF5,
            source_port=9200,
            destination_port=2948,
            message_payload=push,
        )
        began[pdu.sequence] = number, time.monotonic()
    answered: dict[str, Any] = {}
    while len(answered) < len(numbers):
        response = client.read_pdu()
        if response.command == "submit_sm_resp":
            number, sent = began[response.sequence]
            message_id = (response.message_id or b"").decode()
            answered[number] = [response.status, message_id, time.monotonic() - sent]
    client.unbind()
    client.disconnect()
    return answered


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3]), sys.argv[4:])))
