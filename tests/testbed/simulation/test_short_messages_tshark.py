"""The capture of short messages as Wireshark reads it: every layer, and the parts put together."""

from __future__ import annotations

import subprocess

import pytest

from corenet.capture.capture import Capture
from corenet.interfaces.gsup import GsupMessage, MessageType, SmRpAddress, decode
from corenet.interfaces.node import Interface
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.coding import DCS_OCTETS_CLASS_1
from corenet.interfaces.sms.header import Ports
from corenet.interfaces.sms.segmentation import segment
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication, encode
from testbed.codecs.wsp.push import Push

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

FIXED = "234150000000001"
CENTRE, PLACE = "447785016005", ("192.0.2.9", 4222)


def answer(node, received):
    message = decode(received.data)
    if message.type.is_request:
        result = GsupMessage(
            message.type.result,
            message.imsi,
            sm_rp_mr=message.sm_rp_mr,
            destination_name=message.source_name,
        )
        node.send(Interface.GR, ("192.0.2.3", 4222), result.encode())


@pytest.fixture(scope="module")
def capture(make_bench, tmp_path_factory):
    """A push in three parts, one of them refused for lack of memory at first, and a text back."""
    path = tmp_path_factory.mktemp("sms") / "sms.pcapng"
    bench = make_bench(hlr={"service_centres": {CENTRE: PLACE}})
    centre = ScriptedNode("smsc", react=answer)
    bench.network.attach(centre, {Interface.GR: PLACE})
    indication = ServiceIndication(text="Mail " * 60, href="http://www.example.com/", si_id="1")
    push = Push(1, ContentType("application/vnd.wap.sic"), encode(indication)).encode()
    parts = segment(push, dcs=DCS_OCTETS_CLASS_1, header=(Ports(2948, 9200),), reference=7)

    def send(number):
        part = parts[number - 1]
        tpdu = Deliver(
            SmsAddress("447709000123"),
            Timestamp(1_700_000_000),
            part.payload,
            DCS_OCTETS_CLASS_1,
            part.header,
        ).encode()
        request = GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            FIXED,
            sm_rp_mr=number,
            sm_rp_da=SmRpAddress.imsi(FIXED),
            sm_rp_oa=SmRpAddress.service_centre(CENTRE),
            sm_rp_ui=tpdu,
            source_name=b"smsc",
        )
        bench.network.command(
            centre, lambda now: centre.send(Interface.GR, ("192.0.2.3", 4222), request.encode())
        )
        bench.run(1)

    def behave(answer):
        bench.network.command(
            bench.mobiles,
            lambda now: bench.mobiles.set_sms_behaviour(FIXED, SmsBehaviour(answer), now),
        )
        bench.run(1)

    with path.open("wb") as stream:
        bench.network.on_passed(Capture(stream))
        behave(SmsAnswer.MEMORY_FULL)
        send(1)
        behave(SmsAnswer.ACCEPT)
        for number in (1, 2, 3):
            send(number)
        bench.network.command(
            bench.mobiles, lambda now: bench.mobiles.send_sms(FIXED, "+447700900999", "Thx", now)
        )
        bench.run(2)
    assert [one.details["si-id"] for one in bench.lab.shown(FIXED)] == ["1"]
    return path


def tshark(path, *arguments):
    done = subprocess.run(
        ["tshark", "-r", str(path), *arguments], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_nothing_is_malformed(capture):
    """Wireshark has nothing to object to in any packet."""
    dissected = "\n".join(tshark(capture, "-V"))
    assert "Malformed" not in dissected
    assert "Expert Info (Error" not in dissected


def test_every_layer_is_seen_on_the_radio(capture):
    """LLC SAPI 7 carries CP, RP and TPDUs."""
    rows = tshark(capture, "-Y", "gsmtap", "-T", "fields", "-e", "frame.protocols")
    assert any(row.endswith("gsm_a.dtap:gsm_a.rp:gsm_sms") for row in rows), rows
    names = "\n".join(tshark(capture, "-V", "-Y", "gsmtap"))
    for name in (
        "CP-DATA",
        "CP-ACK",
        "RP-DATA (Network to MS)",
        "RP-ACK (MS to Network)",
        "RP-ERROR (MS to Network)",
        "RP-SMMA (MS to Network)",
        "SMS-DELIVER",
        "SMS-SUBMIT",
        "SMS-DELIVER REPORT",
    ):
        assert name in names, name


def test_gsup_has_the_same_messages(capture):
    """Each message between centre, HLR and SGSN is named, with its TPDU."""
    rows = tshark(capture, "-Y", "gsup", "-T", "fields", "-e", "_ws.col.Info")
    seen = "\n".join(rows)
    for name in (
        "MT-forwardSM Request",
        "MT-forwardSM Error",
        "MT-forwardSM Result",
        "Ready for SM Request",
        "MO-forwardSM Request",
        "MO-forwardSM Result",
    ):
        assert name in seen, name


def test_wireshark_puts_the_parts_together(capture):
    """The reassembled user data is the WSP push."""
    shown = "\n".join(tshark(capture, "-V", "-Y", "gsup"))
    assert "Short Message fragments" in shown or "Message fragments" in shown
    assert "application/vnd.wap.sic" in shown
