"""What a lab file may say of SMSCs, the lab's own and those that the gateway binds to."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from corenet.interfaces.node import Address
from testbed.codecs.smpp import BindTransceiver, DataCoding, SmeAddress
from testbed.codecs.smpp.constants import VERSION_3_4
from testbed.esme.config import EsmeConfig, Smsc, SmscMode
from testbed.lab.parts import HlrLinkPart, Host, Msisdn, Part, Port, Seconds
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.links import Account
from testbed.smsc.config import Esme, Limits, SmscConfig
from testbed.smsc.message import Mode
from testbed.smsc.stored import RetryPolicy
from testbed.smsc.transaction import TransactionPolicy

Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_.-]+$")]
SystemId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=15)]
ServiceNumber = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{2,15}$")]
Weight = Annotated[float, Field(gt=0)]


class ListeningPart(Part):
    """Where an ESME takes an outbind."""

    address: Host
    port: Port = 2775


class EsmePart(Part):
    """One that may bind to the SMSC."""

    system_id: SystemId
    password: str = Field(default="", max_length=8)
    lane: Name | None = Field(default=None, description="of its messages; the first when absent")
    rate: float | None = Field(
        default=None, gt=0, description="submissions a second in the long run; else ESME_RTHROTTLED"
    )
    window: int = Field(default=1_000, ge=1, description="requests that it may have open")
    messages: int | None = Field(
        default=None,
        ge=1,
        description="of it that may be stored and wait, else ESME_RMSGQFUL; null: as of all",
    )
    numbers: tuple[ServiceNumber, ...] = Field(
        default=(),
        description="short codes and numbers at which mobiles write to it, as deliver_sm",
    )
    outbind: ListeningPart | None = Field(
        default=None, description="where it is called when something is due and it is not bound"
    )


class TransactionPart(Part):
    """How the SMSC goes about a message in transaction mode."""

    window: Seconds = Field(
        default=20.0, description="from the first segment until all must have arrived"
    )
    at_once: int = Field(default=1, ge=1, le=16, description="segments under way at one time")
    repeats: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(0.0, 0.5, 1.0, 2.0),
        description="waits before a segment that failed is sent again; the last one repeats",
    )
    begin: Seconds = Field(default=30.0, description="longest wait for capacity")
    remember: float = Field(
        default=300.0, ge=0, description="that an outcome is kept for who submits the same again"
    )


class StoredPart(Part):
    """How the SMSC goes about a message that it stores and forwards."""

    waits: tuple[Seconds, ...] = Field(
        default=(30.0, 60.0, 120.0, 300.0, 900.0, 1_800.0),
        min_length=1,
        description="between attempts that failed for now; the last one repeats",
    )
    look: Seconds = Field(
        default=3_600.0, description="between looks at a terminal that the network will announce"
    )
    validity: Annotated[float, Field(gt=0)] = Field(
        default=2 * 86_400.0, description="of a message that names none"
    )
    retention: float | None = Field(
        default=7 * 86_400.0,
        gt=0,
        description="that a message is remembered after its end; null: for ever",
    )
    messages: int = Field(
        default=100_000, ge=1, description="that may wait at one time, else ESME_RMSGQFUL"
    )
    per_terminal: int = Field(default=1_000, ge=1, description="the same, for one terminal")
    receipt_lifetime: Seconds = Field(
        default=3 * 86_400.0, description="that a receipt waits for an ESME that does not take it"
    )
    receipts: int = Field(
        default=10_000,
        ge=1,
        description="that wait for one ESME; beyond it the oldest is given up",
    )


class SmscLinkPart(Part):
    """An SMSC that the gateway binds to."""

    name: Name
    address: Host
    port: Port = 2775
    system_id: SystemId = "gateway"
    password: str = Field(default="", max_length=8)
    mode: Literal["transaction", "segments"] = Field(
        default="transaction",
        description="transaction: whole pushes, each with its outcome as the answer; segments: "
        "for an SMSC without transaction mode, short messages with delivery receipts",
    )
    window: int = Field(default=1_000, ge=1, description="requests open at one time")

    def smsc(self) -> Smsc:
        """Return what the gateway's ESME is told of it."""
        bind = BindTransceiver(
            system_id=self.system_id, password=self.password, interface_version=VERSION_3_4
        )
        account = Account(
            self.name,
            (self.address, self.port),
            bind,
            assumed_version=VERSION_3_4,
            limits=SmppLimits(window=self.window, queue=10 * self.window),
        )
        return Smsc(account, SmscMode(self.mode))


class SmsPart(Part):
    """The gateway's way to terminals by short message."""

    smscs: tuple[SmscLinkPart, ...] = Field(
        default=(),
        description="the preferred first; the lab's own SMSC when absent",
    )
    sender: Msisdn = Field(default="447785016000", description="whom terminals see as the sender")
    data_coding: int = Field(
        default=DataCoding.WAP_PUSH, ge=0, le=255, description="of pushes; 4 for some terminals"
    )

    def config(self, address: str, own: SmscPart | None) -> EsmeConfig | None:
        """Return the ESME's configuration, None where there is no SMSC at all."""
        links = self.smscs
        if not links and own is not None:
            first = own.esmes[0] if own.esmes else EsmePart(system_id="gateway")
            links = (
                SmscLinkPart(
                    name="smsc",
                    address=own.address,
                    port=own.port,
                    system_id=first.system_id,
                    password=first.password,
                ),
            )
        if not links:
            return None
        return EsmeConfig(
            address,
            tuple(link.smsc() for link in links),
            source=SmeAddress.international(self.sender),
            data_coding=self.data_coding,
        )


class SmppTimersPart(Part):
    """The timers of the SMSC's sessions (SMPP 3.4 §7.2)."""

    session_init: Seconds = Field(default=30.0, description="from the connection to a bind")
    enquire_link: Seconds | None = Field(
        default=30.0, description="of silence until enquire_link is sent; null: never"
    )
    inactivity: Seconds | None = Field(
        default=None, description="without an operation until it is unbound; null: never"
    )
    response: Seconds = Field(default=120.0, description="wait for the response to a request")

    def timers(self) -> SmppTimers:
        """Return what the SMSC is told."""
        return SmppTimers(
            session_init=self.session_init,
            enquire_link=self.enquire_link,
            inactivity=self.inactivity,
            response=self.response,
        )


class SmscPart(Part):
    """The short message service centre."""

    address: Host = Field(description="of SMPP, and of its end of GSUP")
    port: Port = Field(default=2775, description="of SMPP")
    hlr: HlrLinkPart | None = Field(
        default=None, description="an HLR of another process; the lab's own when absent"
    )
    number: Msisdn = Field(default="447785016005", description="its own, as terminals see it")
    system_id: SystemId = Field(default="corenet", description="what it calls itself to ESMEs")
    outbind_password: str = Field(
        default="", max_length=8, description="what it shows to ESMEs that it calls"
    )
    timers: SmppTimersPart = SmppTimersPart()
    esmes: tuple[EsmePart, ...] = Field(
        default=(), description="who may bind; everybody, on the first lane, when absent"
    )
    lanes: dict[Name, Weight] = Field(
        default={"push": 1.0},
        min_length=1,
        description="guaranteed parts of the capacity by weight; what one leaves others borrow. "
        "One lane: dedicated, or shared without reservation",
    )
    rate: float | None = Field(
        default=None, gt=0, description="short messages a second to the network; null: no limit"
    )
    under_way: int = Field(
        default=1_000, ge=1, description="short messages that the network has at one time"
    )
    default_mode: Literal["store and forward", "transaction", "datagram"] = Field(
        default="store and forward", description="what esm_class 0 means"
    )
    wide_references: bool = Field(
        default=False, description="16 bits, not 8, for the reference of concatenated messages"
    )
    transaction: TransactionPart = TransactionPart()
    stored: StoredPart = StoredPart()
    store: str | None = Field(
        default=None,
        description="SQLite file of messages, or the postgresql:// URL of a database that one SMSC "
        "has to itself; a file in the lab's state folder when absent",
    )
    metrics: Port | None = Field(
        default=None, description="where GET /metrics is answered, for Prometheus; off when absent"
    )

    @model_validator(mode="after")
    def _esmes_fit_together(self) -> Self:
        owners: dict[str, str] = {}
        for esme in self.esmes:
            for number in esme.numbers:
                if owners.setdefault(number, esme.system_id) != esme.system_id:
                    other = owners[number]
                    raise ValueError(f"{esme.system_id} has number {number}, and so has {other}")
            if esme.lane is not None and esme.lane not in self.lanes:
                known = ", ".join(self.lanes)
                raise ValueError(f"{esme.system_id} is on lane {esme.lane}; there are {known}")
        return self

    def config(self, hlr: Address) -> SmscConfig:
        """Return the node's configuration. Raises ValueError for what does not fit together."""
        transaction, stored = self.transaction, self.stored
        first = next(iter(self.lanes))
        return SmscConfig(
            address=self.address,
            hlr=hlr,
            number=self.number,
            system_id=self.system_id,
            smpp_port=self.port,
            outbind_password=self.outbind_password,
            timers=self.timers.timers(),
            esmes=tuple(
                Esme(
                    one.system_id,
                    one.password,
                    one.lane or first,
                    one.rate,
                    one.window,
                    one.messages,
                    one.numbers,
                    None if one.outbind is None else (one.outbind.address, one.outbind.port),
                )
                for one in self.esmes
            ),
            lanes=self.lanes,
            rate=self.rate,
            under_way=self.under_way,
            default_mode=Mode(self.default_mode),
            wide_references=self.wide_references,
            transaction=TransactionPolicy(
                transaction.window, transaction.at_once, transaction.repeats
            ),
            begin=transaction.begin,
            remember=transaction.remember,
            retry=RetryPolicy(stored.waits, stored.look, stored.validity),
            retention=stored.retention,
            receipt_lifetime=stored.receipt_lifetime,
            limits=Limits(
                messages=stored.messages,
                messages_per_terminal=stored.per_terminal,
                receipts=stored.receipts,
            ),
        )
