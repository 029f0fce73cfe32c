"""The language of scenario files: what is arranged, what is done, what is expected.

A file has one scenario. Its name is the file's. Times are seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from corenet.interfaces.node import Interface
from testbed.codecs.pap import DeliveryMethod
from testbed.lab.parts import ApnName, Host, Msisdn, Part, Seconds

Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Text = Annotated[str, StringConstraints(strict=True)]
NodeName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Wait = Annotated[float, Field(ge=0, le=86_400)]
Fields = dict[Text, Any]


class MessagePart(Part):
    """A message, by its name and what is in it; or an event, by the name of its class."""

    message: Text | None = Field(
        default=None, description="its name, as ladders have it: `PDU Notification Request`"
    )
    event: Text | None = Field(
        default=None, description="the name of an event of a node: `PdpContextCreated`"
    )
    on: Interface | None = Field(default=None, description="the interface of a message")
    source: Text | None = Field(
        default=None, alias="from", description="name or address of its sender"
    )
    to: Text | None = Field(default=None, description="name or address of its receiver")
    of: Text | None = Field(default=None, description="name of the node of an event")
    fields: Fields = Field(
        default_factory=dict,
        alias="with",
        description="values of information elements or fields, by dotted path",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.message is None) == (self.event is None):
            raise ValueError("say either message or event")
        if self.event is not None and (self.on or self.source or self.to):
            raise ValueError("an event is of a node, and neither on, from nor to anything")
        if self.message is not None and self.of is not None:
            raise ValueError("a message is from a node and to a node, not of one")
        return self


class OrderedPart(MessagePart):
    """One rung of what is expected in order."""

    times: int = Field(default=1, ge=1, le=1000, description="so many, one after the other")


class CountPart(MessagePart):
    """How many there are to be in all."""

    times: int = Field(ge=0, le=100_000, alias="is")
    repeats: bool = Field(
        default=False,
        description="count a message that is sent again, which it is when a machine stalls, too",
    )


class FaultPart(Part):
    """What is done to messages on their way between nodes."""

    lose: MessagePart | None = Field(default=None, description="they do not arrive")
    delay: MessagePart | None = Field(default=None, description="they go later")
    repeat: MessagePart | None = Field(default=None, description="they go twice")
    answer: MessagePart | None = Field(
        default=None, description="their sender is answered instead, as from their receiver"
    )
    cut: tuple[NodeName, NodeName] | None = Field(
        default=None, description="two nodes between which nothing passes"
    )
    by: Seconds = Field(default=1.0, description="how much later, for `delay`")
    values: Fields = Field(
        default_factory=dict,
        description="what is in the answer, for `answer`: elements of the GTP response",
    )
    skip: int = Field(default=0, ge=0, description="so many pass before the first")
    times: int | None = Field(default=None, ge=1, description="so many; all when absent")
    seconds: Seconds | None = Field(
        default=None, description="over after this time; never when absent"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        kinds = (self.lose, self.delay, self.repeat, self.answer, self.cut)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("say one of lose, delay, repeat, answer and cut")
        if any(isinstance(kind, MessagePart) and kind.event for kind in kinds):
            raise ValueError("only messages can be lost, held back, repeated or answered")
        return self


class ArrangePart(Part):
    """What is there before anything is done."""

    lab: Text | dict[str, Any] = Field(
        default="quick", description="a lab that comes along, a lab file, or a lab in place"
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description="settings that this scenario has otherwise, in the form of the lab file; "
        "subscribers by MSISDN",
    )
    terminal: Msisdn | None = Field(
        default=None, description="the terminal that steps and expectations are about"
    )
    faults: tuple[FaultPart, ...] = Field(default=(), description="from the first step on")
    rest: Wait = Field(default=0.0, description="so long after all have attached, steps begin")


class PushStep(Part):
    """A push initiator posts a push to the gateway."""

    terminal: Msisdn | None = None
    text: Text = "You have 4 new messages"
    lifetime: Seconds = Field(default=12.0, description="until its deliver-before time")
    delivery: DeliveryMethod = DeliveryMethod.NOT_SPECIFIED


class ActivateStep(Part):
    """Somebody asks the control interface for an activation."""

    terminal: Msisdn | None = None
    apn: ApnName | None = Field(default=None, description="the subscriber's first when absent")
    deadline: Seconds | None = None


class DatagramStep(Part):
    """A host outside sends a push as a plain datagram to an address."""

    to: Host | None = Field(
        default=None, description="the terminal's first static address when absent"
    )
    terminal: Msisdn | None = None
    text: Text = "You have 4 new messages"


class MobileStep(Part):
    """A mobile does something: any of the control interface's verbs for mobiles."""

    verb: Text = Field(alias="do")
    body: dict[str, Any] | None = Field(default=None, alias="with")
    terminal: Msisdn | None = None


class NetworkStep(Part):
    """The network does something to a terminal: an operation of the control interface."""

    operation: Literal["deactivate", "detach_terminal", "reallocate_p_tmsi", "change_qos"] = Field(
        alias="do"
    )
    body: dict[str, Any] | None = Field(default=None, alias="with")
    terminal: Msisdn | None = None
    apn: ApnName | None = None


class UntilStep(MessagePart):
    """Wait until something is seen."""

    within: Seconds = 10.0


class UntilTerminalStep(Part):
    """Wait until the control interface says this of a terminal."""

    terminal: Msisdn | None = None
    has: Fields
    within: Seconds = 10.0


class StepPart(Part):
    """One step; those without ``at`` come one after the other."""

    at: Wait | None = Field(
        default=None, description="seconds after the first step began; else after the one before"
    )
    name: Name | None = Field(
        default=None, description="what expectations call this activation or push"
    )
    push: PushStep | None = None
    activate: ActivateStep | None = None
    datagram: DatagramStep | None = None
    mobile: MobileStep | None = None
    network: NetworkStep | None = None
    restart: NodeName | None = Field(
        default=None,
        description="a GGSN, an SGSN or the HLR crashes and comes back; only an HLR with a "
        "`database` knows anything then",
    )
    reset: Literal["gsup", "smpp"] | None = Field(
        default=None, description="every connection on an interface breaks"
    )
    fault: FaultPart | None = None
    mend: Literal["everything"] | None = Field(default=None, description="end every fault")
    wait: Wait | None = None
    until: UntilStep | None = None
    until_terminal: UntilTerminalStep | None = None

    @property
    def kind(self) -> str:
        """Which of the things that a step can be it is."""
        return next(
            name
            for name in type(self).model_fields
            if name not in ("at", "name") and getattr(self, name) is not None
        )

    @model_validator(mode="after")
    def _one(self) -> Self:
        kinds = [
            name
            for name in type(self).model_fields
            if name not in ("at", "name") and getattr(self, name) is not None
        ]
        if len(kinds) != 1:
            raise ValueError("a step does one thing")
        if self.name is not None and kinds[0] not in ("push", "activate"):
            raise ValueError("only activations and pushes have names")
        return self


class ScreenPart(Part):
    """What is on a mobile's screen, oldest first."""

    terminal: Msisdn | None = None
    shows: tuple[Any, ...] = Field(description="the text of each thing shown; none: nothing is")


class TerminalPart(Part):
    """What the control interface says of a terminal, as in its answer."""

    terminal: Msisdn | None = None
    has: Fields


class ExpectPart(Part):
    """What should come of it."""

    within: Seconds = Field(
        default=15.0, description="seconds after the last step by which all this is so"
    )
    after: Wait = Field(
        default=0.2, description="seconds for which it is watched on when all this is so"
    )
    ladder: tuple[OrderedPart, ...] = Field(
        default=(), description="messages and events in this order, with anything in between"
    )
    never: tuple[MessagePart, ...] = Field(default=(), description="what must not be seen")
    count: tuple[CountPart, ...] = Field(default=(), description="so many in all, no more or less")
    activation: Fields | None = Field(
        default=None, description="of the one activation, as the control interface answers it"
    )
    activations: dict[Name, Fields] = Field(default_factory=dict, description="by name")
    push: Fields | None = Field(
        default=None,
        description="of the one push: `accepted`, the gateway's code; `state`, `code` and `text` "
        "of its result notification, absent where there is none",
    )
    pushes: dict[Name, Fields] = Field(default_factory=dict, description="by name")
    screens: tuple[ScreenPart, ...] = ()
    screen: tuple[Any, ...] | None = Field(
        default=None, description="`shows` of the scenario's terminal"
    )
    terminals: tuple[TerminalPart, ...] = ()
    terminal: Fields | None = Field(default=None, description="`has` of the scenario's terminal")
    counters: dict[NodeName, dict[Text, Any]] = Field(
        default_factory=dict, description="by how much nodes' counters have grown"
    )


class ScenarioPart(Part):
    """A scenario file."""

    summary: Annotated[str, StringConstraints(min_length=10)] = Field(
        description="one sentence, which begins small and has no full stop"
    )
    clauses: tuple[Text, ...] = Field(default=(), description="of standards: `23.060 §9.2.2.2`")
    arrange: ArrangePart = ArrangePart()
    act: tuple[StepPart, ...] = Field(min_length=1)
    expect: ExpectPart
