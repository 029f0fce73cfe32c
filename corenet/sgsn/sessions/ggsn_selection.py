"""Which GGSNs may serve an activation, in the order in which they are asked.

Specs: TS 23.060 Annex A (APN and GGSN selection) and §9.2.2.1, TS 23.003 §9.1 (the operator
identifier, and the name that the DNS is asked for), GSMA IR.67 (DNS between operators),
TS 29.060 §7.3.2 and §7.7.102 (GGSN Back-Off Time).

Theory of operation. An access point has its GGSNs in the configuration, else the DNS is asked for
its network identifier with the operator identifier of the mobile's home network, or with the one
that the mobile has written. The addresses of the configuration are in order of preference; those
of the DNS are taken in random order, so that the load is spread while an answer is kept.

Before all others comes the GGSN that has a context of the mobile on the same access point. A GGSN
whose path is down, that did not answer lately, or that lately refused for want of resources, is
asked last: it may be back, but somebody's activation should not have to find that out while there
are others. One that has said how long it wants to be left alone is not asked for that long; where
there is no other, the mobile is told how long it has to wait.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from corenet.interfaces.names import NameAnswer
from corenet.interfaces.nas.causes import SmCause
from corenet.sgsn.config import ANY_APN, RoutingArea
from corenet.sgsn.core import Core
from corenet.sgsn.events import PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.sessions.back_off import back_off_seconds, timer_3
from corenet.sgsn.sessions.ggsn_names import GgsnNames, Then
from corenet.sgsn.subscription import network_identifier
from gtp.constants import GTP_C_PORT, Cause
from gtp.path import PathState

PASSING: Final = frozenset(
    {
        Cause.NO_RESOURCES_AVAILABLE,
        Cause.SYSTEM_FAILURE,
        Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED,
        Cause.NO_MEMORY_IS_AVAILABLE,
        Cause.APN_CONGESTION,
    }
)
"""Refusals that are about the GGSN and the moment: another one may grant the same."""

_MOST_REMEMBERED: Final = 4096
"""GGSNs that are avoided, by APN; beyond, the oldest is asked as any other."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The GGSNs that an activation may turn to, or why there is none."""

    ggsns: tuple[str, ...]
    sm_cause: SmCause = SmCause.MISSING_OR_UNKNOWN_APN
    """Where there is none."""
    back_off: int | None = None
    """GPRS timer 3: how long the mobile has to wait, where there is none."""


class GgsnSelection:
    """Knows the GGSNs of access points, and how they have served lately."""

    def __init__(self, core: Core) -> None:
        config = core.config
        self._core = core
        self._static = {network_identifier(apn): ggsns for apn, ggsns in config.ggsns.items()}
        self._dns = config.dns
        self._names = None if config.dns is None else GgsnNames(core, config.dns)
        self._avoided: OrderedDict[tuple[str, str], float] = OrderedDict()
        """Until when a GGSN is asked last, by its address and an APN, "" for every one."""
        self._backed_off: OrderedDict[tuple[str, str], float] = OrderedDict()
        """Until when a GGSN is not asked at all."""

    def __len__(self) -> int:
        """Return how many questions to the DNS are open."""
        return 0 if self._names is None else len(self._names)

    def find(self, mobile: MmContext, apn: str, asked: str | None, now: float) -> Choice | None:
        """Return the GGSNs of ``apn``, None where ``wait`` is needed first.

        ``asked`` is what the mobile has written.
        """
        static = self._static.get(apn)
        if static is None and self._names is None:
            static = self._static.get(ANY_APN)
        if static is not None or self._names is None:
            return self._ordered(mobile, apn, static or (), now)
        answer = self._names.known(self._name(mobile, apn, asked), now)
        return None if answer is None else self.choose(mobile, apn, answer, now)

    def wait(self, mobile: MmContext, apn: str, asked: str | None, now: float, then: Then) -> None:
        """Ask the DNS; ``then`` gets an answer for ``choose``."""
        assert self._names is not None, "find has returned None"
        self._names.ask(self._name(mobile, apn, asked), now, then)

    def choose(self, mobile: MmContext, apn: str, answer: NameAnswer, now: float) -> Choice:
        """Put what the DNS has said in order."""
        if answer.failure is not None:
            return Choice((), SmCause.NETWORK_FAILURE)
        addresses = list(answer.addresses)
        self._core.random.shuffle(addresses)
        return self._ordered(mobile, apn, tuple(addresses), now)

    def name_answered(self, answer: NameAnswer, now: float) -> None:
        """Take the DNS's answer."""
        if self._names is not None:
            self._names.answered(answer, now)

    def note_silent(self, ggsn: str, now: float) -> None:
        """Take note that a GGSN did not answer."""
        self._remember(self._avoided, (ggsn, ""), now + self._core.config.ggsn_avoidance)

    def note_refused(self, ggsn: str, apn: str, back_off: int | None, now: float) -> None:
        """Take note that a GGSN refused for want of resources; ``back_off`` is as it wrote it."""
        seconds = None if back_off is None else back_off_seconds(back_off)
        if seconds is None:
            self._remember(self._avoided, (ggsn, apn), now + self._core.config.ggsn_avoidance)
        elif seconds > 0:
            self._core.count("ggsn_back_offs")
            self._remember(self._backed_off, (ggsn, apn), now + seconds)
        else:
            self._backed_off.pop((ggsn, apn), None)

    def note_served(self, ggsn: str, apn: str) -> None:
        """Take note that a GGSN serves."""
        if self._avoided:
            self._avoided.pop((ggsn, apn), None)
            self._avoided.pop((ggsn, ""), None)

    def _ordered(self, mobile: MmContext, apn: str, ggsns: tuple[str, ...], now: float) -> Choice:
        if not ggsns:
            return Choice(())
        if self._backed_off:
            ends = {ggsn: self._backed_off.get((ggsn, apn), 0.0) for ggsn in ggsns}
            ggsns = tuple(ggsn for ggsn in ggsns if ends[ggsn] <= now)
            if not ggsns:
                wait = min(ends.values()) - now
                self._core.count("activations_backed_off")
                return Choice((), SmCause.INSUFFICIENT_RESOURCES, timer_3(wait))
        if len(ggsns) > 1:
            serving = {
                context.tunnel.ggsn
                for context in mobile.contexts.values()
                if context.apn == apn and context.state is PdpState.ACTIVE
            }
            rank = {
                ggsn: (ggsn not in serving) + 2 * self._is_avoided(ggsn, apn, now) for ggsn in ggsns
            }
            ggsns = tuple(sorted(ggsns, key=rank.__getitem__))
        return Choice(ggsns[: self._core.config.most_ggsns])

    def _is_avoided(self, ggsn: str, apn: str, now: float) -> bool:
        if self._core.endpoint.path_state((ggsn, GTP_C_PORT)) is PathState.DOWN:
            return True
        avoided = self._avoided
        return max(avoided.get((ggsn, apn), 0.0), avoided.get((ggsn, ""), 0.0)) > now

    def _remember(
        self, table: OrderedDict[tuple[str, str], float], key: tuple[str, str], until: float
    ) -> None:
        table[key] = until
        table.move_to_end(key)
        if len(table) > _MOST_REMEMBERED:
            table.popitem(last=False)

    def _name(self, mobile: MmContext, apn: str, asked: str | None) -> str:
        """Return the name of an access point in the DNS (TS 23.003 §9.1)."""
        written = (asked or "").lower()
        if written != network_identifier(written):
            return written
        three = () if self._dns is None else self._dns.three_digit_mncs
        return f"{apn}.{operator_identifier(mobile.imsi, self._core.config.routing_areas, three)}"


def operator_identifier(
    imsi: str, areas: tuple[RoutingArea, ...], three_digit_mncs: frozenset[str] | tuple[()]
) -> str:
    """Return the operator identifier of an IMSI's home network (TS 23.003 §9.1.2).

    How long its MNC is, the IMSI does not show: as that of the SGSN's own network, else as is
    usual under its MCC.
    """
    mcc = imsi[:3]
    own = [area.mnc for area in areas if imsi.startswith(area.mcc + area.mnc)]
    usual = imsi[3 : 6 if mcc in three_digit_mncs else 5]
    mnc = max(own, key=len, default=usual)
    return f"mnc{mnc:0>3}.mcc{mcc}.gprs"
