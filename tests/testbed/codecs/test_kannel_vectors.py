"""Bytes recorded from Kannel 1.4.5 decode to what Kannel was given."""

from pathlib import Path

import pytest

from testbed.codecs import multipart, pap, si, sl, wsp
from testbed.codecs.media import ContentType
from testbed.codecs.pap import DeliveryMethod, Priority, StatusCode, Version

VECTORS = Path(__file__).parents[2] / "vectors" / "kannel"
RELATED = 'multipart/related; boundary=asdlfkjiurwghasf; type="application/xml"'
SUBMISSIONS = {
    "pap_ip_si": ("WAPPUSH=10.11.1.1/TYPE=IPv4@ppg.lab.example", "GPRS", "text/vnd.wap.si"),
    "pap_ip_sl": ("WAPPUSH=10.11.1.1/TYPE=IPv4@ppg.lab.example", "GPRS", "text/vnd.wap.sl"),
    "pap_ip_mms": (
        "WAPPUSH=10.11.1.1/TYPE=IPv4@ppg.lab.example",
        "GPRS",
        "application/vnd.wap.mms-message",
    ),
    "pap_sms_si": ("WAPPUSH=+358401234567/TYPE=PLMN@ppg.lab.example", "SMS", "text/vnd.wap.si"),
    "pap_sms_si_long": (
        "WAPPUSH=+358401234567/TYPE=PLMN@ppg.lab.example",
        "SMS",
        "text/vnd.wap.si",
    ),
}


def submitted(name):
    return multipart.parse(RELATED, (VECTORS / f"{name}.req").read_bytes())


def pushed(name):
    return wsp.decode_push(bytes.fromhex((VECTORS / f"wsp_push_{name}.hex").read_text()))


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_submissions_are_read(name):
    """What Kannel's gateway took, this one takes: control entity first, content second."""
    address, bearer, kind = SUBMISSIONS[name]
    control, content = submitted(name)
    envelope = pap.parse_envelope(control.body)
    assert envelope.version is Version.V1_0
    assert envelope.product_name == "lab-pi"
    assert envelope.document == pap.PushMessage(
        push_id=envelope.document.push_id,
        addresses=(address,),
        quality_of_service=pap.QualityOfService(
            priority=Priority.LOW,
            delivery_method=DeliveryMethod.UNCONFIRMED,
            network="GSM",
            network_required=True,
            bearer=bearer,
            bearer_required=True,
        ),
    )
    assert envelope.document.push_id == f"{name[4:]}-r1-1795319054@pi.lab.example"
    assert content.content_type == ContentType(kind)


@pytest.mark.parametrize("name", ["pap_ip_si", "pap_sms_mms"])
def test_answers_are_read(name):
    """Kannel's push-response reads, its space in "code =" included."""
    response = pap.parse((VECTORS / f"{name}.resp.xml").read_bytes())
    assert response.code == StatusCode.ACCEPTED
    assert response.desc == "The request has been accepted for processing"
    assert response.sender_name == "vm; WAP/1.3 (Kannel/1.4.5)"


def test_si_on_the_air_is_what_was_submitted():
    """Kannel's SI decodes to the submitted one, and this encoding of it has the same octets."""
    push = pushed("ip_si")
    xml = submitted("pap_ip_si")[1].body
    assert push.content_type == ContentType(si.WBXML_TYPE)
    assert push.headers == (("Content-Length", "104"), ("Encoding-Version", "1.3"))
    assert si.decode(push.body) == si.parse(xml)
    assert si.transcode(xml) == push.body
    assert si.encode(si.parse(xml)) == push.body


def test_sl_on_the_air_is_what_was_submitted():
    """Kannel's SL decodes to the submitted one, and this encoding of it has the same octets."""
    push = pushed("ip_sl")
    xml = submitted("pap_ip_sl")[1].body
    assert push.content_type == ContentType(sl.WBXML_TYPE)
    assert sl.decode(push.body) == sl.parse(xml)
    assert sl.transcode(xml) == push.body


def test_binary_content_on_the_air_is_what_was_submitted():
    """An MMS notification passes unchanged; Kannel writes its media type out."""
    push = pushed("ip_mms")
    content = submitted("pap_ip_mms")[1]
    assert push.content_type == content.content_type
    assert push.header("X-Wap-Application-Id") == "x-wap-application:mms.ua"
    assert push.header("Content-Length") == str(len(push.body))
    assert push.body == content.body


@pytest.mark.parametrize("name", ["ip_si", "ip_sl"])
def test_pushes_are_written_as_kannel_writes_them(name):
    """Where Kannel uses numbers, this encoding of the same push has the same octets."""
    push = pushed(name)
    assert push.encode().hex() == (VECTORS / f"wsp_push_{name}.hex").read_text().strip()
