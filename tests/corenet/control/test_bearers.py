"""PDP contexts changed and multiplied through the control interface: GGSN, SGSN and mobile."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from corenet.control.errors import ControlError
from corenet.control.flows import PacketFilterModel, Template
from corenet.control.model import (
    BehaviourRequest,
    Coverage,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    QosRequest,
    SecondaryRequest,
    SgsnQosRequest,
    TemplateRequest,
)
from corenet.interfaces.node import Interface
from gtp.ies.filters import Component, ComponentType, PacketFilter
from gtp.messages import UpdatePdpContextRequest

APN = "wap.example"
QOS = "020b921f73964040742bffff"
PUSH = {"precedence": 10, "remote_ports": "9200"}
OTHER = {"precedence": 20, "remote_ports": "9201-9203", "protocol": 17}


@pytest.fixture
def active(world, who):
    """A core whose first subscriber has a context on NSAPI 5."""
    core = world()
    core.finished(core.request(1))
    core.wait(1)
    core.imsi = who(1).imsi
    return core


def drive(core, verb, body):
    core.control.drive_mobile(core.imsi, verb, body)
    core.wait(1)


def nsapis(core):
    """NSAPIs at the GGSN, at the SGSN and at the mobile, which agree."""
    terminal = core.control.terminal(core.imsi)
    at_ggsn = sorted(context.nsapi for context in terminal.contexts)
    at_mobile = sorted(context.nsapi for context in terminal.mobile.contexts)
    (sgsn,) = core.core.sgsns.values()
    at_sgsn = sorted(context.nsapi for context in sgsn.mm_context(core.imsi).contexts)
    assert at_ggsn == at_mobile == at_sgsn
    return at_ggsn


def names(core):
    return [event.name for event in core.control.events.since(0)]


def at_rest(core):
    """Nothing is under way anywhere."""
    for node in (*core.core.ggsns.values(), *core.core.sgsns.values()):
        busy = {name for name, count in node.under_way.items() if count}
        assert busy <= {"PDP contexts", "tunnel endpoints", "watched paths", "held addresses"}


def secondary(core, **filters):
    drive(core, "activate-secondary", MobileSecondary(apn=APN, filters=[filters or PUSH]))


# -- secondary contexts ------------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.2.1", "secondary activation by the MS")
def test_a_mobile_activates_a_secondary_context(active):
    """All three have it, with the address of the first and the filters asked for."""
    secondary(active)
    assert nsapis(active) == [5, 6]
    first, second = active.control.terminal(active.imsi).contexts
    assert (second.linked_nsapi, first.linked_nsapi) == (5, None)
    assert second.address == first.address
    assert [each.model_dump(exclude_none=True) for each in second.filters] == [
        {"identifier": 0, "direction": "both", **PUSH}
    ]
    assert active.control.terminal(active.imsi).mobile.contexts[1].linked_nsapi == 5
    at_rest(active)


def test_the_ggsn_refuses_a_wrong_template(active):
    """The mobile may ask for one on purpose; nothing is left of it."""
    body = MobileSecondary(apn=APN, tft="2100")
    drive(active, "activate-secondary", body)
    assert nsapis(active) == [5]
    (refused,) = [
        event.plain()
        for event in active.control.events.since(0)
        if event.name == "ActivationRefused" and event.node == "mobiles"
    ]
    assert refused["cause"] == 42
    at_rest(active)


@pytest.mark.clause("24.008 §6.1.3.2", "secondary activation on the network's request")
@pytest.mark.clause("23.060 §9.2.2.3", "secondary activation on the network's request")
def test_the_network_requests_a_secondary_context(active):
    """The mobile activates as it was asked to, under the network's transaction identifier."""
    body = SecondaryRequest(qos=QOS, filters=[OTHER])
    done = active.control.bearers.request_secondary(active.imsi, APN, body)
    assert done.done == "asked for 1 PDP context"
    active.wait(1)
    assert nsapis(active) == [5, 6]
    second = active.control.terminal(active.imsi).contexts[1]
    assert second.network_requested
    assert second.qos == QOS
    assert "SecondaryActivationSucceeded" in names(active)
    at_rest(active)


@pytest.mark.parametrize(
    ("behaviour", "wait", "cause"),
    [
        ({"on_request": "reject", "sm_cause": 26}, 1, 199),
        ({"on_request": "reject", "sm_cause": 31}, 1, 197),
        ({"on_request": "silent"}, 41, 196),
    ],
)
def test_the_mobile_does_not_want_a_secondary_context(active, behaviour, wait, cause):
    """What it says, or that it says nothing, comes back as a cause."""
    drive(active, "behaviour", BehaviourRequest(**behaviour))
    body = SecondaryRequest(qos=QOS, filters=[OTHER])
    active.control.bearers.request_secondary(active.imsi, APN, body)
    active.wait(wait)
    (failed,) = [
        event.plain()
        for event in active.control.events.since(0)
        if event.name == "SecondaryActivationFailed"
    ]
    assert failed["cause"]["number"] == cause
    assert nsapis(active) == [5]
    at_rest(active)


def test_packets_go_their_way_through_both(active):
    """Each context counts what its filters want, down and up."""
    secondary(active)
    active.say(1, b"from port 9200")
    mobiles = active.core.mobiles
    for port in (9200, 53, 54):
        active.network.command(
            mobiles,
            lambda now, port=port: mobiles.send_udp(
                active.imsi, 2948, ("127.0.10.5", port), b"", now
            ),
        )
    active.wait(1)
    counted = {
        context.nsapi: (context.downlink_packets, context.uplink_packets)
        for context in active.control.terminal(active.imsi).contexts
    }
    assert counted == {5: (0, 2), 6: (1, 1)}


# -- deactivation ------------------------------------------------------------------------------


def test_one_of_two_contexts_is_deleted(active):
    """Whichever it is; the other goes on with the address."""
    secondary(active)
    active.control.bearers.deactivate(active.imsi, APN, 5)
    active.wait(1)
    assert nsapis(active) == [6]
    with pytest.raises(ControlError, match="NSAPI 5"):
        active.control.bearers.deactivate(active.imsi, APN, 5)
    active.control.bearers.deactivate(active.imsi, APN, 6)
    active.wait(1)
    assert nsapis(active) == []
    at_rest(active)


def test_all_contexts_of_an_address_are_deleted(active):
    """By the network, with one Delete."""
    secondary(active)
    secondary(active, **OTHER)
    assert nsapis(active) == [5, 6, 7]
    assert active.control.deactivate(active.imsi, APN).done == "3 PDP contexts deleted"
    active.wait(1)
    assert nsapis(active) == []
    at_rest(active)


@pytest.mark.parametrize(("nsapi", "left"), [(None, []), (5, [6]), (6, [5])])
def test_the_mobile_deactivates_one_or_all(active, nsapi, left):
    """All with teardown, one without."""
    secondary(active)
    drive(active, "deactivate", MobileDeactivation(apn=APN, nsapi=nsapi))
    assert nsapis(active) == left
    at_rest(active)


def test_a_detach_takes_all_contexts(active):
    """Neither GGSN nor SGSN keeps anything."""
    secondary(active)
    drive(active, "detach", None)
    assert nsapis(active) == []
    at_rest(active)


def test_a_mobile_out_of_coverage_is_forgotten_in_the_end(active):
    """T3395 expires five times; the SGSN releases what the mobile still believes in."""
    secondary(active)
    drive(active, "coverage", Coverage(in_coverage=False))
    active.control.deactivate(active.imsi, APN)
    active.wait(41)
    (sgsn,) = active.core.sgsns.values()
    assert sgsn.mm_context(active.imsi).contexts == ()
    at_rest(active)


# -- modification ------------------------------------------------------------------------------


def test_the_mobile_changes_its_qos(active):
    """GGSN and SGSN agree."""
    drive(active, "modify", MobileModification(apn=APN, qos=QOS[2:]))
    terminal = active.control.terminal(active.imsi)
    assert terminal.contexts[0].qos == QOS
    assert terminal.mobile.contexts[0].qos == QOS[2:]
    at_rest(active)


def test_the_mobile_changes_a_template(active):
    """A filter more, and all know it."""
    secondary(active)
    template = Template(operation="add", filters=[{**OTHER, "identifier": 1}])
    drive(active, "modify", MobileModification(apn=APN, nsapi=6, template=template))
    second = active.control.terminal(active.imsi).contexts[1]
    assert [each.precedence for each in second.filters] == [10, 20]
    at_rest(active)


def test_the_network_changes_a_template(active):
    """Filters go, and what is left counts."""
    secondary(active)
    add = TemplateRequest(template=Template(operation="add", filters=[{**OTHER, "identifier": 1}]))
    active.control.bearers.change_template(active.imsi, APN, 6, add)
    active.wait(1)
    delete = TemplateRequest(template=Template(operation="delete-filters", identifiers=[0]))
    active.control.bearers.change_template(active.imsi, APN, 6, delete)
    active.wait(1)
    second = active.control.terminal(active.imsi).contexts[1]
    assert [each.remote_ports for each in second.filters] == ["9201-9203"]
    at_rest(active)


def test_a_modification_of_one_context(active):
    """With an NSAPI, only that one is asked for."""
    secondary(active)
    request = QosRequest(qos=QOS, nsapi=6)
    assert active.control.bearers.change_qos(active.imsi, APN, request).done.endswith(
        "1 PDP context"
    )
    active.wait(1)
    first, second = active.control.terminal(active.imsi).contexts
    assert (first.qos == QOS, second.qos == QOS) == (False, True)


def test_the_sgsn_changes_the_qos(active):
    """GGSN and mobile follow; a context that is not there is not found."""
    bearers = active.control.bearers
    assert bearers.modify_by_sgsn(active.imsi, 5, SgsnQosRequest(qos=QOS)).done.startswith("asked")
    active.wait(1)
    terminal = active.control.terminal(active.imsi)
    assert (terminal.contexts[0].qos, terminal.mobile.contexts[0].qos) == (QOS, QOS[2:])
    with pytest.raises(ControlError, match="NSAPI 9") as refused:
        bearers.modify_by_sgsn(active.imsi, 9, SgsnQosRequest(qos=QOS))
    assert refused.value.status == 404
    at_rest(active)


# -- what cannot be ----------------------------------------------------------------------------


def test_the_network_asks_for_nothing_in_the_mode_ms_only(active):
    """409 says who has not agreed; the mobile has been told, and goes on as before."""
    (ggsn,), (sgsn,) = active.core.ggsns.values(), active.core.sgsns.values()
    (view,) = ggsn.contexts_of(active.imsi)
    silence = UpdatePdpContextRequest(
        sequence=60_000, teid=view.teid_control, nsapi=5, teid_data=view.sgsn_teid_data,
        sgsn_address_control=view.sgsn_address, sgsn_address_user=view.sgsn_user_address,
        qos=view.qos, common_flags=0,
    )  # fmt: skip
    ends = {"peer": (view.sgsn_address, 2123), "local": (ggsn.config.control_address, 2123)}
    active.network.command(
        ggsn, lambda now: ggsn.receive(Interface.GTP_C, silence.encode(), **ends, now=now)
    )
    active.wait(2)
    assert names(active).count("PdpContextUpdated") == 2
    with pytest.raises(ControlError) as caught:
        active.control.bearers.request_secondary(
            active.imsi, APN, SecondaryRequest(qos=QOS, filters=[OTHER])
        )
    assert caught.value.status == 409
    assert "the SGSN has not said that it takes such requests" in caught.value.detail
    assert sgsn.mm_context(active.imsi).contexts[0].qos == view.qos
    at_rest(active)
    secondary(active)
    assert nsapis(active) == [5, 6]


def test_what_is_not_there_cannot_be_changed(active):
    """404 names what is missing; 409 what does not go together."""
    bearers = active.control.bearers
    template = TemplateRequest(template=Template(filters=[OTHER]))
    delete = TemplateRequest(template=Template(operation="delete"))
    for refused, status in (
        (lambda: bearers.change_template(active.imsi, APN, 9, template), 404),
        (lambda: bearers.change_template(active.imsi, APN, 5, delete), 409),
        (lambda: bearers.change_qos(active.imsi, APN, QosRequest(qos=QOS, nsapi=9)), 404),
        (
            lambda: bearers.request_secondary(
                active.imsi, "no.example", SecondaryRequest(qos=QOS, filters=[OTHER])
            ),
            404,
        ),
        (
            lambda: bearers.request_secondary(
                active.imsi, APN, SecondaryRequest(qos=QOS, filters=[OTHER, OTHER])
            ),
            409,
        ),
    ):
        with pytest.raises(ControlError) as caught:
            refused()
        assert caught.value.status == status


@pytest.mark.parametrize(
    "values",
    [
        {"precedence": 256, "protocol": 6},
        {"precedence": 1, "remote": "no network"},
        {"precedence": 1, "remote_ports": "70000"},
        {"precedence": 1, "identifier": 16},
    ],
)
def test_filters_that_cannot_be_written_are_refused(values):
    """The document says what can be."""
    with pytest.raises(ValidationError):
        PacketFilterModel(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"operation": "create"},
        {"operation": "delete", "filters": [PUSH]},
        {"filters": [{"precedence": 1}]},
        {"filters": [{**PUSH, "remote_ports": "9-8"}]},
        {"filters": [PUSH], "identifiers": [1]},
        {
            "filters": [
                {
                    "identifier": number,
                    "precedence": number,
                    "remote": "2001:db8::/32",
                    "local": "2001:db8::/32",
                }
                for number in range(15)
            ]
        },
    ],
)
def test_templates_that_make_no_sense_are_refused(active, values):
    """Before anything is asked of anybody: 409, of the network and of a mobile."""
    template = Template(**values)
    with pytest.raises(ValueError, match=r"\w"):
        template.octets()
    with pytest.raises(ControlError) as refused:
        active.control.bearers.change_template(
            active.imsi, APN, 5, TemplateRequest(template=template)
        )
    assert (refused.value.status, refused.value.field) == (409, "template")
    with pytest.raises(ControlError) as refused:
        drive(active, "modify", MobileModification(apn=APN, template=template))
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "values",
    [
        {"remote": "192.0.2.0/24", "protocol": 6},
        {"remote": "2001:db8::/32", "local": "2001:db8:1::/64", "flow_label": 5},
        {"local": "10.45.0.7/32", "local_ports": "80", "remote_ports": "1-65535"},
        {"security_parameter_index": 4096, "direction": "up"},
        {"type_of_service": "b8/fc", "direction": "any", "identifier": 15},
    ],
)
def test_filters_are_shown_as_they_were_written(values):
    """What a client writes is what it sees later."""
    written = PacketFilterModel(precedence=7, **values)
    assert PacketFilterModel.of(written.packet_filter()).model_dump() == written.model_dump()


def test_a_mask_that_is_no_network_is_shown_in_octets():
    """An address component of somebody else's may have one."""
    value = bytes.fromhex("c0000201ff00ff00")
    component = Component(ComponentType.IPV4_REMOTE_ADDRESS, value)
    shown = PacketFilterModel.of(PacketFilter(0, 1, (component,)))
    assert shown.remote == "c0000201/ff00ff00"
