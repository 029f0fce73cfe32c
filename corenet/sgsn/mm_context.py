"""MM contexts: who the SGSN knows, in which state, over which radio link.

Spec: TS 23.060 §13.2 (what an SGSN stores), §6.1 (states).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from random import Random
from types import MappingProxyType
from typing import Final

from corenet.authentication.secrets import Vector
from corenet.interfaces.gsup import GsupMessage
from corenet.interfaces.nas.sm import TransactionIdentifier
from corenet.interfaces.node import Address
from corenet.schedule import Alarm
from corenet.sgsn.config import RoutingArea
from corenet.sgsn.events import MmContextView, MmState, Reachability
from corenet.sgsn.pdp_context import PdpContext
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.states import MOBILITY
from corenet.sgsn.subscription import NOTHING_SUBSCRIBED, usable_msisdn

_P_TMSI_MARK = 0xC000_0000
"""The two highest bits tell a P-TMSI from a TMSI (TS 23.003 §2.4)."""
_SIGNATURE = 3
"""Octets of a P-TMSI signature (TS 24.008 §10.5.5.8)."""


_NO_CONTEXTS: Final[Mapping[int, PdpContext]] = MappingProxyType({})
_NO_TIS: Final[frozenset[int]] = frozenset()


class MmContext:
    """What the SGSN knows of one mobile. Equal only to itself.

    Mappings and sets in it are replaced, not changed: most mobiles have the same empty ones.
    """

    __slots__ = (
        "alarm",
        "area",
        "attach_asked",
        "contexts",
        "former",
        "imsi",
        "key_sequence",
        "last_heard",
        "last_network_ti",
        "link",
        "mnrg",
        "msisdn",
        "p_tmsi",
        "ready_timer",
        "requested_tis",
        "since",
        "state",
        "subscription",
        "suspended",
        "vectors",
    )

    def __init__(self, imsi: str, link: RadioLink, area: RoutingArea, now: float) -> None:
        self.imsi = imsi
        self.area = area
        """The routing area that it is registered in."""
        self.link = link
        self.state = MmState.ATTACHING
        self.since = now
        self.last_heard = now
        self.attach_asked = now
        """When the Attach Request came that made or is making the mobile attached."""
        self.ready_timer: float | None = None
        """T3314 as agreed, in seconds; None: it stays READY for ever."""
        self.alarm: Alarm | None = None
        """When to see whether it is READY still."""
        self.p_tmsi: int | None = None
        self.former: int | None = None
        """The P-TMSI that it had before, until it has shown that it has the new one."""
        self.msisdn = ""
        """"" while the HLR has not told it."""
        self.subscription = NOTHING_SUBSCRIBED
        self.vectors: tuple[Vector, ...] = ()
        """For the authentications to come."""
        self.key_sequence: int | None = None
        """Ciphering key sequence number of the last authentication."""
        self.suspended = False
        self.mnrg = False
        """MS not reachable for GPRS: the HLR waits for Ready for SM (TS 23.060 §13.2)."""
        self.contexts: Mapping[int, PdpContext] = _NO_CONTEXTS
        """By NSAPI, with those whose deactivation the mobile has not yet accepted."""
        self.last_network_ti = 6
        self.requested_tis = _NO_TIS
        """The network's transaction identifiers that secondary contexts are asked for with."""

    def take(self, context: PdpContext) -> None:
        """Take in a PDP context."""
        self.contexts = {**self.contexts, context.nsapi: context}

    def drop(self, context: PdpContext) -> None:
        """Forget a PDP context; nothing happens where another one has its NSAPI."""
        if self.contexts.get(context.nsapi) is context:
            left = {nsapi: one for nsapi, one in self.contexts.items() if one is not context}
            self.contexts = left or _NO_CONTEXTS

    def subscribe(self, message: GsupMessage) -> None:
        """Take the subscriber's data of an Insert Subscriber Data Request."""
        self.msisdn = usable_msisdn(message.msisdn or self.msisdn)
        self.subscription = self.subscription.updated(message)

    @property
    def paged_as(self) -> int | None:
        """The P-TMSI that it surely knows."""
        return self.p_tmsi if self.former is None else self.former

    @property
    def reachability(self) -> Reachability | None:
        """How it is reached, where it is attached."""
        if self.state is not MmState.ATTACHED:
            return None
        return Reachability.STANDBY if self.link.standby else Reachability.READY

    def enter(self, state: MmState, now: float) -> None:
        """Change the state."""
        MOBILITY.check(self.state, state)
        if state is not MmState.ATTACHED and self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
        self.state = state
        self.since = now

    def context_with(self, ti: TransactionIdentifier) -> PdpContext | None:
        """Return the context of that transaction identifier, as the mobile writes it."""
        for context in self.contexts.values():
            if context.ti == ti:
                return context
        return None

    def view(self) -> MmContextView:
        """Return the context as it is."""
        return MmContextView(
            imsi=self.imsi,
            msisdn=self.msisdn,
            state=self.state,
            since=self.since,
            rai=self.area.encode(),
            p_tmsi=self.p_tmsi,
            radio=self.link.address,
            last_heard=self.last_heard,
            reachability=self.reachability,
            suspended=self.suspended,
            mnrg=self.mnrg,
            contexts=tuple(context.view() for context in self.contexts.values()),
        )


class MmContexts:
    """Every MM context, by IMSI, radio link and P-TMSI."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._secret = random.randbytes(16)
        self._by_imsi: dict[str, MmContext] = {}
        self._by_radio: dict[str, MmContext] = {}
        """Those whose radio link has another name than their IMSI."""
        self._by_p_tmsi: dict[int, MmContext] = {}
        self._detached: dict[str, None] = {}

    def __iter__(self) -> Iterator[MmContext]:
        """Iterate over a copy, so that contexts may go meanwhile."""
        return iter(list(self._by_imsi.values()))

    def with_imsi(self, imsi: str) -> MmContext | None:
        """Return the mobile's context, or None."""
        return self._by_imsi.get(imsi)

    def at(self, radio: Address) -> MmContext | None:
        """Return the context of the mobile of that radio link, in whichever cell it is."""
        name = radio[0]
        mobile = self._by_radio.get(name)
        if mobile is None:
            mobile = self._by_imsi.get(name)
            if mobile is not None and mobile.link.name != name:
                return None
        return mobile

    def with_p_tmsi(self, p_tmsi: int) -> MmContext | None:
        """Return the context of the mobile that was given ``p_tmsi``."""
        return self._by_p_tmsi.get(p_tmsi)

    def add(self, mobile: MmContext) -> None:
        """Take in a new context."""
        self._by_imsi[mobile.imsi] = mobile
        self._link(mobile)

    def move(self, mobile: MmContext, link: RadioLink) -> None:
        """Give ``mobile`` another radio link."""
        self._unlink(mobile)
        mobile.link = link
        self._link(mobile)

    def name(self, mobile: MmContext) -> int:
        """Give ``mobile`` a new P-TMSI, and return it.

        Until ``confirm`` it is known by the one before as well.
        """
        if mobile.former is None and mobile.p_tmsi is not None:
            mobile.former = mobile.p_tmsi
        elif mobile.p_tmsi is not None:
            self._by_p_tmsi.pop(mobile.p_tmsi, None)
        while True:
            p_tmsi = self._random.getrandbits(30) | _P_TMSI_MARK
            if p_tmsi not in self._by_p_tmsi and p_tmsi != 0xFFFF_FFFF:
                break
        mobile.p_tmsi = p_tmsi
        self._by_p_tmsi[p_tmsi] = mobile
        return p_tmsi

    def signature(self, mobile: MmContext) -> bytes:
        """Return the signature of a mobile's P-TMSI, which nobody else can know.

        It is made of what is known anyway, and so is not kept for each mobile.
        """
        assert mobile.p_tmsi is not None  # it has just been given one
        return self._sign(mobile.imsi, mobile.p_tmsi)

    def signs(self, mobile: MmContext, p_tmsi: int | None, signature: bytes | None) -> bool:
        """Return whether a P-TMSI signature shows that ``mobile`` speaks; none is no proof."""
        meant = p_tmsi if p_tmsi is not None and p_tmsi == mobile.former else mobile.p_tmsi
        return meant is not None and signature == self._sign(mobile.imsi, meant)

    def _sign(self, imsi: str, p_tmsi: int) -> bytes:
        text = f"{imsi} {p_tmsi}".encode()
        return blake2b(text, key=self._secret, digest_size=_SIGNATURE).digest()

    def confirm(self, mobile: MmContext) -> None:
        """Know ``mobile`` by its present P-TMSI alone, which it has taken."""
        if mobile.former is not None:
            self._by_p_tmsi.pop(mobile.former, None)
            mobile.former = None

    def note_detached(self, mobile: MmContext, keep: int) -> MmContext | None:
        """Note that ``mobile`` is detached; return the oldest such one beyond ``keep``."""
        self._detached.pop(mobile.imsi, None)
        self._detached[mobile.imsi] = None
        if len(self._detached) <= keep:
            return None
        return self._by_imsi[next(iter(self._detached))]

    def note_present(self, mobile: MmContext) -> None:
        """Note that ``mobile`` is detached no more."""
        self._detached.pop(mobile.imsi, None)

    def remove(self, mobile: MmContext) -> None:
        """Forget ``mobile``."""
        self._by_imsi.pop(mobile.imsi, None)
        self._detached.pop(mobile.imsi, None)
        self._unlink(mobile)
        self._unname(mobile)

    def _link(self, mobile: MmContext) -> None:
        """Know ``mobile`` by its radio link, if that does not have its IMSI's name."""
        name = mobile.link.name
        if name == mobile.imsi:
            self._by_radio.pop(name, None)
        else:
            self._by_radio[name] = mobile

    def _unlink(self, mobile: MmContext) -> None:
        if self._by_radio.get(mobile.link.name) is mobile:
            del self._by_radio[mobile.link.name]

    def _unname(self, mobile: MmContext) -> None:
        self.confirm(mobile)
        if mobile.p_tmsi is not None:
            self._by_p_tmsi.pop(mobile.p_tmsi, None)
            mobile.p_tmsi = None
