"""The state machines of an SGSN: mobility, reachability, sessions, what GGSNs have asked for.

Specs: TS 23.060 §6.1 and §9.2, TS 24.008 §4.1.3.3, §4.7 and §6.1.2.2. Timers expire for the last
time after ``RadioTimers.attempts`` transmissions, T3313 after ``paging_attempts``.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from corenet.machine import Machine
from corenet.sgsn.events import MmState, PdpState, Reachability


class RequestState(StrEnum):
    """Where a network-requested activation stands."""

    WAITING = "waiting"
    """The mobile is attaching, or accepts the deactivation of a stale context; or the GGSN is asked
    whether it has the context that is active here.
    """
    PAGING = "paging"
    """The mobile is in STANDBY and is called."""
    REQUESTING = "requesting"
    """The mobile has been asked; T3385 runs."""
    ACTIVATING = "activating"
    """The mobile's activation is under way, or was when the notification came."""


_ATTACH: Final = ("Attach Request",)
_DETACH: Final = "Detach Request of the mobile"
_CANCEL: Final = "Cancel Location"

MOBILITY: Final = Machine(
    begins=MappingProxyType(
        {MmState.ATTACHING: (*_ATTACH, "Routing Area Update Request from another SGSN's area")}
    ),
    moves=MappingProxyType(
        {
            (MmState.ATTACHING, MmState.ATTACHING): ("another Attach Request",),
            (MmState.ATTACHING, MmState.ATTACHED): (
                "Attach Complete, or what else shows that the Accept has arrived",
                "Update Location Result for a mobile that comes from another SGSN",
            ),
            (MmState.ATTACHING, MmState.DETACHED): (
                "T3350 expires for the last time",
                _DETACH,
                _CANCEL,
            ),
            (MmState.ATTACHED, MmState.ATTACHED): (
                "Routing Area Update Request, periodic or from another area of this SGSN",
                "P-TMSI reallocation",
            ),
            (MmState.ATTACHED, MmState.ATTACHING): _ATTACH,
            (MmState.ATTACHED, MmState.LEAVING): ("SGSN Context Request",),
            (MmState.ATTACHED, MmState.DETACHING): (
                "command",
                "Cancel Location, subscription withdrawn",
                "Delete Subscriber Data that leaves nothing",
                "Update Location that is refused, after the HLR was reset",
            ),
            (MmState.ATTACHED, MmState.DETACHED): (
                _DETACH,
                "the mobile reachable timer expires",
                _CANCEL,
                "Routing Area Update Request, and the mobile cannot show who it is",
                "it comes back from another SGSN",
            ),
            (MmState.LEAVING, MmState.ATTACHED): (
                "SGSN Context Acknowledge that refuses",
                "no SGSN Context Acknowledge in time",
            ),
            (MmState.LEAVING, MmState.ATTACHING): _ATTACH,
            (MmState.LEAVING, MmState.DETACHED): (
                _CANCEL,
                "no Cancel Location in time",
                "Routing Area Update Request: it is here again",
                _DETACH,
                "it comes back from another SGSN",
            ),
            (MmState.DETACHING, MmState.ATTACHING): _ATTACH,
            (MmState.DETACHING, MmState.DETACHED): (
                "Detach Accept",
                _DETACH,
                "T3322 expires for the last time",
                _CANCEL,
                "it comes back from another SGSN",
            ),
            (MmState.DETACHED, MmState.ATTACHING): _ATTACH,
            (MmState.DETACHED, MmState.DETACHED): (_CANCEL, "it comes back from another SGSN"),
        }
    ),
    ends=MappingProxyType(
        {
            MmState.ATTACHING: ("Attach Reject", "Routing Area Update Reject"),
            MmState.DETACHED: (
                "detached implicitly, moved, or location cancelled",
                "too many are detached: the oldest is purged",
            ),
        }
    ),
)
"""MM contexts; one that is detached stays known for a while."""

REACHABILITY: Final = Machine(
    begins=MappingProxyType({Reachability.READY: ("ATTACHED",)}),
    moves=MappingProxyType(
        {
            (Reachability.READY, Reachability.STANDBY): (
                "the READY timer (T3314) expires",
                "it was to move to another SGSN, and did not",
            ),
            (Reachability.STANDBY, Reachability.READY): ("any LLC frame of the mobile",),
        }
    ),
    ends=MappingProxyType(
        {
            Reachability.READY: ("not ATTACHED any more",),
            Reachability.STANDBY: (
                "not ATTACHED any more",
                "the mobile reachable timer expires: detached implicitly",
            ),
        }
    ),
)
"""Of an attached mobile; kept as ``RadioLink.standby``, which is asked for each frame."""

SESSION: Final = Machine(
    begins=MappingProxyType(
        {
            PdpState.CREATING: (
                "Activate PDP Context Request",
                "Activate Secondary PDP Context Request",
                "SGSN Context Response",
            )
        }
    ),
    moves=MappingProxyType(
        {
            (PdpState.CREATING, PdpState.ACTIVE): (
                "Create PDP Context Response that accepts",
                "Update Location Result for a mobile that comes from another SGSN",
            ),
            (PdpState.ACTIVE, PdpState.ACTIVE): (
                "Modify PDP Context Request of the mobile, Update PDP Context Request of the GGSN",
                "command, or the subscription has another QoS",
            ),
            (PdpState.ACTIVE, PdpState.DEACTIVATING): (
                "Deactivate PDP Context Request of the mobile",
                "Delete PDP Context Request",
                "Error Indication, or Non-existent, of the GGSN",
                "the GGSN has restarted",
                "PDU Notification Request for what is active, and the GGSN does not have it",
                "the subscription has it no more",
                "command",
            ),
        }
    ),
    ends=MappingProxyType(
        {
            PdpState.CREATING: (
                "Create PDP Context Response that refuses, or none",
                "the mobile gives it up, detaches or begins anew",
                "SM Status",
            ),
            PdpState.ACTIVE: (
                "the mobile detaches or begins anew",
                "the mobile has it no more: SM Status, or the context status of an update",
                "another context of its address goes with teardown",
                "another SGSN has it",
            ),
            PdpState.DEACTIVATING: (
                "Deactivate PDP Context Accept, sent or received",
                "Deactivate PDP Context Request of the mobile, crossing",
                "SM Status",
                "T3395 expires for the last time",
                "the mobile detaches or begins anew",
            ),
        }
    ),
)
"""PDP contexts; a context that is inactive is none."""

_BEGINS_ANEW: Final = ("the mobile attaches anew",)
_GONE: Final = "the mobile detaches or goes to another SGSN: 29 with 5"

REQUEST: Final = Machine(
    begins=MappingProxyType(
        {RequestState.WAITING: ("PDU Notification Request (27), accepted with 28",)}
    ),
    moves=MappingProxyType(
        {
            (RequestState.WAITING, RequestState.WAITING): _BEGINS_ANEW,
            (RequestState.WAITING, RequestState.PAGING): ("the mobile may be asked",),
            (RequestState.WAITING, RequestState.ACTIVATING): (
                "the mobile is activating this PDP already",
            ),
            (RequestState.PAGING, RequestState.REQUESTING): (
                "the mobile is READY, or answers the page: Request PDP Context Activation",
            ),
            (RequestState.PAGING, RequestState.ACTIVATING): (
                "Activate PDP Context Request for the same PDP",
            ),
            (RequestState.PAGING, RequestState.WAITING): _BEGINS_ANEW,
            (RequestState.REQUESTING, RequestState.ACTIVATING): (
                "Activate PDP Context Request that answers, or for the same PDP",
            ),
            (RequestState.REQUESTING, RequestState.WAITING): _BEGINS_ANEW,
            (RequestState.ACTIVATING, RequestState.WAITING): _BEGINS_ANEW,
        }
    ),
    ends=MappingProxyType(
        {
            RequestState.WAITING: (
                "the GGSN has the context that is active here",
                "the GGSN does not say whether it has it: 29 with 204",
                "the attach fails: 29 with 5",
                _GONE,
            ),
            RequestState.PAGING: ("T3313 expires for the last time: 29 with 5, MNRG set", _GONE),
            RequestState.REQUESTING: (
                "T3385 expires for the last time: 29 with 5, MNRG set",
                "Request PDP Context Activation Reject, or SM Status: 29 with 4",
                _GONE,
            ),
            RequestState.ACTIVATING: (
                "the context is active",
                "the SGSN refuses the mobile: 29 with 199, 200 or 204",
                "the GGSN refuses: it knows",
                "the GGSN does not answer: 29 with 204",
                "the mobile gives the activation up: 29 with 4",
                _GONE,
            ),
        }
    ),
)
"""Network-requested activations (TS 23.060 §9.2.2.2)."""
