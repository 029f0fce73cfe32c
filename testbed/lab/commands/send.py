"""``corenet send``: send one GTP message made by hand, and say what is answered."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import randrange
from typing import Any

from corenet.adapters.udp import CannotBindError
from corenet.capture.capture import Sink
from corenet.interfaces.node import Address, Interface
from gtp.constants import GTP_C_PORT, GTP_U_PORT, Cause
from gtp.describe import describe_octets
from gtp.transactions import RESPONSE_TO
from testbed.craft.draft import (
    KINDS,
    SEQUENCE_NUMBERS,
    USER_PLANE,
    Faults,
    draft,
    message_named,
    octets,
    reference,
    spoilt,
    word_of,
)
from testbed.craft.report import Report, plain_message
from testbed.craft.sender import AllSent, Outgoing, Patience, Sender
from testbed.craft.values import WordsError, from_hex, member, number
from testbed.lab.addresses import AddressWordsError, read_address, source_towards, text_of
from testbed.lab.capture_file import capture_stream
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.single_node import run_node

DEFAULT_PEER = "127.0.10.1"
"""The GGSN of the default lab."""
MOST_REPETITIONS = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = (
        "Without ELEMENT=VALUE a message has the elements that it must have, with usual values; "
        "--list says which. Exit status: 0 answered (or nothing to wait for), 1 not, or not "
        "with --expect's cause, 2 wrong use."
    )
    parser.add_argument(
        "message", nargs="?", metavar="MESSAGE", help="such as create-pdp-context-request, or 16"
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="ELEMENT=VALUE",
        help="such as imsi=001010000000001 apn=wap.example teid=0x1 sequence=7; hex:… gives the "
        "octets of the value, and a number in the place of the name an element of any type",
    )
    parser.add_argument("--pcap", metavar="FILE", help="capture it; - is standard output")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--dry-run", action="store_true", help="show it, send nothing")
    parser.add_argument(
        "--list", action="store_true", help="list the messages, or the elements of MESSAGE"
    )
    _add_course(parser)
    _add_wrongs(parser.add_argument_group("what is to be wrong with it"))


def _add_course(parser: argparse.ArgumentParser) -> None:
    """Add where it goes, how often, and what is waited for."""
    parser.add_argument(
        "--to",
        metavar="ADDRESS[:PORT]",
        default=DEFAULT_PEER,
        help="where to (default: %(default)s, the default lab's GGSN, on GTP's ports)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="ADDRESS[:PORT]",
        help="where from; also what GSN addresses in it say (default: what leads there, any port)",
    )
    parser.add_argument(
        "--t3", type=float, default=5.0, metavar="SECONDS", help="T3-RESPONSE (%(default)g)"
    )
    parser.add_argument(
        "--n3", type=int, default=1, metavar="TIMES", help="N3-REQUESTS, in all (%(default)d)"
    )
    parser.add_argument(
        "--listen",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="after a message that has no answer (%(default)g)",
    )
    parser.add_argument("--repeat", type=int, default=1, metavar="TIMES", help="send so many")
    parser.add_argument(
        "--interval", type=float, default=0.0, metavar="SECONDS", help="between repetitions"
    )
    parser.add_argument(
        "--expect", metavar="CAUSE", help="name or number that the answer must have"
    )


def _add_wrongs(wrong: argparse._ArgumentGroup) -> None:
    wrong.add_argument("--drop", action="append", default=[], metavar="ELEMENT")
    wrong.add_argument(
        "--element-length",
        action="append",
        default=[],
        metavar="ELEMENT=OCTETS",
        help="what an element's length field says",
    )
    wrong.add_argument("--trailing", metavar="HEX", help="octets behind the message")
    wrong.add_argument("--length", metavar="OCTETS", help="what the header's length field says")
    wrong.add_argument(
        "--patch",
        action="append",
        default=[],
        metavar="POSITION=HEX",
        help="octets in the place of others; the first is 1",
    )
    wrong.add_argument(
        "--truncate", type=int, metavar="OCTETS", help="send so many; -1 leaves one off"
    )
    wrong.add_argument("--octets", metavar="HEX", help="the whole message, as octets")


def run(options: argparse.Namespace) -> int:
    """Send; status 0 if every message that has an answer was answered as expected."""
    log_to(None)
    try:
        if options.list:
            return _list(options)
        errand = _errand(options)
    except (WordsError, AddressWordsError) as error:
        print(f"corenet send: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"corenet send: {options.to} cannot be reached: {error}", file=sys.stderr)
        return 1
    out = sys.stderr if options.pcap == "-" else sys.stdout
    if options.dry_run:
        _show(errand.messages[0].data, options.json)
        return 0
    tell: Callable[[str], None] = _nothing if options.json else partial(print, file=out, flush=True)
    report = Report(tell, text_of(errand.peer), errand.expected)
    try:
        with capture_stream(options.pcap) as stream:
            run_in_reactor(lambda reactor: _send(reactor, errand, report, stream))
    except (CannotBindError, OSError) as error:
        print(f"corenet send: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report.plain(), indent=2), file=out)
    else:
        for sentence in report.wrong:
            print(f"corenet send: {sentence}", file=sys.stderr)
    return 1 if report.wrong else 0


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be sent, where from and where to."""

    messages: list[Outgoing]
    interface: Interface
    source: Address
    peer: Address
    patience: Patience
    expected: Cause | None


def _errand(options: argparse.Namespace) -> _Errand:
    if not 1 <= options.repeat <= MOST_REPETITIONS:
        raise WordsError(f"--repeat is 1 to {MOST_REPETITIONS}")
    if options.n3 < 1 or options.t3 <= 0 or options.listen < 0 or options.interval < 0:
        raise WordsError("--n3 is 1 or more, --t3 above 0, --listen and --interval not below 0")
    user_plane = options.message is not None and message_named(options.message) in USER_PLANE
    peer = read_address(options.to, GTP_U_PORT if user_plane else GTP_C_PORT)
    source = (
        (source_towards(peer[0]), 0) if options.source is None else read_address(options.source, 0)
    )
    return _Errand(
        _messages(options, source[0]),
        Interface.GTP_U if user_plane else Interface.GTP_C,
        source,
        peer,
        Patience(options.t3, options.n3, options.listen, options.interval),
        None if options.expect is None else Cause(member(Cause)(options.expect)),
    )


def _messages(options: argparse.Namespace, own_address: str) -> list[Outgoing]:
    faults = _faults(options)
    if options.octets is not None:
        if options.message is not None:
            raise WordsError("--octets is the whole message; leave MESSAGE out")
        data = spoilt(from_hex(options.octets), faults)
        return [Outgoing(data, len(data) > 1 and data[1] in RESPONSE_TO)] * options.repeat
    if options.message is None:
        raise WordsError("which message? `corenet send --list` lists them")
    message_type = message_named(options.message)
    drafted = draft(message_type, options.words, own_address)
    first = randrange(SEQUENCE_NUMBERS) if drafted.sequence is None else drafted.sequence
    answered = message_type in RESPONSE_TO
    return [
        Outgoing(octets(drafted, (first + count) % SEQUENCE_NUMBERS, faults), answered)
        for count in range(options.repeat)
    ]


def _faults(options: argparse.Namespace) -> Faults:
    return Faults(
        dropped=tuple(options.drop),
        element_lengths=tuple(
            (name, number(length)) for name, length in map(_assignment, options.element_length)
        ),
        trailing=from_hex(options.trailing or ""),
        header_length=None if options.length is None else number(options.length),
        patches=tuple(
            (number(position), from_hex(patch))
            for position, patch in map(_assignment, options.patch)
        ),
        octets=options.truncate,
    )


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise WordsError(f"{text!r} has no = in it")
    return name, value


async def _send(reactor: Any, errand: _Errand, report: Report, stream: Sink | None) -> int:
    sender = Sender(errand.messages, errand.peer, errand.patience, errand.interface)
    attachments = {errand.interface: errand.source}
    await run_node(reactor, sender, attachments, take=report.take, until=AllSent, capture=stream)
    return 0


def _show(data: bytes, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain_message(data), indent=2))
        return
    print(data.hex())
    for line in describe_octets(data):
        print(line)


def _list(options: argparse.Namespace) -> int:
    if options.message is None:
        for message_type in sorted(KINDS):
            kind = KINDS[message_type].TYPE
            print(f"{kind:3d}  {word_of(kind)}")
        return 0
    rows = reference(message_named(options.message))
    width = max((len(row[0]) for row in rows), default=0)
    for name, presence, shape, usual in rows:
        given = f" (usually {usual})" if usual else ""
        print(f"{name:<{width}}  {presence}  {shape}{given}")
    return 0


def _nothing(_line: str) -> None:
    """Say nothing: it is all in the document at the end."""
