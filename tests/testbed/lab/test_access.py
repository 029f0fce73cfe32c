"""SGSNs, routing areas, cells and moving mobiles in a lab file."""

from __future__ import annotations

import pytest

from corenet.mobile.config import MobileTimers
from corenet.sgsn.config import DnsConfig, RoutingArea, SgsnConfig
from testbed.lab.build import LoadedLab, build
from testbed.lab.yaml_source import SourceError, read

TWO = """\
ggsn:
  address: 127.0.10.1
  apns: [{name: wap.example, pool: 127.10.0.0/16}]
hlr: {address: 127.0.10.3}
sgsn:
  address: 127.0.10.2
  t3312: 600
  t3314: null
  t3313: 2
  paging_attempts: 4
  routing_areas:
    - {rac: 1, cells: [11, 12]}
    - {rac: 2, cells: [13]}
sgsns:
  far:
    address: 127.0.10.4
    routing_areas: [{lac: 7, cells: [21]}]
"""
MOVING = """\
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    apns: [{name: wap.example}]
    mobile: {cell: 13, ready_timer: 10, moves: [{after: 5, cell: 21}, {after: 9, cell: 11}]}
  - {imsi: "234150000000002", msisdn: "447700900002", apns: [{name: wap.example}]}
"""


def built(text: str) -> LoadedLab:
    return build(read(text, "lab.yaml"))


def test_several_sgsns_know_one_another() -> None:
    """Each has its areas, its timers, and the address behind each area of the others."""
    core = built(TWO).core
    assert core is not None
    near, far = core.sgsns["sgsn"], core.sgsns["far"]
    first = RoutingArea(rac=1, cells=(11, 12))
    assert near.routing_areas == (first, RoutingArea(rac=2, cells=(13,)))
    assert far.neighbours == {area.encode(): "127.0.10.2" for area in near.routing_areas}
    assert near.neighbours == {RoutingArea(lac=7).encode(): "127.0.10.4"}
    radio = near.radio
    assert (radio.t3312, radio.t3313, radio.t3314, radio.paging_attempts) == (600, 2, None, 4)
    assert far.ggsns == {"wap.example": ("127.0.10.1",)}


def test_mobiles_are_in_cells_and_move() -> None:
    """One that names no cell is in the first one."""
    core = built(TWO + MOVING).core
    assert core is not None
    moving, still = core.mobiles
    assert (moving.cell, moving.moves) == (13, ((5, 21), (9, 11)))
    assert moving.ready_timer == 10
    assert (still.cell, still.moves) == (11, ())


def test_all_mobiles_have_the_timers_of_the_file() -> None:
    """Those that it does not name are those of TS 24.008 §11.2."""
    core = built(TWO + "mobile_timers: {t3380: 0.5, attempts: 3}\n").core
    assert core is not None
    assert core.mobile_timers == MobileTimers(t3380=0.5, attempts=3)
    core = built(TWO).core
    assert core is not None
    assert core.mobile_timers == MobileTimers()


@pytest.mark.parametrize(
    ("was", "becomes", "problem"),
    [
        ("cells: [21]", "cells: [21, 12]", "lab.yaml:17:37: cell 12 is in another routing area as "
         "well, of sgsn"),
        ("lac: 7", "rac: 2", "lab.yaml:17:21: the SGSN sgsn has this routing area as well"),
        ("cell: 13", "cell: 9", "lab.yaml:22:20: there is no cell 9; there are 11, 12, 13, 21"),
        ("cell: 11}", "cell: 5}", "lab.yaml:22:88: there is no cell 5; there are 11, 12, 13, 21"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(was: str, becomes: str, problem: str) -> None:
    """With line and column."""
    with pytest.raises(SourceError) as caught:
        built((TWO + MOVING).replace(was, becomes))
    assert [str(one) for one in caught.value.problems] == [problem]


def test_sgsns_may_be_all_that_there_is() -> None:
    """A lab may have its SGSNs by name alone."""
    text = "hlr: {address: 127.0.10.3}\nsgsns:\n  a: {address: 127.0.10.4}\n"
    core = built(text).core
    assert core is not None
    assert list(core.sgsns) == ["a"]


DNS = """
name: dns
ggsn: {address: 127.0.10.1, apns: [{name: wap.example, pool: 127.10.0.0/16}]}
hlr: {address: 127.0.10.3}
sgsn:
  address: 127.0.10.2
  ggsns: {one.example: 127.0.10.8, two.example: [127.0.10.8, 127.0.10.9]}
  most_ggsns: 2
  ggsn_avoidance: 7
  dns: %s
"""


def dns_lab(text: str) -> SgsnConfig:
    core = built(text).core
    assert core is not None
    return core.sgsns["sgsn"]


def test_an_sgsn_may_ask_the_dns() -> None:
    """Then the lab's own GGSN has no say; what is named has several addresses, or one."""
    text = DNS % "{servers: [127.0.10.53, '::1'], port: 5353, three_digit_mncs: ['234']}"
    config = dns_lab(text)
    assert config.ggsns == {
        "one.example": ("127.0.10.8",),
        "two.example": ("127.0.10.8", "127.0.10.9"),
    }
    assert (config.most_ggsns, config.ggsn_avoidance) == (2, 7.0)
    assert config.dns == DnsConfig(
        (("127.0.10.53", 5353), ("::1", 5353)), three_digit_mncs=frozenset({"234"})
    )


def test_the_dns_has_usual_values() -> None:
    """One server needs no list, and the rest is as RFC 2308 and E.212 have it."""
    text = DNS % "{servers: 127.0.10.53}"
    config = dns_lab(text)
    assert config.dns == DnsConfig((("127.0.10.53", 53),))
    none = dns_lab(DNS % "null")
    assert none.dns is None
    assert none.ggsns["wap.example"] == ("127.0.10.1",)
