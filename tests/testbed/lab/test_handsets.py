"""What a lab file says of a mobile's handset."""

from __future__ import annotations

import pytest

from testbed.codecs.wtp import UserAbort
from testbed.handset.settings import HandsetSettings, Mode, OnPush, PushBehaviour, WapGateway
from testbed.lab.build import LoadedLab, build
from testbed.lab.yaml_source import SourceError, read

NETWORK = """\
ggsn:
  address: 127.0.10.1
  apns: [{name: wap.example, pool: 127.10.0.0/16}]
sgsn: {address: 127.0.10.2}
hlr: {address: 127.0.10.3}
control: {address: 127.0.10.4}
"""
GATEWAY = "gateway: {address: 127.0.10.5, apn: wap.example, wsp_port: 9301, wdp_port: 9300}\n"
FIRST, SECOND, LAST = "234150000000001", "234150000000002", "234150000000009"


def built(text: str, mobile: str = "{}") -> LoadedLab:
    subscribers = (
        "subscribers:\n"
        f'  - {{imsi: "{FIRST}", msisdn: "447700900001", count: 2, apns: [{{name: wap.example}}],\n'
        f"     mobile: {mobile}}}\n"
        f'  - {{imsi: "{LAST}", msisdn: "447700900009", apns: [{{name: wap.example}}]}}\n'
    )
    return build(read(text + subscribers, "lab.yaml"))


def test_handset_confirms_pushes_and_browses_by_the_labs_gateway() -> None:
    """Where the file says nothing, all are alike and share one object."""
    lab = built(NETWORK + GATEWAY)
    assert lab.handset == HandsetSettings(
        PushBehaviour(OnPush.CONFIRM), WapGateway("127.0.10.5", Mode.SESSION, 9301, 9300)
    )
    assert lab.handsets == {}


def test_handset_of_a_lab_without_a_gateway_has_no_browser() -> None:
    """Somebody else's gateway is used only where it is named."""
    assert built(NETWORK).handset == HandsetSettings()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("requested", UserAbort.USER_REQUEST),
        ("refused", UserAbort.USER_REFUSED),
        ("pending", UserAbort.USER_PENDING),
        ("no-resources", UserAbort.USER_DISCARDED_RESOURCES),
        ("unprocessable", UserAbort.USER_DISCARDED_UNPROCESSABLE),
    ],
)
def test_handset_refuses_as_the_file_says(name: str, reason: UserAbort) -> None:
    """Each reason has a name; a range has one set of settings, others stay as usual."""
    lab = built(NETWORK, f"{{on_push: refuse, push_refusal: {name}}}")
    assert lab.handsets[FIRST] == HandsetSettings(PushBehaviour(OnPush.REFUSE, reason))
    assert lab.handsets[SECOND] is lab.handsets[FIRST]
    assert LAST not in lab.handsets


@pytest.mark.parametrize("on_push", [OnPush.SILENT, OnPush.NO_SESSION])
def test_handset_does_with_pushes_what_the_file_says(on_push: OnPush) -> None:
    """Silence, and no session at all."""
    assert built(NETWORK, f"{{on_push: {on_push}}}").handsets[FIRST].push.on_push is on_push


def test_handset_browses_by_the_gateway_that_the_file_names() -> None:
    """At the usual ports, in the way that it says."""
    mobile = "{wap_gateway: 127.0.10.66, wap_mode: connectionless}"
    lab = built(NETWORK + GATEWAY, mobile)
    assert lab.handsets[FIRST].gateway == WapGateway("127.0.10.66", Mode.CONNECTIONLESS, 9201, 9200)


def test_reason_that_there_is_not_is_named_with_its_place() -> None:
    """As every problem of a lab file."""
    with pytest.raises(SourceError, match="push_refusal"):
        built(NETWORK, "{on_push: refuse, push_refusal: dislike}")
