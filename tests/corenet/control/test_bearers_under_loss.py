"""Contexts added, changed and deleted at random while messages are lost, doubled and overtaken."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from corenet.control.errors import ControlError
from corenet.control.model import (
    BehaviourRequest,
    MobileActivation,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    QosRequest,
    SecondaryRequest,
    TemplateRequest,
)
from corenet.interfaces.node import Interface
from testbed.simulation.quality import LinkQuality

APN = "wap.example"
BAD = LinkQuality(latency=0.02, jitter=0.05, loss=0.1, duplication=0.05, reordering=0.1)
PEOPLE = 4
STEPS = 120


def qos(random):
    return f"020b921f7396{random.randrange(1, 128):02x}{random.randrange(1, 128):02x}742bffff"


def packet_filter(random):
    return {
        "identifier": random.randrange(3),
        "precedence": random.randrange(256),
        "remote_ports": str(random.randrange(1, 65536)),
    }


def step(core, imsi, random):
    """Do one thing at random; much of it cannot be done just now."""
    control, bearers = core.control, core.control.bearers
    nsapi = random.randrange(5, 9)
    template = {"template": {"operation": random.choice(("create", "add", "replace"))}}
    template["template"]["filters"] = [packet_filter(random)]
    actions = (
        lambda: control.drive_mobile(imsi, "activate", MobileActivation(apn=APN)),
        lambda: control.drive_mobile(
            imsi, "activate-secondary", MobileSecondary(apn=APN, filters=[packet_filter(random)])
        ),
        lambda: control.drive_mobile(
            imsi, "modify", MobileModification(apn=APN, nsapi=nsapi, qos=qos(random)[2:])
        ),
        lambda: control.drive_mobile(
            imsi, "modify", MobileModification(apn=APN, nsapi=nsapi, **template)
        ),
        lambda: control.drive_mobile(
            imsi, "deactivate", MobileDeactivation(apn=APN, nsapi=random.choice((None, nsapi)))
        ),
        lambda: control.drive_mobile(
            imsi,
            "behaviour",
            BehaviourRequest(on_request=random.choice(("accept", "accept", "reject", "silent"))),
        ),
        lambda: bearers.request_secondary(
            imsi, APN, SecondaryRequest(qos=qos(random), filters=[packet_filter(random)])
        ),
        lambda: bearers.change_qos(imsi, APN, QosRequest(qos=qos(random))),
        lambda: bearers.change_template(imsi, APN, nsapi, TemplateRequest(**template)),
        lambda: bearers.deactivate(imsi, APN, nsapi),
        lambda: control.deactivate(imsi, APN),
    )
    weights = (6, 8, 4, 4, 1, 2, 8, 4, 4, 1, 1)
    with suppress(ControlError):
        random.choices(actions, weights)[0]()


def views(core, imsi):
    """What GGSN, SGSN and mobile have: NSAPI, QoS and address of each context."""
    at_ggsn = sorted(
        (each.nsapi, each.qos.hex()[2:], each.address) for each in core.ggsn.contexts_of(imsi)
    )
    at_sgsn = sorted(
        (each.nsapi, each.qos.hex()[2:], each.address)
        for each in core.sgsn.mm_context(imsi).contexts
    )
    at_mobile = sorted(
        (each.nsapi, each.qos.hex(), each.address)
        for each in core.core.mobiles.mobile(imsi).contexts
    )
    return at_ggsn, at_sgsn, at_mobile


@pytest.mark.parametrize("seed", range(4))
def test_all_agree_once_it_is_quiet(world, who, seed):
    """Whatever was lost: the same contexts everywhere, no address twice, nothing under way."""
    core = world(PEOPLE)
    random = Random(seed)
    imsis = [who(index).imsi for index in range(1, PEOPLE + 1)]
    for interface in (Interface.GTP_C, Interface.RADIO):
        core.network.set_quality(interface, BAD)
    most = 0
    for _ in range(STEPS):
        step(core, random.choice(imsis), random)
        core.wait(random.uniform(0, 12))
        most = max(most, core.ggsn.context_count)
    core.wait(400)
    assert most > PEOPLE
    addresses = {}
    for imsi in imsis:
        at_ggsn, at_sgsn, at_mobile = views(core, imsi)
        assert at_ggsn == at_sgsn == at_mobile
        for _, _, address in at_ggsn:
            assert addresses.setdefault(address, imsi) == imsi
    for node in (core.ggsn, core.sgsn):
        # Echo Requests go on.
        ever = {"PDP contexts", "tunnel endpoints", "watched paths", "held addresses", "requests"}
        assert {name for name, count in node.under_way.items() if count} <= ever
    contexts = core.ggsn.context_count
    for node in (core.ggsn, core.sgsn):
        assert node.under_way["tunnel endpoints"] == contexts
    for interface in (Interface.GTP_C, Interface.RADIO):
        core.network.set_quality(interface, LinkQuality())
    for imsi in imsis:
        core.control.drive_mobile(imsi, "detach", None)
    core.wait(60)
    assert core.ggsn.context_count == 0
    assert all(view.contexts == () for view in core.sgsn.mm_contexts())
