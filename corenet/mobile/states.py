"""The state machines of a mobile: mobility and sessions.

Specs: TS 24.008 §4.1.3.1, §4.7 and §6.1.2.1. Timers expire for the last time after
``MobileTimers.attempts`` transmissions.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from corenet.machine import Machine
from corenet.mobile.events import ContextState, MobileState

MOBILITY: Final = Machine(
    begins=MappingProxyType({MobileState.DETACHED: ("it has a SIM",)}),
    moves=MappingProxyType(
        {
            (MobileState.DETACHED, MobileState.ATTACHING): (
                "command, power on",
                "T3311 or T3302 expires, or a cell is found while it runs",
                "right after Detach Request, re-attach required",
                "right after Routing Area Update Reject 9 or 10, or Attach Reject 9",
            ),
            (MobileState.ATTACHING, MobileState.ATTACHING): ("another cell is found",),
            (MobileState.ATTACHING, MobileState.ATTACHED): ("Attach Accept",),
            (MobileState.ATTACHING, MobileState.DETACHED): (
                "Attach Reject",
                "T3310 expires for the last time",
                "Authentication Reject",
                "Detach Request of the network",
                "power off, power lost",
            ),
            (MobileState.ATTACHING, MobileState.DETACHING): ("command",),
            (MobileState.ATTACHED, MobileState.ATTACHED): (
                "another routing area, or T3312 expires: Routing Area Update Request",
                "the same again when T3311 or T3302 expires after a failure",
            ),
            (MobileState.ATTACHED, MobileState.DETACHING): ("command",),
            (MobileState.ATTACHED, MobileState.DETACHED): (
                "Detach Request of the network",
                "Routing Area Update Reject 9, 10 or a final one",
                "Authentication Reject",
                "power off, power lost",
            ),
            (MobileState.DETACHING, MobileState.DETACHED): (
                "Detach Accept",
                "T3321 expires for the last time",
                "Detach Request of the network, crossing",
                "command to attach, power off, power lost",
            ),
        }
    ),
    ends=MappingProxyType({}),
)

SESSION: Final = Machine(
    begins=MappingProxyType(
        {
            ContextState.ACTIVATING: (
                "command",
                "Request PDP Context Activation",
                "Request Secondary PDP Context Activation",
            )
        }
    ),
    moves=MappingProxyType(
        {
            (ContextState.ACTIVATING, ContextState.ACTIVE): (
                "Activate PDP Context Accept",
                "Activate Secondary PDP Context Accept",
            ),
            (ContextState.ACTIVATING, ContextState.DEACTIVATING): ("command",),
            (ContextState.ACTIVE, ContextState.ACTIVE): (
                "command: Modify PDP Context Request",
                "Modify PDP Context Request of the network",
            ),
            (ContextState.ACTIVE, ContextState.DEACTIVATING): ("command",),
        }
    ),
    ends=MappingProxyType(
        {
            ContextState.ACTIVATING: (
                "Activate PDP Context Reject, or that of a secondary one",
                "T3380 expires for the last time",
                "Deactivate PDP Context Request of the network",
                "SM Status 81 or 97",
                "the network asks for a PDP with the same transaction identifier",
                "it detaches",
            ),
            ContextState.ACTIVE: (
                "Deactivate PDP Context Request of the network",
                "SM Status 81",
                "the PDP context status of a Routing Area Update Accept is without it",
                "the network asks for a PDP with its transaction identifier or address",
                "it detaches",
            ),
            ContextState.DEACTIVATING: (
                "Deactivate PDP Context Accept",
                "Deactivate PDP Context Request of the network, crossing",
                "T3390 expires for the last time",
                "SM Status 81 or 97",
                "it detaches",
            ),
        }
    ),
)
"""PDP contexts; a context that is inactive is none."""
