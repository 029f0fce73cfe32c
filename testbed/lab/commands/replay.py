"""``corenet replay``: send one side of a recorded GTP-C dialogue, and show what is different."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import randrange
from typing import Any

from corenet.adapters.udp import CannotBindError
from corenet.capture.capture import Sink
from corenet.interfaces.node import Address, Interface
from gtp.constants import GTP_C_PORT, IEType
from testbed.lab.addresses import AddressWordsError, read_address, source_towards
from testbed.lab.capture_file import capture_stream
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.single_node import run_node
from testbed.replay.captures import CaptureError, datagrams
from testbed.replay.dialogue import Dialogue, DialogueError, dialogue
from testbed.replay.player import Pace, Player, ReplayEnded
from testbed.replay.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = (
        "GTPv1-C is replayed and nothing else: user data in GTP-U, RADIUS, GSUP and SMPP are left "
        "out, which is said. TEIDs, sequence numbers and our own address are made fit for the "
        "peer of today; all else goes out as it was recorded. Values that a peer chooses anew "
        "(TEIDs, charging ID, addresses, Recovery) are not compared without --strict. Exit "
        "status: 0 as recorded, 1 not, 2 wrong use."
    )
    parser.add_argument("capture", metavar="CAPTURE", help="a pcap or pcapng file")
    parser.add_argument(
        "--to",
        metavar="ADDRESS[:PORT]",
        help="the peer (default: the one in the capture, which has to be on loopback)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="ADDRESS[:PORT]",
        help="where from (default: what leads there, port 2123 if the peer asks something too)",
    )
    parser.add_argument(
        "--side",
        metavar="ADDRESS",
        help="the host of the capture whose messages are sent (default: the one that asks first)",
    )
    parser.add_argument("--fast", action="store_true", help="do not keep the recorded timing")
    parser.add_argument(
        "--t3", type=float, default=5.0, metavar="SECONDS", help="T3-RESPONSE (%(default)g)"
    )
    parser.add_argument(
        "--n3", type=int, default=1, metavar="TIMES", help="N3-REQUESTS, in all (%(default)d)"
    )
    parser.add_argument("--strict", action="store_true", help="compare every value")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="ELEMENT",
        help="do not compare elements of this type, such as pco or 132",
    )
    parser.add_argument("--pcap", metavar="FILE", help="capture it; - is standard output")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")


def run(options: argparse.Namespace) -> int:
    """Replay; status 0 if the peer did as in the recording."""
    log_to(None)
    try:
        if options.t3 <= 0 or options.n3 < 1:
            raise DialogueError("--t3 is above 0, --n3 at least 1")
        content = Path(options.capture).read_bytes()
        recorded = dialogue(datagrams(content), options.side)
        peer = _peer(options, recorded)
        source = _source(options, recorded, peer)
        ignored = frozenset(_element(name) for name in options.ignore)
    except (CaptureError, DialogueError, AddressWordsError) as error:
        print(f"corenet replay: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"corenet replay: {error}", file=sys.stderr)
        return 1
    out = sys.stderr if options.pcap == "-" else sys.stdout
    tell: Callable[[str], None] = _nothing if options.json else partial(print, file=out, flush=True)
    report = Report(tell, strict=options.strict, ignored=ignored)
    tell(_opening(recorded, peer))
    pace = Pace(not options.fast, options.t3, options.n3)
    player = Player(recorded, peer, source[0], pace, randrange(0x1_0000))
    try:
        with capture_stream(options.pcap) as stream:
            run_in_reactor(lambda reactor: _play(reactor, player, source, report, stream))
    except (CannotBindError, OSError) as error:
        print(f"corenet replay: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report.plain(), indent=2), file=out)
    elif report.different:
        tell(f"{report.different} not as recorded")
    else:
        tell("all as recorded")
    return 1 if report.different else 0


def _opening(recorded: Dialogue, peer: Address) -> str:
    others = "" if not recorded.others else f"; {recorded.others} messages of others left out"
    besides = "" if not recorded.left_out else f"; not replayed: {recorded.left_out}"
    return (
        f"{len(recorded.steps)} messages between {recorded.side} and {recorded.peer}"
        f"{others}{besides}. "
        f"Sending those of {recorded.side} to {peer[0]}:{peer[1]}"
    )


def _peer(options: argparse.Namespace, recorded: Dialogue) -> Address:
    if options.to is not None:
        return read_address(options.to, GTP_C_PORT)
    if not recorded.peer.startswith("127."):
        raise DialogueError(f"say with --to where to send it: {recorded.peer} is not on loopback")
    return recorded.peer, GTP_C_PORT


def _source(options: argparse.Namespace, recorded: Dialogue, peer: Address) -> Address:
    port = GTP_C_PORT if recorded.peer_asks else 0
    if options.source is not None:
        return read_address(options.source, port)
    return source_towards(peer[0]), port


def _element(name: str) -> int:
    wanted = name.upper().replace("-", "_")
    if wanted in IEType.__members__:
        return IEType[wanted]
    if name.isdecimal() and int(name) <= 0xFF:
        return int(name)
    raise DialogueError(f"there is no type of element {name!r}")


async def _play(
    reactor: Any, player: Player, source: Address, report: Report, stream: Sink | None
) -> int:
    attachments = {Interface.GTP_C: source}
    await run_node(
        reactor, player, attachments, take=report.take, until=ReplayEnded, capture=stream
    )
    return 0


def _nothing(_line: str) -> None:
    """Say nothing: it is all in the document at the end."""
