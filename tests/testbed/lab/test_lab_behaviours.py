"""Mobiles' behaviours, mixes and outages in a lab file, and what comes of them."""

from __future__ import annotations

from collections import Counter

import pytest

from corenet.assembly import CoreConfig
from corenet.control.model import ActivationRequest
from corenet.mobile.behaviour import Answer, Behaviour, Distribution, Fault
from corenet.mobile.config import MobileConfig
from testbed.lab.build import LoadedLab, build
from testbed.lab.mobiles_model import MobilePart
from testbed.lab.virtual import OnlyOnSocketsError, virtual_lab
from testbed.lab.yaml_source import SourceError, read

LAB = """\
name: crowd
seed: {seed}
ggsn: {{address: 127.0.10.1, apns: [{{name: internet, pool: 127.10.0.0/16}}]}}
hlr: {{address: 127.0.10.3}}
sgsn: {{address: 127.0.10.2, t3385: 1}}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    count: {count}
    apns: [{{name: internet}}]
    {mobiles}
"""
MIX = """\
mix:
      - {weight: 3}
      - {weight: 1, mobile: {on_request: silent}}
      - {weight: 1, mobile: {on_request: reject, sm_cause: 26}}
"""


def loaded(mobiles: str, *, count: int = 1, seed: int = 0) -> LoadedLab:
    text = LAB.format(mobiles=mobiles, count=count, seed=seed)
    return build(read(text, "lab.yaml"))


def core(mobiles: str, *, count: int = 1, seed: int = 0) -> CoreConfig:
    core = loaded(mobiles, count=count, seed=seed).core
    assert core is not None
    return core


def only(mobiles: str) -> MobileConfig:
    (mobile,) = core(mobiles).mobiles
    return mobile


@pytest.mark.parametrize(
    ("mobile", "behaviour", "text"),
    [
        ("{on_request: detach}", Behaviour(Answer.DETACH, 31), "detach"),
        (
            "{on_request: wrong-nsapi, nsapi: 3}",
            Behaviour(Answer.WRONG_NSAPI, 31, nsapi=3),
            "wrong NSAPI 3",
        ),
        (
            "{on_request: malformed, fault: too-short}",
            Behaviour(Answer.MALFORMED, 31, fault=Fault.TOO_SHORT),
            "malformed: too-short",
        ),
        (
            "{answer_distribution: uniform, answer_after: 2, answer_at_most: 9}",
            Behaviour(Answer.ACCEPT, 31, delay=2, distribution=Distribution.UNIFORM, longest=9),
            "accept",
        ),
    ],
)
def test_the_file_says_how_a_mobile_answers(mobile: str, behaviour: Behaviour, text: str) -> None:
    """As the control interface does, and as logs have it."""
    found = only(f"mobile: {mobile}").behaviour
    assert found == behaviour
    assert str(found) == text


def test_the_file_says_what_is_set_up_on_a_mobile() -> None:
    """Its APNs and how many contexts it can have; without a word it takes whatever is asked."""
    usual, own = only("mobile: {}"), only("mobile: {apns: [mms], most_contexts: 2}")
    assert (usual.apns, usual.only_own_apns, usual.most_contexts) == (("internet",), False, 11)
    assert (own.apns, own.only_own_apns, own.most_contexts) == (("mms",), True, 2)


def test_the_file_says_when_a_mobile_is_out_of_coverage() -> None:
    """Once, or again and again."""
    outages = "[{after: 10, lasts: 5}, {after: 60, lasts: 30, every: 100, times: 3}]"
    mobile = only(f"mobile: {{outages: {outages}}}")
    assert mobile.outages == ((10, 15), (60, 90), (160, 190), (260, 290))


def test_a_mix_is_drawn_by_its_weights() -> None:
    """Of a thousand mobiles three in five accept; all of a kind share one behaviour."""
    drawn = Counter(str(one.behaviour) for one in core(MIX, count=1000).mobiles)
    assert drawn["accept"] == pytest.approx(600, abs=60)
    assert drawn["silent"] == pytest.approx(200, abs=50)
    assert drawn["reject with insufficient resources (sm 26)"] == pytest.approx(200, abs=50)
    assert drawn.total() == 1000


def test_a_mix_is_that_of_the_seed() -> None:
    """The same mobiles for the same seed, whoever reads the file; others for another."""
    one, same, other = (core(MIX, count=100, seed=seed).mobiles for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_mix_does_as_it_says() -> None:
    """Who was drawn to accept has a context in the end, and who was not has none."""
    lab = loaded(MIX, count=30, seed=7)
    assert lab.core is not None
    with virtual_lab(lab, seed=1) as virtual:
        virtual.start()
        assert virtual.settle()
        asked = {
            one.imsi: virtual.control.request_activation(
                ActivationRequest(imsi=one.imsi, apn="internet")
            )
            for one in lab.core.mobiles
        }
        virtual.run(60)
        active = {imsi for imsi, one in asked.items() if one.outcome and one.outcome.active}
    assert active == {one.imsi for one in lab.core.mobiles if one.behaviour.answer is Answer.ACCEPT}
    assert 0 < len(active) < 30


@pytest.mark.parametrize(
    ("mobiles", "says"),
    [
        (f"mobile: {{}}\n    {MIX}", "7:5: subscribers.0: mobiles are those of mobile, or of mix"),
        ("mix: [{weight: 0}]", "subscribers.0.mix.0.weight"),
        ("mix: [{mobile: {cell: 99}}]", "11:27: there is no cell 99"),
        ("mix: [{mobile: {process: x}}]", "11:30: mobiles has no process x"),
        ("mix: [{mobile: {tun: {device: d}}}]", "11:26: a TUN device is one mobile's"),
        ("mobile: {on_request: shout}", "subscribers.0.mobile.on_request"),
        ("mobile: {nsapi: 16}", "subscribers.0.mobile.nsapi"),
        ("mobile: {outages: [{after: 1, lasts: 2, times: 2}]}", "several times need every"),
        ("mobile: {outages: [{after: 1, lasts: 2, every: 2}]}", "every 2 s for 2 s is all the"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(mobiles: str, says: str) -> None:
    """By line and column."""
    with pytest.raises(SourceError) as raised:
        loaded(mobiles, count=2)
    assert says in str(raised.value)


def test_cells_in_virtual_time_are_those_of_the_file() -> None:
    """Where nothing gets through nobody attaches; what needs sockets is refused."""
    lossy = LAB.replace("subscribers:", "radio: {{cells: {{0: {{loss: 1}}}}}}\nsubscribers:")
    lab = build(read(lossy.format(mobiles="mobile: {}", count=1, seed=0), "lab.yaml"))
    with virtual_lab(lab, seed=1) as virtual:
        virtual.start()
        assert not virtual.settle(within=120)
    far = lossy.replace("cells:", "address: 127.0.10.2, cells:").replace(
        "subscribers:", "mobiles: {{phones: {{}}}}\nsubscribers:"
    )
    lab = build(read(far.format(mobiles="mobile: {}", count=1, seed=0), "lab.yaml"))
    with pytest.raises(OnlyOnSocketsError, match="mobiles of other processes"):
        virtual_lab(lab, seed=1).__enter__()


def test_behaviour_of_a_part_is_that_of_the_usual_mobile() -> None:
    """A file that says nothing has mobiles that accept at once."""
    assert MobilePart().behaviour() == Behaviour(Answer.ACCEPT, 31)


SIX = """\
name: six
ggsn:
  address: 127.0.30.1
  gi: null
  apns: [{{name: wap.example, pool: [127.30.0.0/16, "2001:db8:45::/48"]}}]
  radius: [{{address: 127.0.30.5}}]
sgsn: {{address: 127.0.30.2}}
hlr: {{address: 127.0.30.3}}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    apns: [{{name: wap.example}}]
    mobile: {{pdp_type: {pdp_type}, activate: [wap.example]}}
control: {{address: 127.0.30.4}}
gateway: {{address: 127.0.30.5, ipv6_address: "2001:db8:ffff::5", apn: wap.example}}
"""


@pytest.mark.parametrize("pdp_type", ["ipv6", "ipv4v6"])
def test_a_push_to_the_ipv6_address_of_a_mobile_is_shown(pdp_type: str) -> None:
    """From PAP to the screen, by the address that the mobile has made of the router's prefix."""
    imsi = "234150000000001"
    with virtual_lab(build(read(SIX.format(pdp_type=pdp_type), "lab.yaml")), seed=1) as lab:
        lab.start()
        assert lab.settle()
        lab.run(5)
        assert lab.core.mobiles is not None
        (context,) = lab.core.mobiles.mobile(imsi).contexts
        assert context.ipv6_address.startswith("2001:db8:45:")
        lab.push(context.ipv6_address, text="Hello over IPv6")
        lab.run(30)
        (shown,) = lab.shown(imsi)
    assert (shown.kind, shown.text) == ("SI", "Hello over IPv6")
    assert shown.details["from"] == "2001:db8:ffff::5"


def test_a_device_is_for_ipv4() -> None:
    """A mobile for IPv6 alone is no TUN device."""
    with pytest.raises(SourceError, match="has IPv4 addresses"):
        only("mobile: {pdp_type: ipv6, tun: {device: d}}")
