"""The ladders on the page about short messages are what a lab in virtual time does.

On failure the test says what the page should have.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, SmRpAddress, decode
from corenet.interfaces.node import Interface
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.coding import DCS_OCTETS_CLASS_1, encode_text
from corenet.interfaces.sms.header import Ports
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication, encode
from testbed.codecs.wsp.push import Push
from testbed.lab.ladder import Ladder, text

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "short-messages.md"
FIXED = "234150000000001"
CENTRE, PLACE = "447785016005", ("192.0.2.9", 4222)


class Scene:
    """A lab with a scripted service centre, and the ladder of what passed."""

    def __init__(self, make_bench, **lab):
        self.bench = make_bench(hlr={"service_centres": {CENTRE: PLACE}}, **lab)
        self.centre = ScriptedNode("smsc", react=self._answer)
        self.bench.network.attach(self.centre, {Interface.GR: PLACE})
        self.rungs = []
        ladder = Ladder(self.rungs.append)
        self.bench.network.on_passed(ladder.passed)
        self.bench.network.on_event(ladder.happened)

    @staticmethod
    def _answer(node, received):
        message = decode(received.data)
        if message.type.is_request:
            result = GsupMessage(
                message.type.result,
                message.imsi,
                sm_rp_mr=message.sm_rp_mr,
                destination_name=message.source_name,
            )
            node.send(Interface.GR, ("192.0.2.3", 4222), result.encode())

    def send(self, reference, payload, dcs, header=()):
        tpdu = Deliver(SmsAddress("447709000123"), Timestamp(1_700_000_000), payload, dcs, header)
        request = GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            FIXED,
            sm_rp_mr=reference,
            sm_rp_da=SmRpAddress.imsi(FIXED),
            sm_rp_oa=SmRpAddress.service_centre(CENTRE),
            sm_rp_ui=tpdu.encode(),
            source_name=b"smsc",
        )
        self.bench.network.command(
            self.centre,
            lambda now: self.centre.send(Interface.GR, ("192.0.2.3", 4222), request.encode()),
        )
        self.bench.run(1)

    def behave(self, answer):
        mobiles = self.bench.mobiles
        self.bench.network.command(
            mobiles, lambda now: mobiles.set_sms_behaviour(FIXED, SmsBehaviour(answer), now)
        )
        self.bench.run(1)

    def text(self):
        since = self.rungs[0].time
        return "\n".join(text(rung, since).rstrip() for rung in self.rungs)


def push(scene):
    indication = ServiceIndication(
        text="You have 4 new messages", href="http://www.example.com/mail", si_id="1"
    )
    octets = Push(1, ContentType("application/vnd.wap.sic"), encode(indication)).encode()
    scene.send(1, octets, DCS_OCTETS_CLASS_1, (Ports(2948, 9200),))


def absence(scene):
    scene.bench.drive("detach")
    scene.bench.run(2)
    scene.rungs.clear()
    scene.send(1, *reversed(encode_text("Hello")))
    scene.bench.drive("attach")
    scene.bench.run(2)


def full_memory(scene):
    scene.behave(SmsAnswer.MEMORY_FULL)
    scene.send(1, *reversed(encode_text("Hello")))
    scene.behave(SmsAnswer.ACCEPT)


def submission(scene):
    mobiles = scene.bench.mobiles
    scene.bench.network.command(
        mobiles, lambda now: mobiles.send_sms(FIXED, "+447700900999", "Hello", now)
    )
    scene.bench.run(1)


@pytest.mark.parametrize("course", [push, absence, full_memory, submission])
def test_page_has_the_ladder(make_bench, course):
    """Line for line."""
    scene = Scene(make_bench)
    course(scene)
    ladder = scene.text()
    assert ladder in PAGE.read_text(encoding="utf-8"), f"the page should have\n{ladder}"
