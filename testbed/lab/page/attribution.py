"""Whose a message is: which terminal it is about, so that its ladder can be shown alone.

Some messages name their terminal. Others are found by what earlier ones gave away: a TEID that was
assigned, an address that a context has, the request that an answer is for. What was learned is
kept until newer things need the room.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from corenet.interfaces.node import Address, Interface
from corenet.interfaces.runtime import Passed
from gtp.ies.values import EndUserAddress
from testbed.codecs.address import AddressError, parse
from testbed.codecs.smpp import SmeAddress
from testbed.expectations.messages import Read, UserData

MOST_LEARNED: Final = 400_000
"""Things that are known at a time: a few for each of 100,000 terminals."""

_IMSI_ATTRIBUTES: Final = ("3GPP-IMSI",)
_PORTS_OF_GTP: Final = (Interface.GTP_C, Interface.GTP_U)

ImsiOf = Callable[[str], str | None]
"""Returns the IMSI that belongs to an MSISDN, or None."""


class Attribution:
    """Finds the IMSI of the terminal that a message or an event is about."""

    def __init__(self, imsi_of: ImsiOf) -> None:
        """``imsi_of`` knows the subscribers."""
        self._imsi_of = imsi_of
        self._known: dict[Hashable, str] = {}

    def learn_address(self, address: str, imsi: str) -> None:
        """Take note of a terminal's address: one that it had before anybody looked on."""
        self._learn(("address", address), imsi)

    def of_message(self, passed: Passed, message: Read) -> str | None:
        """Return whose a message is, and learn from it; None where it is nobody's."""
        imsi = self._named(passed, message.subject)
        if imsi is None:
            imsi = self._inferred(passed, message.subject)
        if imsi is not None:
            self._learn_from(passed, message.subject, imsi)
        return imsi

    def of_event(self, event: Any) -> str | None:
        """Return whose an event is: by its IMSI, its MSISDN, its address or its push."""
        imsi = getattr(event, "imsi", None)
        if imsi is None:
            for name in ("msisdn", "terminal", "address"):
                imsi = imsi or self._by_text(getattr(event, name, None))
            for address in getattr(event, "addresses", ()):
                imsi = imsi or self._by_text(address)
        pushes = [getattr(event, "push_id", None), *getattr(event, "push_ids", ())]
        for push in filter(None, pushes):
            imsi = imsi or self._known.get(("push", push))
            if imsi is not None:
                self._learn(("push", push), imsi)
        return imsi

    def _by_text(self, text: str | None) -> str | None:
        """Return whose an MSISDN, an IP address or a PAP address is."""
        if not text:
            return None
        known = self._known.get(("address", text)) or self._imsi_of(text.removeprefix("+"))
        if known is None and "=" in text:
            try:
                value = parse(text).value
            except AddressError:
                return None
            return self._known.get(("address", value)) or self._imsi_of(value.removeprefix("+"))
        return known

    def _named(self, passed: Passed, subject: Any) -> str | None:
        if passed.interface is Interface.RADIO:
            # A mobile's place on the radio link is its IMSI.
            return next(
                (host for host, _ in (passed.source, passed.destination) if host.isdigit()), None
            )
        if isinstance(subject, dict):
            named = (subject.get(name) for name in _IMSI_ATTRIBUTES)
            return next((str(imsi) for imsi in named if imsi), None)
        destination = getattr(subject, "destination", None)
        if isinstance(destination, SmeAddress):
            return self._imsi_of(destination.address)
        imsi = getattr(subject, "imsi", None)
        return imsi if isinstance(imsi, str) else None

    def _inferred(self, passed: Passed, subject: Any) -> str | None:
        if isinstance(subject, UserData):
            ends = (subject.destination, subject.source)
            found = (self._known.get(("address", address)) for address in ends)
            return next(filter(None, found), None)
        if isinstance(subject, dict):
            framed = str(subject.get("Framed-IP-Address", ""))
            return self._known.get(("address", framed)) or self._answered(passed, passed.data[1])
        if passed.interface in _PORTS_OF_GTP:
            teid = getattr(subject, "teid", 0)
            return self._known.get(("teid", passed.destination[0], teid)) or self._answered(
                passed, getattr(subject, "sequence", None)
            )
        return None

    def _answered(self, passed: Passed, number: int | None) -> str | None:
        """Return whose the request was that this would be the answer to."""
        return self._known.get(_request(passed.destination, passed.source, number))

    def _learn_from(self, passed: Passed, subject: Any, imsi: str) -> None:
        if isinstance(subject, dict):
            self._learn(_request(passed.source, passed.destination, passed.data[1]), imsi)
            framed = subject.get("Framed-IP-Address")
            if framed:
                self.learn_address(str(framed), imsi)
            return
        if passed.interface not in _PORTS_OF_GTP or isinstance(subject, UserData):
            return
        sequence = getattr(subject, "sequence", None)
        self._learn(_request(passed.source, passed.destination, sequence), imsi)
        for name in ("teid_control", "teid_data"):
            teid = getattr(subject, name, None)
            if teid:
                self._learn(("teid", passed.source[0], teid), imsi)
        end_user = getattr(subject, "end_user_address", None)
        if isinstance(end_user, EndUserAddress):
            for address in filter(None, (end_user.ipv4, end_user.ipv6)):
                self.learn_address(address, imsi)

    def _learn(self, what: Hashable, imsi: str) -> None:
        self._known.pop(what, None)
        self._known[what] = imsi
        if len(self._known) > MOST_LEARNED:
            del self._known[next(iter(self._known))]


def _request(source: Address, destination: Address, number: int | None) -> Hashable:
    return ("request", source, destination, number)
