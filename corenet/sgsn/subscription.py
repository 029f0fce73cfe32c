"""What the HLR says a subscriber may do, and the choice of APN and GGSN that follows from it.

Specs: TS 23.060 Annex A (APN and GGSN selection), TS 23.003 §9.1 (APN), TS 29.002 §8.8
(Insert Subscriber Data).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from corenet.interfaces.gsup import GsupMessage, PdpInfo
from corenet.interfaces.nas.causes import SmCause

_APN = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_LONGEST_APN = 99
_MOST_DIGITS = 15
"""Of an MSISDN (ITU-T E.164); what is longer cannot be told to a GGSN."""

_QOS_97 = 3
_QOS_99 = 11
"""Octets of a QoS without allocation and retention priority, by release."""
_PRIORITY_OPEN = b"\x00"

WILDCARD = "*"
"""The subscribed APN that stands for every APN."""

SELECTED_SUBSCRIBED = 0
"""Selection mode: the APN is subscribed (TS 29.060 §7.7.12)."""
SELECTED_BY_MS = 1
"""Selection mode: the mobile gave the APN and only the wildcard covers it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The APN that an activation gets."""

    apn: str
    mode: int
    static_address: str | None
    """The subscribed address, None where it is dynamic."""
    charging_characteristics: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an activation gets no APN."""

    sm_cause: SmCause
    text: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber may use, as the HLR inserted it; one object for all with the same."""

    contexts: tuple[PdpInfo, ...] = ()

    def updated(self, message: GsupMessage) -> Subscription:
        """Return the data after an Insert Subscriber Data Request.

        Contexts replace those of the same identity, or all where the message says that it is
        complete.
        """
        return _merged(() if message.pdp_info_complete else self.contexts, message.pdp_info)

    def without(self, context_ids: Collection[int]) -> Subscription:
        """Return the data after a Delete Subscriber Data Request."""
        return Subscription(
            tuple(info for info in self.contexts if info.context_id not in context_ids)
        )

    def select(self, asked_apn: str | None, asked_address: str | None) -> Selection | Refusal:
        """Choose the APN for an activation (TS 23.060 Annex A).

        A mobile that asks for no APN gets the only one it is subscribed to. A static address is
        granted where it is the subscribed one, or the subscription names none.
        """
        if asked_apn is None:
            named = [info for info in self.contexts if info.apn not in (None, WILDCARD)]
            if len(named) != 1:
                return Refusal(SmCause.MISSING_OR_UNKNOWN_APN, "no APN asked, none to choose")
            chosen, mode = named[0], SELECTED_SUBSCRIBED
            apn = network_identifier(chosen.apn or "")
        else:
            apn = network_identifier(asked_apn)
            if not is_apn(apn):
                return Refusal(SmCause.MISSING_OR_UNKNOWN_APN, f"{apn} is no APN")
            found = self._covering(apn)
            if found is None:
                return Refusal(SmCause.SERVICE_OPTION_NOT_SUBSCRIBED, f"{apn} is not subscribed")
            chosen = found
            wildcard = chosen.apn in (None, WILDCARD)
            mode = SELECTED_BY_MS if wildcard else SELECTED_SUBSCRIBED
        if asked_address and chosen.address and asked_address != chosen.address:
            return Refusal(SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE, f"{asked_address} is not theirs")
        charging = chosen.charging_characteristics or b""
        return Selection(
            apn,
            mode,
            chosen.address,
            int.from_bytes(charging, "big") if len(charging) == 2 else None,
        )

    def qos_of(self, apn: str) -> bytes | None:
        """Return the best QoS that is subscribed for an APN, as in GTP; None for any.

        Beside an APN the HLR gives a QoS as TS 24.008 has it, or with the octet of allocation and
        retention priority before it (TS 29.002 §17.7.1).
        """
        info = self._covering(apn)
        if info is None or not info.qos:
            return None
        bare = len(info.qos) in (_QOS_97, _QOS_99)
        return _PRIORITY_OPEN + info.qos if bare else info.qos

    def _covering(self, apn: str) -> PdpInfo | None:
        wildcard = None
        for info in self.contexts:
            if info.apn in (None, WILDCARD):
                wildcard = info
            elif info.apn is not None and info.apn.lower() == apn:
                return info
        return wildcard


@lru_cache(maxsize=1024)
def _merged(kept: tuple[PdpInfo, ...], told: tuple[PdpInfo, ...]) -> Subscription:
    new = tuple(info for info in told if _is_usable(info))
    replaced = {info.context_id for info in new}
    return Subscription(tuple(info for info in kept if info.context_id not in replaced) + new)


NOTHING_SUBSCRIBED: Final = Subscription()


def usable_msisdn(msisdn: str) -> str:
    """Return an MSISDN, or "" where it is longer than any."""
    return msisdn if len(msisdn) <= _MOST_DIGITS else ""


def _is_usable(info: PdpInfo) -> bool:
    return info.apn in (None, WILDCARD) or is_apn(info.apn or "")


def is_apn(apn: str) -> bool:
    """Whether ``apn`` is one that GTP carries (TS 23.003 §9.1)."""
    return len(apn) <= _LONGEST_APN and _APN.fullmatch(apn) is not None


def network_identifier(apn: str) -> str:
    """Return an APN in lower case without its operator identifier (TS 23.003 §9.1.2)."""
    labels = apn.lower().split(".")
    if (
        len(labels) > 3
        and labels[-1] == "gprs"
        and labels[-2].startswith("mcc")
        and labels[-3].startswith("mnc")
    ):
        labels = labels[:-3]
    return ".".join(labels)
