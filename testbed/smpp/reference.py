"""The reference of SMPP for the docs, made from the tables of codec and sessions.

``python -m testbed.smpp.reference > docs/reference/smpp.md`` writes it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final

from testbed.codecs.smpp import PDUS, RESPONSES, CommandId, CommandStatus, Pdu, Request
from testbed.codecs.smpp.parameters import PARAMETERS
from testbed.smpp.config import TIMER_TABLE, SmppLimits
from testbed.smpp.states import OPERATIONS, TRANSITIONS, State

_OPENING: Final = """\
# SMPP

Made from the tables in `testbed/codecs/smpp` and `testbed/smpp` by
`python -m testbed.smpp.reference`; don't edit it. Clauses are those of SMPP 3.4, issue 1.2.

What is here are PDUs and sessions, for both sides: `SmscSession` and `EsmeSession`, with
`SmppServer` for many ESMEs and `SmscLinks` for several SMSCs. Every PDU of 3.4 is read and written.
"""

_BY_CODEC: Final = {
    CommandStatus.RINVCMDLEN: "a `command_length` that is none (then `generic_nack`, and the "
    "connection closes), a body that ends before its last field",
    CommandStatus.RINVOPTPARSTREAM: "an optional part that breaks off",
    CommandStatus.RINVPARLEN: "an expected optional parameter of a wrong length",
    CommandStatus.RINVOPTPARAMVAL: "an expected optional parameter that is no value",
    CommandStatus.ROPTPARNOTALLWD: "`message_payload` beside a `short_message`",
}
_BY_SESSION: Final = {
    CommandStatus.RINVCMDID: "an unknown `command_id`, or one that the peer never begins "
    "(`generic_nack`)",
    CommandStatus.RINVBNDSTS: "an operation that may not begin in the session's state",
    CommandStatus.RALYBND: "a bind of one that is bound",
    CommandStatus.RTHROTTLED: "more messages a second than `rate`, more requests at a time than "
    "`peer_window`",
    CommandStatus.RSYSERR: "a `sequence_number` that waits already",
}

_VERSIONS: Final = (
    (
        "bind with `interface_version` 0x00 to 0x33",
        "3.3: no optional parameters are sent; what cannot do without them (`data_sm`, "
        "`alert_notification`, `message_payload`) is refused to our own user",
    ),
    (
        "bind with 0x34 and more, 5.0 too",
        "3.4, and `sc_interface_version` says so in the response",
    ),
    (
        "an SMSC whose bind response has no `sc_interface_version`",
        "3.3, as §3.4.2 wants it, unless the account's `assumed_version` knows better",
    ),
)
_CHOICES: Final = (
    (
        "`replace_sm` in BOUND_TRX, which the table of §2.3 leaves out",
        "allowed: a transceiver has every operation of a transmitter (§2.2)",
    ),
    ("`enquire_link` before a bind", "refused with ESME_RINVBNDSTS, as §2.3 has it"),
    (
        "optional parameters that are unknown, or not expected in a PDU",
        "kept and ignored (§3.3)",
    ),
    (
        "a response without a body",
        "taken, whatever its status; sent where an error has nothing else to say",
    ),
    (
        "a response that cannot be decoded",
        "counted; the request times out, because its outcome is not known",
    ),
    ("characters beyond ASCII", "read and written as Latin 1"),
    (
        "a bind that is refused",
        "the SMSC leaves the connection open until the session init timer ends; the ESME closes it",
    ),
    ("after `unbind_resp`", "both sides close the connection"),
)


def reference() -> str:
    """Return the reference as Markdown."""
    parts = (
        _OPENING,
        _section("Operations, by who may begin them and in which states (§2.3)", _operations()),
        _section("States", _transitions()),
        _section("Timers (§7.2)", _timers()),
        _section("Limits of a session", _limits()),
        _section("What a command_status is answered to (§5.1.3)", _statuses()),
        _section("Optional parameters (§5.3)", _parameters()),
        "## Fields of PDUs (§4)\n",
        *(_pdu(kind) for _, kind in sorted(PDUS.items()) if kind.FIELDS),
        _section("Versions", _pairs("Peer", "Session", _VERSIONS)),
        _section("Where the standard leaves a choice", _pairs("Matter", "Here", _CHOICES)),
    )
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, rows: Iterable[str]) -> str:
    return "\n".join((f"## {title}", "", *rows, ""))


def _pairs(left: str, right: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"| {left} | {right} |"
    yield "|---|---|"
    for one, other in rows:
        yield f"| {one} | {other} |"


def _operations() -> Iterator[str]:
    yield "| PDU | command_id | ESME | SMSC | Response |"
    yield "|---|---|---|---|---|"
    for command_id, kind in sorted(PDUS.items()):
        if issubclass(kind, Request):
            operation = OPERATIONS[kind.COMMAND]
            response = RESPONSES.get(command_id)
            yield (
                f"| {kind.COMMAND.spelling} | {command_id:#010x} | {_states(operation.esme)} "
                f"| {_states(operation.smsc)} "
                f"| {'none' if response is None else response.COMMAND.spelling} |"
            )
    yield f"| generic_nack | {CommandId.GENERIC_NACK:#010x} | any | any | none |"
    yield ""
    yield "A side that a row has no state for never begins that operation: it is answered with"
    yield "`generic_nack`, ESME_RINVCMDID. In another state it is answered with its response,"
    yield "ESME_RINVBNDSTS. In both cases the session goes on."


def _states(states: frozenset[State]) -> str:
    return ", ".join(state.value for state in State if state in states)


def _transitions() -> Iterator[str]:
    yield "| From | When | To |"
    yield "|---|---|---|"
    for (before, happening), after in TRANSITIONS.items():
        if before is not State.CLOSED:
            words = happening.name.lower().replace("_", " ")
            yield f"| {before.value} | {words} | {after.value} |"


def _timers() -> Iterator[str]:
    yield "| Timer | Default, s | Says | Clause |"
    yield "|---|---|---|---|"
    for row in TIMER_TABLE:
        default = "off" if row.default is None else f"{row.default:g}"
        yield f"| `{row.field}` | {default} | {row.prose} | {row.clause} |"


_LIMITS: Final = {
    "window": "requests of ours that wait for a response at a time (§2.7)",
    "queue": "requests of ours that wait for room in the window",
    "peer_window": "requests of the peer's that are not answered; more are throttled",
    "rate": "messages that the peer may submit a second; more are throttled",
    "burst": "messages that it may submit at once",
    "largest_pdu": "octets of a PDU; a longer one ends the connection",
}


def _limits() -> Iterator[str]:
    yield "| Limit | Default | Bounds |"
    yield "|---|---|---|"
    for field in fields(SmppLimits):
        default = "any" if field.default is None else field.default
        yield f"| `{field.name}` | {default} | {_LIMITS[field.name]} |"


def _statuses() -> Iterator[str]:
    places: defaultdict[CommandStatus, list[str]] = defaultdict(list)
    for _, kind in sorted(PDUS.items()):
        if issubclass(kind, Request):
            for field in kind.FIELDS:
                if field.status is not CommandStatus.RSYSERR:
                    places[field.status].append(f"{kind.COMMAND.spelling}.{field.name}")
    yield "| Value | Name | Means | Codec | Session |"
    yield "|---|---|---|---|---|"
    for status in CommandStatus:
        codec = [f"`{place}`" for place in places[status]]
        codec += [_BY_CODEC[status]] if status in _BY_CODEC else []
        yield (
            f"| {status:#04x} | {status.spelling} | {status.text} | {', '.join(codec)} "
            f"| {_BY_SESSION.get(status, '')} |"
        )
    yield ""
    yield "The others are for the session's user to give; numbers that are none of these survive."


def _parameters() -> Iterator[str]:
    yield "| Tag | Name | Form, octets | In |"
    yield "|---|---|---|---|"
    for tag, parameter in PARAMETERS.items():
        names = [kind.COMMAND.spelling for _, kind in sorted(PDUS.items()) if tag in kind.EXPECTED]
        yield f"| {tag:#06x} | {parameter.name} | {parameter.form} | {', '.join(names)} |"


def _pdu(kind: type[Pdu]) -> str:
    rows = [
        f"### {kind.COMMAND.spelling}",
        "",
        f"`{kind.__name__}`. {(kind.__doc__ or '').splitlines()[0]}",
        "",
        "| Field | Form, octets |",
        "|---|---|",
    ]
    rows += [f"| `{field.name}` | {field.kind.form} |" for field in kind.FIELDS]
    return "\n".join((*rows, ""))


if __name__ == "__main__":
    print(reference(), end="")
