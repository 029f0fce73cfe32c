"""A configuration profile for captures of a lab: columns, colours, filter buttons.

The files are those that Wireshark keeps itself (Wireshark User's Guide, appendix B "Files and
Folders"). Each file is text for a folder of its own among Wireshark's profiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAME: Final = "Corenet"
"""As the profile is called in Wireshark's list."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button beside Wireshark's display filter."""

    label: str
    expression: str
    comment: str


COLUMNS: Final = (
    ("No.", "%m"),
    ("Time", "%t"),
    ("Interface", "%Cus:frame.interface_name:0:R"),
    ("Source", "%s"),
    ("Destination", "%d"),
    ("Protocol", "%p"),
    ("IMSI", "%Cus:e212.imsi:0:R"),
    ("TEID", "%Cus:gtp.teid:0:R"),
    (
        "Cause",
        "%Cus:gtp.cause || gsm_a.gm.sm.cause || gsm_a.gm.gmm.cause || gsup.cause || "
        "gsm_a.rp.cause || gsup.sm_rp.cause || smpp.command_status:0:R",
    ),
    ("Info", "%i"),
)
"""Title and format of each column."""

FAILURES: Final = (
    "gtp.cause >= 192 || gsm_a.gm.sm.cause || gsm_a.gm.gmm.cause || gsup.cause || "
    "gsm_a.rp.cause || gsup.sm_rp.cause || smpp.command_status > 0 || radius.code == 3 || "
    "icmp.type == 3"
)

BUTTONS: Final = (
    Button(
        "Offline push",
        "gtp.message in {16..21, 26..37} || gsm_a.dtap.msg_sm_type || wsp || wtp",
        "from the GGSN's question to the HLR to the push on the mobile",
    ),
    Button("No echoes", "!(gtp.message in {1, 2}) && !tcp.flags.syn == 1", "without keeping alive"),
    Button("Failures", FAILURES, "what was refused, on every interface"),
    Button("Contexts", "gtp.message in {16..21}", "create, update and delete"),
    Button("Radio", 'frame.interface_name == "radio"', "between SGSN and mobiles"),
    Button("HLR", "gsup || gtp.message in {32..37}", "GSUP on Gr, GTP on Gc"),
    Button("Short messages", "smpp || gsm_sms || gsm_a.rp.msg_type", "from the gateway to the air"),
)

_RED, _DARK = (65535, 52428, 52428), (4626, 10030, 11796)
COLOURS: Final = (
    ("Refused", FAILURES, _RED),
    ("Malformed", "_ws.malformed", (65535, 39321, 39321)),
    ("Push", "wsp || wtp", (57311, 65535, 56026)),
    ("Network-requested activation", "gtp.message in {27..30, 32, 33}", (65535, 62708, 49344)),
    ("Gn", 'frame.interface_name == "Gn"', (56026, 61166, 65535)),
    ("Gc", 'frame.interface_name == "Gc"', (60652, 57825, 65535)),
    ("Gr", "gsup", (60652, 57825, 65535)),
    ("Radio", 'frame.interface_name == "radio"', (62194, 65535, 60138)),
    ("RADIUS", "radius", (65535, 61680, 57054)),
    ("SMPP", "smpp", (65535, 59881, 64764)),
)
"""Name, display filter and background of each rule; the first that fits colours a packet."""


def files() -> dict[str, str]:
    """Return the text of each of the profile's files by its name."""
    return {
        "preferences": _preferences(),
        "colorfilters": _colours(),
        "dfilter_buttons": _buttons(),
    }


def _preferences() -> str:
    columns = ",\n\t".join(f'"{title}", "{what}"' for title, what in COLUMNS)
    return (
        f"gui.column.format: \n\t{columns}\n"
        # Captures say whose each address is; nobody else is asked.
        "nameres.network_name: TRUE\n"
        "nameres.dns_pkt_addr_resolution: TRUE\n"
        "nameres.use_external_name_resolver: FALSE\n"
    )


def _colours() -> str:
    return "".join(
        f"@{name}@{expression}@{_colour(background)}{_colour(_DARK)}\n"
        for name, expression, background in COLOURS
    )


def _colour(parts: tuple[int, int, int]) -> str:
    return f"[{','.join(map(str, parts))}]"


def _buttons() -> str:
    return "".join(
        ",".join(_quoted(part) for part in ("TRUE", one.label, one.expression, one.comment)) + "\n"
        for one in BUTTONS
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
