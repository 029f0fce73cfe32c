"""Read and write PDUs with our codec and smpplib's, and pass messages between two sessions.

Both codecs have to agree on the octets before anything is timed. The sessions are an ESME's and
an SMSC's that answers at once, in one process and without a socket: what SMPP itself costs, under
whatever an SMSC does with a message. Times are CPU time, the best of the rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

import smpplib.smpp as smpplib
from smpplib.client import Client

from corenet.interfaces.streams import Transmit
from testbed.codecs.smpp import (
    BindTransceiver,
    DataSm,
    DataSmResp,
    Request,
    SmeAddress,
    SubmitSm,
    SubmitSmResp,
    decode,
    encode,
)
from testbed.codecs.smpp import parameters as p
from testbed.smpp.config import SmppLimits
from testbed.smpp.esme import EsmeSession
from testbed.smpp.events import Answered, BindRequested, Submitted
from testbed.smpp.smsc import SmscSession
from testbed.smpp.surroundings import Surroundings

MESSAGES = 5_000
SOURCE = SmeAddress.international("447700900100")
TERMINAL = SmeAddress.international("447700900123")
SUBMIT = SubmitSm(
    service_type="WAP",
    source=SOURCE,
    destination=TERMINAL,
    esm_class=0x42,
    data_coding=0xF5,
    short_message=bytes(range(140)),
)
SMPPLIB = {
    "service_type": "WAP",
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": SOURCE.address,
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": TERMINAL.address,
    "esm_class": SUBMIT.esm_class,
    "data_coding": SUBMIT.data_coding,
    "short_message": SUBMIT.short_message,
}
DATA = DataSm(
    service_type="WAP",
    source=SOURCE,
    destination=TERMINAL,
    esm_class=0x02,
    data_coding=0x04,
    tlvs=(p.SOURCE_PORT(9200), p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(bytes(500))),
)
ANSWERS = {SubmitSm: SubmitSmResp(message_id="0001"), DataSm: DataSmResp(message_id="0001")}


def best(rounds: int, action: Callable[[], object], times: int) -> float:
    """Return the CPU seconds that the fastest round needed for one of ``times`` calls."""
    seconds = []
    for _ in range(rounds):
        before = process_time()
        for _ in range(times):
            action()
        seconds.append((process_time() - before) / times)
    return min(seconds)


def codec(rounds: int) -> list[tuple[str, float, float]]:
    """Return title, our microseconds and smpplib's for reading and writing a submit_sm."""
    octets = encode(SUBMIT, 1)
    client = Client("nowhere", 0, allow_unknown_opt_params=True)
    theirs = smpplib.make_pdu("submit_sm", client=client, **SMPPLIB)
    theirs.sequence = 1
    assert theirs.generate() == octets
    rows: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("read", lambda: decode(octets), lambda: smpplib.parse_pdu(octets, client=client)),
        ("write", lambda: encode(SUBMIT, 1), theirs.generate),
    ]
    return [
        (f"submit_sm: {title}", best(rounds, ours, 2000) * 1e6, best(rounds, other, 2000) * 1e6)
        for title, ours, other in rows
    ]


class Pair:
    """An ESME's session and an SMSC's, with what each sends given to the other."""

    def __init__(self) -> None:
        limits = SmppLimits(window=100, peer_window=100)
        self.here, self.there = Surroundings(), Surroundings()
        self.esme = EsmeSession(self.here, 1, 0.0, limits=limits)
        self.smsc = SmscSession(self.there, 1, 0.0, limits=limits)
        self.esme.bind(BindTransceiver(system_id="benchmark"), 0.0)
        self.pass_on()

    def pass_on(self) -> None:
        """Carry octets and let the SMSC answer, until nothing is under way."""
        while outwards := _octets(self.here):
            self.smsc.receive(outwards, 0.0)
            for event in self.there.take_events():
                match event:
                    case BindRequested():
                        self.smsc.accept(0.0)
                    case Submitted(sequence=sequence, request=request):
                        self.smsc.respond(sequence, ANSWERS[type(request)], 0.0)
            self.esme.receive(_octets(self.there), 0.0)

    def messages(self, pdu: Any, outstanding: int) -> None:
        """Submit so many at a time and take their answers."""
        for context in range(outstanding):
            self.esme.submit(pdu, context, 0.0)
        self.pass_on()
        answered = sum(isinstance(event, Answered) for event in self.here.take_events())
        assert answered >= outstanding


def _octets(surroundings: Surroundings) -> bytes:
    return b"".join(c.data for c in surroundings.take_commands() if isinstance(c, Transmit))


def sessions(rounds: int) -> list[tuple[str, float]]:
    """Return title and messages per CPU-second, both ends together."""
    rows = []
    requests: tuple[Request, ...] = (SUBMIT, DATA)
    for pdu in requests:
        for outstanding in (1, 100):
            action = partial(Pair().messages, pdu, outstanding)
            turn = best(rounds, action, MESSAGES // outstanding)
            rows.append((f"{pdu.COMMAND.spelling}, {outstanding} outstanding", outstanding / turn))
    return rows


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="best of so many (default 5)")
    rounds = parser.parse_args().rounds
    print("| | ours, µs | smpplib, µs |\n|---|---:|---:|")
    for title, ours, theirs in codec(rounds):
        print(f"| {title} | {ours:.1f} | {theirs:.1f} |")
    print("\n| | messages per CPU-second |\n|---|---:|")
    for title, rate in sessions(rounds):
        print(f"| {title} | {rate:.0f} |")


if __name__ == "__main__":
    main()
