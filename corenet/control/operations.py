"""Every operation of the control interface: path, models, statuses. HTTP and OpenAPI read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from corenet.control.activations import Requested
from corenet.control.core import CoreControl
from corenet.control.faults import (
    FaultList,
    FaultRequest,
    InterfaceFault,
    OfInterface,
    OfNode,
)
from corenet.control.model import (
    Activation,
    ActivationRequest,
    BehaviourRequest,
    ContextList,
    Coverage,
    Done,
    MobileActivation,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    Move,
    NetworkDetach,
    NoParameters,
    OfActivation,
    OfBearer,
    OfContext,
    OfSgsnContext,
    OfTerminal,
    Page,
    Parameters,
    QosRequest,
    SecondaryRequest,
    Setting,
    SgsnQosRequest,
    SmsBehaviourRequest,
    SmsSending,
    Tap,
    TemplateRequest,
    Terminal,
    TerminalList,
    TerminalQuery,
)
from corenet.control.subscriber_model import (
    SubscriberAnswer,
    SubscriberChange,
    SubscriberCreation,
    SubscriberList,
    SubscriberQuery,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart and validated."""

    path: Any
    """An instance of the operation's path model."""
    query: Any
    """An instance of the operation's query model."""
    body: Any
    """An instance of the operation's body model, or None."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, what it gives."""

    name: str
    method: str
    path: str
    summary: str
    answer: type[BaseModel]
    call: Callable[[CoreControl, Call], BaseModel | Requested]
    """A ``Requested`` is answered when it has ended."""
    at: type[Parameters] = NoParameters
    """What the path says."""
    query: type[Parameters] = NoParameters
    body: type[BaseModel] | None = None
    problems: Mapping[int, str] = field(default_factory=dict)

    @property
    def may_be_polled(self) -> bool:
        """Whether it begins something that may be answered before it has ended."""
        return self.answer is Activation and self.method == "POST"


NOT_FOUND = {404: "no such terminal"}
NO_CONTEXT = {404: "it has no such context", 503: "not in service yet"}
NO_SUBSCRIBER = {404: "no such subscriber", 501: "there is no HLR here"}
WRONG_FILTERS = {409: "the filters make no sense, or not beside those of now"}
EDITING = {
    409: "another subscriber has the number or the static address, or an access point is there "
    "twice; `field` says which",
    501: "there is no HLR here",
    503: "not in service yet, or the database cannot be written",
}
NO_MOBILE = {
    404: "no mobile of this lab has that IMSI",
    409: "not in the mobile's present state",
    503: "the mobiles are not in service yet",
}


def _mobile_verb(verb: str, summary: str, *, body: type[BaseModel] | None = None) -> Operation:
    return Operation(
        f"mobile_{verb.replace('-', '_')}",
        "POST",
        f"/v1/mobiles/{{imsi}}/{verb}",
        summary,
        Done,
        lambda control, call: control.drive_mobile(call.path.imsi, verb, call.body),
        at=OfTerminal,
        body=body,
        problems=NO_MOBILE,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_terminals",
        "GET",
        "/v1/terminals",
        "Look terminals up by MSISDN, IMSI or address, or list them all",
        TerminalList,
        lambda control, call: control.terminals(call.query),
        query=TerminalQuery,
        problems=NOT_FOUND,
    ),
    Operation(
        "get_terminal",
        "GET",
        "/v1/terminals/{imsi}",
        "All that the core knows of one terminal",
        Terminal,
        lambda control, call: control.terminal(call.path.imsi),
        at=OfTerminal,
        problems=NOT_FOUND,
    ),
    Operation(
        "request_activation",
        "POST",
        "/v1/activations",
        "Have the network request a PDP context activation; answered when it is up or has failed",
        Activation,
        lambda control, call: control.request_activation(call.body),
        body=ActivationRequest,
        problems=NOT_FOUND
        | {
            409: "the key names an activation of another terminal or APN",
            501: "there is no GGSN here",
            502: "the activation failed: step and cause say where and why",
            503: "the GGSN is not in service yet",
            504: "the activation was not finished in time",
        },
    ),
    Operation(
        "get_activation",
        "GET",
        "/v1/activations/{key}",
        "An activation, running or ended",
        Activation,
        lambda control, call: control.activation(call.path.key),
        at=OfActivation,
        problems={404: "no such activation, or forgotten"},
    ),
    Operation(
        "list_contexts",
        "GET",
        "/v1/contexts",
        "The PDP contexts of every GGSN here",
        ContextList,
        lambda control, call: control.contexts(call.query),
        query=Page,
    ),
    Operation(
        "deactivate",
        "DELETE",
        "/v1/contexts/{imsi}/{apn}",
        "Delete a terminal's PDP contexts on an APN; its SGSN and mobile are told",
        Done,
        lambda control, call: control.deactivate(call.path.imsi, call.path.apn),
        at=OfContext,
        problems={404: "it has no context there, and no activation", 503: "not in service yet"},
    ),
    Operation(
        "deactivate_bearer",
        "DELETE",
        "/v1/contexts/{imsi}/{apn}/bearers/{nsapi}",
        "Delete one of a terminal's PDP contexts on an APN; those that share its address go on",
        Done,
        lambda control, call: control.bearers.deactivate(
            call.path.imsi, call.path.apn, call.path.nsapi
        ),
        at=OfBearer,
        problems=NO_CONTEXT,
    ),
    Operation(
        "change_qos",
        "PUT",
        "/v1/contexts/{imsi}/{apn}/qos",
        "Ask SGSN and mobile for another QoS of a terminal's PDP contexts on an APN; an event "
        "tells how it went",
        Done,
        lambda control, call: control.bearers.change_qos(call.path.imsi, call.path.apn, call.body),
        at=OfContext,
        body=QosRequest,
        problems=NO_CONTEXT,
    ),
    Operation(
        "modify_by_sgsn",
        "PUT",
        "/v1/terminals/{imsi}/contexts/{nsapi}/qos",
        "Have the SGSN ask for another QoS of a PDP context; an event tells how it went",
        Done,
        lambda control, call: control.bearers.modify_by_sgsn(
            call.path.imsi, call.path.nsapi, call.body
        ),
        at=OfSgsnContext,
        body=SgsnQosRequest,
        problems=NO_CONTEXT,
    ),
    Operation(
        "change_template",
        "PUT",
        "/v1/contexts/{imsi}/{apn}/bearers/{nsapi}/template",
        "Ask SGSN and mobile for another traffic flow template of a PDP context; an event tells "
        "how it went",
        Done,
        lambda control, call: control.bearers.change_template(
            call.path.imsi, call.path.apn, call.path.nsapi, call.body
        ),
        at=OfBearer,
        body=TemplateRequest,
        problems=NO_CONTEXT | WRONG_FILTERS,
    ),
    Operation(
        "request_secondary",
        "POST",
        "/v1/contexts/{imsi}/{apn}/bearers",
        "Have the network request a secondary PDP context with the address that a terminal has "
        "on an APN; an event tells how it went",
        Done,
        lambda control, call: control.bearers.request_secondary(
            call.path.imsi, call.path.apn, call.body
        ),
        at=OfContext,
        body=SecondaryRequest,
        problems=NO_CONTEXT | WRONG_FILTERS,
    ),
    Operation(
        "detach_terminal",
        "POST",
        "/v1/terminals/{imsi}/detach",
        "Have the network detach a terminal",
        Done,
        lambda control, call: control.detach(call.path.imsi, call.body),
        at=OfTerminal,
        body=NetworkDetach,
        problems={404: "it is attached to no SGSN here", 503: "not in service yet"},
    ),
    Operation(
        "reallocate_p_tmsi",
        "POST",
        "/v1/terminals/{imsi}/p-tmsi",
        "Have the network give a terminal another P-TMSI",
        Done,
        lambda control, call: control.reallocate_p_tmsi(call.path.imsi),
        at=OfTerminal,
        problems={
            404: "it is attached to no SGSN here",
            409: "it is being given one already",
            503: "not in service yet",
        },
    ),
    Operation(
        "list_faults",
        "GET",
        "/v1/faults",
        "The interfaces, and what is wrong with each",
        FaultList,
        lambda control, _call: control.faults.list(),
    ),
    Operation(
        "lay_fault",
        "PUT",
        "/v1/faults/{interface}",
        "Have what nodes here send on an interface lost or delayed, until the next word",
        InterfaceFault,
        lambda control, call: control.faults.lay(call.path.interface, call.body),
        at=OfInterface,
        body=FaultRequest,
        problems={501: "nobody can interfere here"},
    ),
    Operation(
        "reset_connections",
        "POST",
        "/v1/faults/{interface}/reset",
        "Break every connection on an interface; whoever wants one opens it anew",
        Done,
        lambda control, call: control.faults.reset(call.path.interface),
        at=OfInterface,
        problems={409: "it has no connections", 501: "nobody can interfere here"},
    ),
    Operation(
        "clear_faults",
        "DELETE",
        "/v1/faults",
        "Take every fault away",
        Done,
        lambda control, _call: control.faults.clear(),
        problems={501: "nobody can interfere here"},
    ),
    Operation(
        "restart_node",
        "POST",
        "/v1/nodes/{node}/restart",
        "Have a GGSN, an SGSN or the HLR crash and come back, with what is on disk",
        Done,
        lambda control, call: control.faults.restart(call.path.node),
        at=OfNode,
        problems={404: "no such node", 501: "nodes cannot be restarted here"},
    ),
    Operation(
        "list_subscribers",
        "GET",
        "/v1/subscribers",
        "The HLR's subscribers, or the one with an MSISDN",
        SubscriberList,
        lambda control, call: control.subscribers.look_up(call.query),
        query=SubscriberQuery,
        problems=NO_SUBSCRIBER,
    ),
    Operation(
        "get_subscriber",
        "GET",
        "/v1/subscribers/{imsi}",
        "A subscriber, as the HLR has it",
        SubscriberAnswer,
        lambda control, call: control.subscribers.get(call.path.imsi),
        at=OfTerminal,
        problems=NO_SUBSCRIBER,
    ),
    Operation(
        "create_subscriber",
        "POST",
        "/v1/subscribers",
        "Give the HLR another subscriber",
        SubscriberAnswer,
        lambda control, call: control.subscribers.create(call.body),
        body=SubscriberCreation,
        problems=EDITING,
    ),
    Operation(
        "change_subscriber",
        "PATCH",
        "/v1/subscribers/{imsi}",
        "Change what is named of a subscriber; its SGSN is told, and ends what is not allowed now",
        SubscriberAnswer,
        lambda control, call: control.subscribers.change(call.path.imsi, call.body),
        at=OfTerminal,
        body=SubscriberChange,
        problems=EDITING | NO_SUBSCRIBER,
    ),
    Operation(
        "delete_subscriber",
        "DELETE",
        "/v1/subscribers/{imsi}",
        "Have the HLR forget a subscriber; its SGSN sends the mobile away",
        Done,
        lambda control, call: control.subscribers.delete(call.path.imsi),
        at=OfTerminal,
        problems=NO_SUBSCRIBER | {503: EDITING[503]},
    ),
    _mobile_verb("attach", "Have the mobile attach to GPRS"),
    _mobile_verb("detach", "Have the mobile detach from GPRS"),
    _mobile_verb("power-on", "Switch the mobile on; it attaches"),
    _mobile_verb("power-off", "Switch the mobile off; it detaches"),
    _mobile_verb(
        "lose-power",
        "Take the mobile's battery out: it is off without a word",
    ),
    _mobile_verb("move", "Take the mobile to another cell", body=Move),
    _mobile_verb("coverage", "Put the mobile in or out of radio coverage", body=Coverage),
    _mobile_verb(
        "behaviour",
        "Say what the mobile does with the network's request for an activation",
        body=BehaviourRequest,
    ),
    _mobile_verb(
        "sms-behaviour",
        "Say what the mobile does with short messages",
        body=SmsBehaviourRequest,
    ),
    _mobile_verb("send-sms", "Have the mobile send a text", body=SmsSending),
    _mobile_verb(
        "activate", "Have the mobile activate a PDP context by itself", body=MobileActivation
    ),
    _mobile_verb(
        "deactivate",
        "Have the mobile deactivate its PDP contexts by itself",
        body=MobileDeactivation,
    ),
    _mobile_verb(
        "activate-secondary",
        "Have the mobile activate a secondary PDP context by itself",
        body=MobileSecondary,
    ),
    _mobile_verb(
        "modify",
        "Have the mobile ask for another QoS or traffic flow template of a PDP context",
        body=MobileModification,
    ),
    _mobile_verb("tap", "Have the user tap on something shown, which opens it", body=Tap),
    _mobile_verb(
        "setting",
        "Change a setting of an application on the mobile, as the lab file names it",
        body=Setting,
    ),
)
