"""What a lab file says of RADIUS reaches the GGSN, or is a problem with its place."""

from __future__ import annotations

import pytest

from corenet.ggsn.config import (
    AccessPolicy,
    AccountingPolicy,
    AuthenticatedBy,
    DynamicPolicy,
    RadiusAuthentication,
    RadiusClient,
    RadiusServer,
)
from testbed.lab.build import LoadedLab, build
from testbed.lab.yaml_source import SourceError, read

LAB = """\
ggsn:
  address: 127.0.10.1
  plmn: "23415"
  nas_identifier: ggsn.example
  charging_gateway: 127.0.10.9
  apns:
    - name: wap.example
      pool: 127.10.0.0/16
      user_name: wap
      authentication:
        servers:
          - {address: 127.0.10.7, secret: hush, message_authenticator: true}
          - {address: 127.0.10.8, port: 11812}
        by: imsi
        password: secret of the APN
  radius: [{address: 127.0.10.7, secret: hush}]
  interim_interval: 300
  accounting: {first_wait: 1, tries: 3, dead_time: 30, give_up_after: 3600, records: 5000}
  authentication: {wait: 1, tries: 3, deadline: 12, dead_time: 30}
  orders:
    servers: [{address: 127.0.10.0/24, secret: orders}]
    window: 60
    needs_timestamp: true
"""


def built(text: str) -> LoadedLab:
    return build(read(text, "lab.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        built(text)
    return [str(problem) for problem in caught.value.problems]


def test_every_setting_reaches_the_ggsn() -> None:
    """Servers, policies, and what the GGSN says of itself."""
    lab = built(LAB)
    assert lab.core is not None
    ggsn = lab.core.ggsns["ggsn"]
    (apn,) = ggsn.apns
    assert apn.user_name == "wap"
    assert apn.authentication == RadiusAuthentication(
        (
            RadiusServer(("127.0.10.7", 1812), b"hush", signs=True),
            RadiusServer(("127.0.10.8", 11812), b"corenet"),
        ),
        AuthenticatedBy.IMSI,
        "secret of the APN",
    )
    assert ggsn.radius == (RadiusServer(("127.0.10.7", 1813), b"hush"),)
    assert ggsn.accounting == AccountingPolicy(
        interim_interval=300,
        first_wait=1,
        tries_per_server=3,
        dead_time=30,
        give_up_after=3600,
        queue_limit=5000,
    )
    assert ggsn.authentication == AccessPolicy(1, 3, 12, 30)
    clients = (RadiusClient("127.0.10.0/24", b"orders"),)
    assert ggsn.dynamic_authorization == DynamicPolicy(clients, 3799, 60, needs_timestamp=True)
    assert (ggsn.plmn, ggsn.nas_identifier) == ("23415", "ggsn.example")
    assert ggsn.charging_gateway == "127.0.10.9"


def test_without_settings_there_is_accounting_at_most() -> None:
    """Nobody is asked, and nobody may order."""
    lab = built("ggsn: {address: 127.0.10.1, apns: [{name: a, pool: 127.10.0.0/16}]}\n")
    assert lab.core is not None
    ggsn = lab.core.ggsns["ggsn"]
    assert (ggsn.radius, ggsn.dynamic_authorization, ggsn.speaks_radius) == ((), None, False)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("servers: [{address: 127.0.10.0/24", "servers: [{address: 127.0.10.1/24", ":21:25:"),
        ("by: imsi", "by: name", ":14:13:"),
        ("port: 11812", "port: 0", ":13:41:"),
        ("secret: hush}", 'secret: ""}', ":16:42:"),
        ("deadline: 12", "deadline: 0", ":19:49:"),
        ('plmn: "23415"', "plmn: 23415", ":3:9:"),
        ("first_wait: 1", "first_wait: -1", ":18:28:"),
        ("      user_name: wap\n", "      credentials: []\n", ":7:7: "),
        ("port: 11812", "port: 1812, secret: one}, {address: 127.0.10.8", ":13:"),
    ],
)
def test_a_mistake_is_named_with_its_place(before: str, after: str, problem: str) -> None:
    """File, line and column."""
    assert before in LAB
    (found, *_) = problems(LAB.replace(before, after, 1))
    assert found.startswith("lab.yaml" + problem), found


def test_two_secrets_for_one_server_are_refused() -> None:
    """An answer could not be checked."""
    other = """
    - name: other.example
      pool: 127.11.0.0/16
      authentication: {servers: [{address: 127.0.10.7, secret: another}]}
  radius:"""
    (problem,) = problems(LAB.replace("\n  radius:", other, 1))
    assert "two secrets for the RADIUS server at 127.0.10.7:1812" in problem


def test_a_deadline_beyond_the_sgsns_patience_is_refused() -> None:
    """It would have given the context up before the server answers."""
    sgsn = "sgsn: {address: 127.0.10.2, gtp: {t3_response: 3, n3_requests: 4}}\n"
    hlr = "hlr: {address: 127.0.10.3}\n"
    (problem,) = problems(LAB + sgsn + hlr)
    expected = "lab.yaml:19:49: the SGSN waits 12 s for a context; the deadline has to be shorter"
    assert problem == expected
    assert built(LAB + sgsn.replace("n3_requests: 4", "n3_requests: 5") + hlr).core is not None
