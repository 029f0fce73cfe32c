"""The reference page of RADIUS attributes.

``python -m corenet.ggsn.aaa.radius_reference > docs/reference/radius.md`` writes it anew. Every
attribute of the dictionary has a row; a test sees that packets have what their columns say.
"""

from __future__ import annotations

from typing import Final

from corenet.radius.attributes import number_of
from corenet.radius.dynamic import ErrorCause

_HEAD: Final = """\
# RADIUS at the GGSN

Written by `python -m corenet.ggsn.aaa.radius_reference`; do not edit. How to set it up:
[with FreeRADIUS](../howto/account-with-freeradius.md).

Columns: **Q** Access-Request, **A** Access-Accept, **S** Accounting-Request Start,
**I** Interim-Update, **E** Stop, **O** Accounting-On and Off, **D** Disconnect-Request,
**C** CoA-Request. A dot: it is there; a circle: it is there when it is known, or may be there
and is obeyed. An order with anything else is refused with Error-Cause 401.

| No. | Attribute | Q | A | S | I | E | O | D | C | Says |
|---|---|---|---|---|---|---|---|---|---|---|
"""

COLUMNS: Final = "QASIEODC"

ROWS: Final = (
    ("User-Name", "•◦◦◦◦ ◦◦", "from the mobile's options or Access-Accept; else `user_name`"),
    ("User-Password", "◦       ", "PAP, or the APN's `password`; hidden"),
    ("CHAP-Password", "◦       ", "CHAP identifier and response"),
    ("CHAP-Challenge", "◦       ", "the mobile's own challenge"),
    ("NAS-IP-Address", "• ••••◦◦", "GTP-C address; in an order it must be ours (403)"),
    ("NAS-IPv6-Address", "      ◦◦", "never ours: 403"),
    ("NAS-Identifier", "◦ ◦◦◦◦◦◦", "`nas_identifier`; in an order it must be ours (403)"),
    ("Service-Type", "• •••   ", "Framed; an order with it is refused (405)"),
    ("Framed-Protocol", "• •••   ", "GPRS-PDP-Context"),
    (
        "Framed-IP-Address",
        " ◦◦◦◦ ◦◦",
        "IPv4 address; 255.255.255.254 and .255 leave the choice to us",
    ),
    ("Framed-IPv6-Prefix", " ◦◦◦◦ ◦◦", "/64"),
    ("Framed-Interface-Id", " ◦◦◦◦ ◦◦", "the lower 64 bits"),
    ("Called-Station-Id", "• ••• ◦◦", "APN"),
    ("Calling-Station-Id", "◦ ◦◦◦ ◦◦", "MSISDN, digits alone"),
    ("NAS-Port-Type", "• •••   ", "Wireless-Other"),
    ("Class", " ◦◦◦◦  ◦", "of Access-Accept or CoA, repeated as it came"),
    (
        "Session-Timeout",
        " ◦     ◦",
        "seconds until the context ends, from the accept or the order on; 0: none",
    ),
    (
        "Idle-Timeout",
        " ◦     ◦",
        "seconds without traffic until it ends, and up to an eighth more; 0: none",
    ),
    ("Acct-Interim-Interval", " ◦     ◦", "in place of `interim_interval`"),
    ("MS-Primary-DNS-Server", " ◦      ", "in place of the APN's `dns` of that family"),
    ("MS-Secondary-DNS-Server", " ◦      ", ""),
    ("DNS-Server-IPv6-Address", " ◦      ", "as 3GPP-IPv6-DNS-Servers"),
    ("Acct-Status-Type", "  ••••  ", ""),
    ("Acct-Session-Id", "  ••• ◦◦", "GTP-C address and Charging-ID in hexadecimal, 16 characters"),
    ("Acct-Authentic", "  •••   ", "RADIUS, or Local where no RADIUS server was asked"),
    ("Acct-Session-Time", "   ••   ", "seconds since the context was created"),
    ("Acct-Input-Octets", "   ••   ", "from the mobile, with Acct-Input-Gigawords beyond 32 bits"),
    ("Acct-Output-Octets", "   ••   ", "to the mobile, with Acct-Output-Gigawords"),
    ("Acct-Input-Packets", "   ••   ", ""),
    ("Acct-Output-Packets", "   ••   ", ""),
    ("Acct-Input-Gigawords", "   ◦◦   ", ""),
    ("Acct-Output-Gigawords", "   ◦◦   ", ""),
    (
        "Acct-Terminate-Cause",
        "    • ◦ ",
        "User-Request by the SGSN; Admin-Reset by command or order; Session-Timeout; Idle-Timeout; "
        "Lost-Carrier; NAS-Reboot at our end",
    ),
    ("Acct-Delay-Time", "  ••••  ", "seconds since it happened, when these octets were first sent"),
    ("Event-Timestamp", "  ••••◦◦", "when it happened; in an order within `window` of now"),
    (
        "Message-Authenticator",
        "•◦    ◦◦",
        "checked where it is; the answer to an order has one too",
    ),
    ("Proxy-State", "      ◦◦", "repeated in the answer"),
    ("Reply-Message", " ◦    ◦◦", "ignored"),
    ("Error-Cause", "        ", "in NAKs, see below"),
    ("3GPP-IMSI", "• ••• ◦◦", ""),
    ("3GPP-Charging-Id", "• ••• ◦◦", ""),
    ("3GPP-PDP-Type", "• •••   ", "0 IPv4, 1 PPP, 2 IPv6, 3 IPv4v6"),
    ("3GPP-CG-Address", "◦ ◦◦◦   ", "`charging_gateway`"),
    (
        "3GPP-GPRS-Negotiated-QoS-Profile",
        "• •••  ◦",
        "release and hexadecimal digits without allocation/retention: 98 (3 octets), 99 (11), "
        "05 (12), 07 (more). By CoA the SGSN is asked for it, and the order answered when it has "
        "accepted (else 506)",
    ),
    ("3GPP-SGSN-Address", "◦ ◦◦◦   ", ""),
    ("3GPP-GGSN-Address", "• •••   ", ""),
    ("3GPP-IMSI-MCC-MNC", "◦ ◦◦◦   ", "as many digits as `plmn` has"),
    ("3GPP-GGSN-MCC-MNC", "◦ ◦◦◦   ", "`plmn`"),
    ("3GPP-NSAPI", "• ••• ◦◦", "one hexadecimal digit"),
    ("3GPP-Session-Stop-Indicator", "    ◦   ", "255 in the Stop of an address' last context"),
    ("3GPP-Selection-Mode", "◦ ◦◦◦   ", ""),
    ("3GPP-Charging-Characteristics", "◦ ◦◦◦   ", "four hexadecimal digits"),
    ("3GPP-CG-IPv6-Address", "◦ ◦◦◦   ", ""),
    ("3GPP-SGSN-IPv6-Address", "        ", "SGSNs speak GTP-C over IPv4 with us"),
    ("3GPP-GGSN-IPv6-Address", "        ", "GTP-C has an IPv4 address"),
    ("3GPP-IPv6-DNS-Servers", " ◦      ", "two at most; in place of the APN's"),
    ("3GPP-SGSN-MCC-MNC", "◦ ◦◦◦   ", "out of the routeing area identity"),
    ("3GPP-Teardown-Indicator", "      ◦ ", "1: the contexts with the same address end too"),
    ("3GPP-IMEISV", "◦ ◦◦◦   ", ""),
    ("3GPP-RAT-Type", "◦ ◦◦◦   ", "one octet"),
    ("3GPP-User-Location-Info", "◦ ◦◦◦   ", ""),
    ("3GPP-MS-TimeZone", "◦ ◦◦◦   ", ""),
    ("3GPP-CAMEL-Charging-Info", "◦ ◦◦◦   ", "as the SGSN sends it"),
    (
        "3GPP-Packet-Filter",
        "  ◦◦◦   ",
        "one for each packet filter and direction: identifier, precedence, length of the contents, "
        "0 downlink or 1 uplink, contents",
    ),
    ("3GPP-Allocate-IP-Type", "◦       ", "where the APN has no pool: 1 IPv4, 2 IPv6, 3 both"),
)
"""Name, a character for each of ``COLUMNS``, and what there is to say."""

_NEVER: Final = """\

Of the attributes of TS 29.061 §16.4.7 these are never sent: 3GPP-Negotiated-DSCP (26: packets keep
the DSCP that they come with), and those of accesses without an SGSN (28 on).

## Error-Cause

| Value | Says | When |
|---|---|---|
"""

_WHEN: Final = {
    ErrorCause.UNSUPPORTED_ATTRIBUTE: "an attribute that has no mark in the order's column",
    ErrorCause.MISSING_ATTRIBUTE: "nothing that names a session: Acct-Session-Id, "
    "Framed-IP-Address, Framed-IPv6-Prefix, Calling-Station-Id, User-Name, 3GPP-IMSI or "
    "3GPP-Charging-Id; or a CoA that changes nothing",
    ErrorCause.NAS_IDENTIFICATION_MISMATCH: "the order is for another NAS",
    ErrorCause.UNSUPPORTED_SERVICE: "Service-Type, such as Authorize-Only",
    ErrorCause.INVALID_ATTRIBUTE_VALUE: "a number or a QoS profile that is none",
    ErrorCause.SESSION_CONTEXT_NOT_FOUND: "no context fits everything that names it",
    ErrorCause.RESOURCES_UNAVAILABLE: "an SGSN has not accepted another QoS",
}


def page() -> str:
    """Return the page, in Markdown."""
    rows = "".join(
        f"| {_number(name)} | {name} | {' | '.join(where)} | {says} |\n"
        for name, where, says in ROWS
    )
    causes = "".join(
        f"| {cause.value} | {cause.text} | {when} |\n" for cause, when in _WHEN.items()
    )
    return _HEAD + rows + _NEVER + causes


def _number(name: str) -> str:
    vendor, code = number_of(name)
    return f"{vendor}/{code}" if vendor else str(code)


if __name__ == "__main__":
    print(page(), end="")
