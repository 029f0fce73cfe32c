"""What is posted to two gateways for a comparison: one row each, the same octets to both.

Only what has to differ between the two differs: the terminals, so that neither gateway finds one
that the other has woken, the push-id and the path of the result notification.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.interop.submitter import LISTENS, Errand, Post

APN = "wap.example"
COUNT = 40
"""Terminals of each kind that a gateway has at hand."""
PAP_1 = (
    '<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 1.0//EN" "http://www.wapforum.org/DTD/pap_1.0.dtd">'
)
PAP_2 = (
    '<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "http://www.wapforum.org/DTD/pap_2.0.dtd">'
)
SL = '<?xml version="1.0"?>\n<sl href="http://www.example.com/news"/>\n'
HEAD = '<?xml version="1.0"?>\n'
XML = "application/xml"
BOUNDARY = "asdlfkjiurwghasf"
RELATED = f'multipart/related; boundary={BOUNDARY}; type="application/xml"'
TEXT = "You have 4 new emails"
REPLACEMENT = ".replacement"
"""Ends the push-id of a push that replaces another."""
SI = (
    f'{HEAD}<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" '
    '"http://www.wapforum.org/DTD/si.dtd">\n'
    f'<si><indication href="http://www.example.com/mail">{TEXT}</indication></si>\n'
)


@dataclass
class Side:
    """A gateway's share of a comparison: where it is, and terminals that only it pushes to."""

    name: str
    number: int
    """0 or 1."""
    url: str
    taken: dict[str, int] = field(default_factory=dict)

    def online(self) -> str:
        """Return the address of a terminal that has a context."""
        return self._address("online", 1)

    def offline(self) -> str:
        """Return the address of a terminal that is attached and has no context."""
        return self._address("offline", 3)

    def off(self) -> str:
        """Return the address of a terminal that is switched off."""
        return self._address("off", 5)

    def unknown(self) -> str:
        """Return an address of the pool that nobody has."""
        return self._address("unknown", 7)

    def number_of(self, address: str) -> str:
        """Return the MSISDN of the terminal at ``address``."""
        _, _, group, last = address.split(".")
        return f"4477009{group}{int(last):04d}"

    def imsi_of(self, address: str) -> str:
        """Return the IMSI of the terminal at ``address``."""
        _, _, group, last = address.split(".")
        return f"23415{group}{int(last):09d}"

    def subscribers(self) -> str:
        """Return the terminals as part of a lab file."""
        kinds = ((1, f"activate: [{APN}]"), (3, "attached: true"), (5, "attached: false"))
        lines = []
        for first, mobile in kinds:
            address = f"127.32.{first + self.number}.1"
            lines.append(
                f'  - {{imsi: "{self.imsi_of(address)}", msisdn: "{self.number_of(address)}", '
                f"count: {COUNT}, apns: [{{name: {APN}, address: {address}}}], "
                f"mobile: {{{mobile}}}}}\n"
            )
        return "".join(lines)

    def _address(self, kind: str, group: int) -> str:
        last = self.taken[kind] = self.taken.get(kind, 0) + 1
        assert last <= COUNT, f"a lab with more terminals that are {kind} is needed"
        return f"127.32.{group + self.number}.{last}"


@dataclass(frozen=True)
class Row:
    """One row for one gateway: what to post, and the terminals that it is about."""

    title: str
    errand: Errand
    terminals: tuple[str, ...]
    """Addresses, in the order of the push; empty where no terminal is named."""
    not_before: float | None = None
    """When deliver-after is, in seconds since 1970-01-01 UTC."""


@dataclass
class Draft:
    """A push-message that a row changes as it needs."""

    push_id: str
    url: str
    """For ppg-notify-requested-to; empty: none is asked for."""
    addresses: tuple[str, ...]
    attributes: str = ""
    quality: str = ""
    doctype: str = PAP_1
    content_type: str = "text/vnd.wap.si"
    content: str = SI

    def control(self) -> str:
        """Return the control entity."""
        wanted = f' ppg-notify-requested-to="{self.url}"' if self.url else ""
        addresses = "".join(f'<address address-value="{value}"/>\n' for value in self.addresses)
        return (
            f'{HEAD}{self.doctype}\n<pap>\n<push-message push-id="{self.push_id}"{wanted}'
            f"{self.attributes}>\n{addresses}{self.quality}</push-message>\n</pap>\n"
        )

    def post(self, control: str | None = None) -> Post:
        """Return the whole as multipart/related, with another control entity where given."""
        first = control or self.control()
        parts = ((XML, first), (self.content_type, self.content))
        text = "".join(
            f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n" for kind, body in parts
        )
        return Post(RELATED, f"{text}--{BOUNDARY}--\r\n".encode())


Change = Callable[[Draft], tuple[Post, ...]]
"""What a row makes of a push that is right."""


def timestamp(seconds: float) -> str:
    """Return a PAP timestamp."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def ipv4(address: str) -> str:
    """Return the address-value of an IPv4 address."""
    return f"WAPPUSH={address}/TYPE=IPv4@ppg.example"


def ipv6(address: str) -> str:
    """Return the address-value of an IPv6 address."""
    return f"WAPPUSH={address}/TYPE=IPv6@ppg.example"


def alone(document: str, push_id: str) -> Post:
    """Return a PAP document that goes without content."""
    return Post(XML, f"{HEAD}{PAP_1}\n<pap>{document.format(push_id)}</pap>\n".encode())


def _as_is(draft: Draft) -> tuple[Post, ...]:
    return (draft.post(),)


def _with(**changes: str) -> Change:
    def change(draft: Draft) -> tuple[Post, ...]:
        for name, value in changes.items():
            setattr(draft, name, value)
        return (draft.post(),)

    return change


def _control(pattern: str, replacement: str) -> Change:
    """Change the text of the control entity."""

    def change(draft: Draft) -> tuple[Post, ...]:
        control, count = re.subn(pattern, replacement, draft.control())
        assert count == 1
        return (draft.post(control),)

    return change


def _no_content(draft: Draft) -> tuple[Post, ...]:
    text = f"--{BOUNDARY}\r\nContent-Type: {XML}\r\n\r\n{draft.control()}\r\n--{BOUNDARY}--\r\n"
    return (Post(RELATED, text.encode()),)


def _line_feeds(draft: Draft) -> tuple[Post, ...]:
    post = draft.post()
    return (Post(post.content_type, post.body.replace(b"\r\n", b"\n")),)


def _twice(draft: Draft) -> tuple[Post, ...]:
    return (draft.post(), draft.post())


def _then(document: str) -> Change:
    """Post a document about the push after it."""

    def change(draft: Draft) -> tuple[Post, ...]:
        return (draft.post(), alone(document, draft.push_id))

    return change


def _later_then_cancelled(draft: Draft) -> tuple[Post, ...]:
    draft.attributes = f' deliver-after-timestamp="{timestamp(time.time() + 60)}"'
    return (draft.post(), alone('<cancel-message push-id="{}"/>', draft.push_id))


def _later_then_replaced(draft: Draft) -> tuple[Post, ...]:
    draft.doctype = PAP_2
    draft.attributes = f' deliver-after-timestamp="{timestamp(time.time() + 60)}"'
    later = replace(
        draft,
        push_id=f"{draft.push_id}{REPLACEMENT}",
        attributes=f' replace-push-id="{draft.push_id}"',
        content=SI.replace(TEXT, "You have 5 new emails"),
    )
    return (draft.post(), later.post())


_QUALITY = "<quality-of-service {}/>\n"
_SIMPLE: tuple[tuple[str, Change], ...] = (
    ("The same push-id twice", _twice),
    (
        "Malformed XML (line 5 has an end tag too many)",
        _control("/>\n</push", "/></address>\n</push"),
    ),
    ("An element that PAP does not have", _control("</push-message>", "<colour/></push-message>")),
    ("An address without a type", _control("/TYPE=IPv4", "")),
    ("An address of a type that there is not", _control("/TYPE=IPv4", "/TYPE=X25")),
    ("No content part", _no_content),
    (
        "Content of a type that neither knows",
        _with(content_type="application/x-weather", content="cloudy"),
    ),
    ("SL, without a DOCTYPE", _with(content_type="text/vnd.wap.sl", content=SL)),
    (
        "Text of 3000 octets (our SGSN carries packets of up to 1500)",
        _with(content_type="text/plain", content="x" * 3000),
    ),
    ("SI with an element that SI does not have", _with(content=SI.replace("</si>", "<b/></si>"))),
    ("A body of 1 MiB", _with(content_type="text/plain", content="x" * (1 << 20))),
    ("A multipart body whose lines end in LF alone", _line_feeds),
    ("PAP 2.0 DOCTYPE", _with(doctype=PAP_2)),
    ("PAP 1.0 DOCTYPE, no notification asked for", _with(url="")),
    (
        "Bearer SMS required, for an IPv4 address",
        _with(quality=_QUALITY.format('bearer="SMS" bearer-required="true"')),
    ),
    ("Delivery method confirmed", _with(quality=_QUALITY.format('delivery-method="confirmed"'))),
    ("Cancelled while it waits for deliver-after", _later_then_cancelled),
    ("Replaced while it waits for deliver-after (PAP 2.0)", _later_then_replaced),
    ("Cancelled after it was delivered", _then('<cancel-message push-id="{}"/>')),
    ("Status query after it was delivered", _then('<statusquery-message push-id="{}"/>')),
)
"""Rows about one terminal that is online."""


class Rows:
    """Makes the rows of one gateway, all with terminals of their own."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._made: list[Row] = []

    def _add(
        self,
        title: str,
        terminals: tuple[str, ...],
        change: Change = _as_is,
        *,
        values: tuple[str, ...] | None = None,
        not_before: float | None = None,
    ) -> None:
        side = self._side
        key = f"{side.name}/{len(self._made)}"
        host, port = LISTENS
        draft = Draft(
            push_id=f"{key}@pi.example",
            url=f"http://{host}:{port}/{key}",
            addresses=tuple(map(ipv4, terminals)) if values is None else values,
        )
        errand = Errand(key, side.url, change(draft))
        self._made.append(Row(title, errand, terminals, not_before))

    def all(self, now: float) -> tuple[Row, ...]:
        """Return every row that every gateway survives; ``now`` in seconds since 1970-01-01 UTC."""
        self._add("SI to a terminal that is online", (self._side.online(),))
        self._reachability(now)
        for title, change in _SIMPLE:
            self._add(title, (self._side.online(),), change)
        self._add("Status query for a push-id never used", (), _query_of_nothing)
        self._add("Capabilities of a terminal that is online (ccq)", (self._side.online(),), _ccq)
        user = "WAPPUSH=john%20doe/TYPE=USER@ppg.example"
        self._add("A user's name as the address; no directory", (), values=(user,))
        self._add("An IPv6 address, shortened (2001:db8::1)", (), values=(ipv6("2001:db8::1"),))
        return tuple(self._made)

    def _reachability(self, now: float) -> None:
        side = self._side
        self._add("SI to a terminal that is offline", (side.offline(),))
        off = f' deliver-before-timestamp="{timestamp(now + 12)}"'
        self._add(
            "SI to a terminal that is switched off, deliver-before in 12 s",
            (side.off(),),
            _with(attributes=off),
        )
        self._add("SI to an address that nobody has", (side.unknown(),))
        several = (side.online(), side.unknown(), side.online())
        self._add("SI to three addresses, the second of which nobody has", several)
        number = side.online()
        plmn = f"WAPPUSH=+{side.number_of(number)}/TYPE=PLMN@ppg.example"
        self._add("The number of a terminal online; no SMSC", (number,), values=(plmn,))
        after = float(int(now) + 3)
        self._add(
            "Deliver-after in 3 s",
            (side.online(),),
            _with(attributes=f' deliver-after-timestamp="{timestamp(after)}"'),
            not_before=after,
        )
        self._add(
            "Deliver-before an hour ago",
            (side.online(),),
            _with(attributes=f' deliver-before-timestamp="{timestamp(now - 3600)}"'),
        )

    def ipv6(self) -> Row:
        """Return the row with a whole IPv6 address, which not every gateway survives."""
        title = "An IPv6 address, in full (2001:db8:0:0:0:0:0:1)"
        self._add(title, (), values=(ipv6("2001:db8:0:0:0:0:0:1"),))
        return self._made[-1]

    def last(self) -> Row:
        """Return a row that shows whether a gateway is still there."""
        self._add("A push after that", (self._side.online(),))
        return self._made[-1]


def _query_of_nothing(_draft: Draft) -> tuple[Post, ...]:
    return (alone('<statusquery-message push-id="{}"/>', "never-used@pi.example"),)


def _ccq(draft: Draft) -> tuple[Post, ...]:
    address = f'<address address-value="{draft.addresses[0]}"/>'
    return (alone(f'<ccq-message query-id="{{}}">{address}</ccq-message>', draft.push_id),)
