"""Whatever comes in whatever order: one outcome for each key, and nothing left behind."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.ggsn.events import ActivationFinished, ActivationStarted
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    ErrorIndication,
    FailureReportRequest,
    FailureReportResponse,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

QOS = bytes.fromhex("020b921f7396fefe742bffff")
IMSIS = ("234150999999999", "234150000000002")
CAUSES = (
    Cause.REQUEST_ACCEPTED,
    Cause.IMSI_NOT_KNOWN,
    Cause.MS_GPRS_DETACHED,
    Cause.SYSTEM_FAILURE,
)
STEPS = (
    "activate",
    "gi",
    "respond",
    "respond",
    "respond",
    "reject",
    "create",
    "update",
    "change",
    "delete",
    "deactivate",
    "present",
    "wait",
)


def respond(bench, choice: int) -> None:
    """Answer the oldest request of the GGSN's, well or badly."""
    while bench.control:
        message, peer = bench.control.pop(0)
        cause = CAUSES[choice % len(CAUSES)]
        if isinstance(message, SendRouteingInformationRequest):
            sgsn = (None, "192.0.2.2", "192.0.2.2", "192.0.2.3")[choice // 4 % 4]
            response = SendRouteingInformationResponse(
                cause=Cause.REQUEST_ACCEPTED, imsi=message.imsi, sgsn_address=sgsn
            )
        elif isinstance(message, PduNotificationRequest):
            bench.last = message
            response = PduNotificationResponse(teid=message.teid_control, cause=cause)
        elif isinstance(message, FailureReportRequest):
            response = FailureReportResponse(cause=cause)
        elif isinstance(message, DeletePdpContextRequest):
            response = DeletePdpContextResponse(cause=cause)
        elif isinstance(message, UpdatePdpContextRequest):
            cause = (*CAUSES, Cause.NON_EXISTENT)[choice % 5]
            response = UpdatePdpContextResponse(cause=cause)
        else:
            continue
        bench.respond(message, response, peer[0])
        return


def update(bench, imsi: str, choice: int) -> None:
    """Send an Update PDP Context Request for each context, from one SGSN or another."""
    host = ("192.0.2.2", "192.0.2.3")[choice // 2 % 2]
    for view in bench.ggsn.contexts_of(imsi):
        message = UpdatePdpContextRequest(
            teid=view.teid_control,
            nsapi=view.nsapi,
            teid_data=100 + choice,
            teid_control=200 + choice,
            sgsn_address_control=host,
            sgsn_address_user=host,
            qos=QOS,
            direct_tunnel_flags=bytes((choice & 1,)),
            recovery=choice // 8,
        )
        bench.request(message, host)


def change(bench, imsi: str, choice: int) -> None:
    """Ask for another QoS; perhaps the other end of the tunnel knows nothing of it."""
    bench.ggsn.change_qos(imsi, "wap.example", QOS, bench.now)
    bench.take()
    for view in bench.ggsn.contexts_of(imsi)[: choice // 16]:
        end = view.sgsn_user_address
        message = ErrorIndication(teid_data=view.sgsn_teid_data, peer_address=end)
        bench.from_tunnel(message.encode(), end)


def step(bench, name: str, choice: int, keys: list[str]) -> None:
    """Do one thing."""
    imsi = IMSIS[choice % 2]
    if name == "activate":
        keys.append(f"key {len(keys)}")
        deadline = bench.now + choice if choice % 3 == 0 else None
        bench.activate(imsi=imsi, key=keys[-1], deadline=deadline)
    elif name == "gi":
        bench.from_gi(bench.packet())
    elif name == "respond":
        respond(bench, choice)
    elif name == "reject" and bench.last is not None:
        bench.reject(bench.last, (Cause.MS_REFUSES_X, Cause.MS_NOT_GPRS_RESPONDING_X)[choice % 2])
    elif name == "create":
        bench.create(
            imsi=imsi,
            nsapi=5 + choice % 2,
            end_user_address=EndUserAddress.dynamic_ipv4(),
            apn=("wap.example", "small.example", "nowhere")[choice % 3],
            teid_data=100 + choice,
            recovery=choice // 8,
        )
    elif name == "update":
        update(bench, imsi, choice)
    elif name == "change":
        change(bench, imsi, choice)
    elif name == "delete":
        for view in bench.ggsn.contexts_of(imsi):
            message = DeletePdpContextRequest(teid=view.teid_control, nsapi=view.nsapi)
            bench.request(message, "192.0.2.2")
    elif name == "deactivate":
        bench.ggsn.deactivate(imsi, None, bench.now)
        bench.take()
    elif name == "present":
        bench.note_present(imsi=imsi, sgsn="192.0.2.2")
    elif name == "wait":
        bench.advance(choice)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 31)), max_size=40))
def test_every_key_has_one_outcome_and_nothing_is_left(make_bench, script) -> None:
    """Peers answer well, badly or never; mobiles come by themselves; commands cross it all."""
    bench = make_bench()
    bench.last = None
    keys: list[str] = []
    for name, choice in script:
        step(bench, name, choice, keys)
    bench.advance(1000)
    for imsi in IMSIS:
        bench.ggsn.deactivate(imsi, None, bench.now)
    bench.advance(1000)
    bench.control.clear()

    bench.assert_nothing_left()
    finished = Counter(event.key for event in bench.told(ActivationFinished))
    started = {event.key for event in bench.told(ActivationStarted)}
    assert set(finished) == set(keys) | started
    assert set(finished.values()) <= {1}
    created = bench.ggsn.counters.contexts_created
    assert created == sum(bench.ggsn.counters.contexts_deleted.values())
    counters = bench.ggsn.counters
    assert counters.activations_started == (
        counters.activations_succeeded + counters.activations_failed
    )
