"""Blocks of loopback addresses, and lab files that are moved to them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from testbed.bench.addresses import (
    BLOCKS,
    HOLDING_PORT,
    Block,
    Move,
    NoFreeAddressesError,
    TooManyTerminalsError,
    described,
    moved,
    written,
)
from testbed.lab.build import load, shipped_labs
from testbed.lab.model import Lab
from testbed.lab.yaml_source import SourceError

FULL = {
    "name": "mine",
    "ggsn": {
        "address": "127.0.10.1",
        "apns": [{"name": "wap.example", "pool": "127.10.0.0/16"}],
        "radius": [{"address": "127.0.11.5", "port": 1813, "secret": "s"}],
    },
    "sgsn": {"address": "127.0.10.2"},
    "hlr": {"address": "127.0.10.3"},
    "control": {},
    "subscribers": [
        {
            "imsi": "234150000000001",
            "msisdn": "447700900001",
            "count": 20,
            "apns": [{"name": "WAP.example", "address": "127.10.0.9"}],
        },
        {"imsi": "234150000000099", "msisdn": "447700900099", "apns": [{"name": "wap.example"}]},
    ],
}


@pytest.fixture
def block() -> Iterator[Block]:
    """A block that this test has."""
    taken = Block.take(80)
    yield taken
    taken.let_go()


def test_two_labs_have_two_blocks(block: Block) -> None:
    """A block is taken once, and free again when it was let go of."""
    other = Block.take(block.number - 64)
    assert other.number != block.number
    other.let_go()
    again = Block.take(other.number - 64)
    assert again.number == other.number
    again.let_go()


def test_no_block_is_left_where_all_are_held() -> None:
    """A program with the port on every address holds them all; the error says what to look for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as everywhere:
        try:
            everywhere.bind(("0.0.0.0", HOLDING_PORT))
        except OSError:
            pytest.skip("another test has a block")
        with pytest.raises(NoFreeAddressesError, match=f"{BLOCKS} labs run.*:{HOLDING_PORT}"):
            Block.take()


def test_nodes_keep_their_last_octet_and_their_neighbours(block: Block) -> None:
    """What was in one /24 still is; two of them stay apart."""
    lab, move = moved(described(FULL), block)
    net = f"127.{block.number}"
    assert lab.model.ggsn is not None
    assert lab.model.sgsn is not None
    assert (lab.model.ggsn.address, lab.model.sgsn.address) == (f"{net}.0.1", f"{net}.0.2")
    assert lab.model.ggsn.radius[0].address == f"{net}.1.5"
    assert move["127.0.11.5"] == f"{net}.1.5"
    assert move.nodes["127.0.10.1"] == f"{net}.0.1"
    assert block.own_address not in move.nodes.values()
    assert move.spare_address not in move.nodes.values()


def test_pool_is_as_small_as_it_can_be(block: Block) -> None:
    """Static addresses keep their place in the pool, and each address can have a socket."""
    lab, move = moved(described(FULL), block)
    ggsn = lab.model.ggsn
    assert ggsn is not None
    assert ggsn.apns[0].pool == (f"127.{block.number}.128.0/27",)
    assert ggsn.gi is not None
    assert ggsn.gi.per_address
    assert lab.model.subscribers[0].apns[0].address == f"127.{block.number}.128.9"
    assert move["127.10.0.28"] == f"127.{block.number}.128.28"


def test_control_interface_gets_an_address_where_the_file_says_none(block: Block) -> None:
    """127.0.0.1 is where it listens by default, and two labs cannot."""
    lab, _ = moved(described(FULL), block)
    assert lab.model.control is not None
    assert lab.model.control.address == f"127.{block.number}.2.1"


def test_this_hosts_own_address_stays() -> None:
    """Unless the lab listens there; other hosts outside loopback stay too."""
    lab = Lab.model_validate({"hlr": {"address": "127.0.0.2"}})
    move = Move(lab, 70)
    document = {
        "gateway": {"pull": {"origins": ["127.0.0.1", "localhost", "127.0.0.0/8"]}},
        "url": "http://127.0.0.2:8080/x, 192.0.2.1 and 127.0.0.1",
        "wide": "127.0.0.0/16",
        "narrow": "127.0.0.0/24",
        "number": 7,
    }
    assert move.apply(document) == {
        "gateway": {"pull": {"origins": ["127.0.0.1", "localhost", "127.0.0.0/8"]}},
        "url": "http://127.70.0.2:8080/x, 192.0.2.1 and 127.0.0.1",
        "wide": "127.0.0.0/16",
        "narrow": "127.70.0.0/24",
        "number": 7,
    }
    assert move["192.0.2.1"] == "192.0.2.1"


@pytest.mark.parametrize("name", shipped_labs())
def test_labs_that_come_along_can_be_moved(name: str, block: Block) -> None:
    """Or the error says why not; what is no address stays as it is."""
    lab = load(name)
    again, _ = moved(lab, block)
    assert again.terminals == lab.terminals
    assert again.self_activating == lab.self_activating
    assert (again.gateway is None) == (lab.gateway is None)


def test_too_many_terminals_are_refused(block: Block) -> None:
    """The error names the pool and the way out."""
    subscriber = {
        "imsi": "234150000000001",
        "msisdn": "447700900001",
        "count": 300,
        "apns": [{"name": "wap.example"}],
    }
    with pytest.raises(TooManyTerminalsError, match=r"127\.10\.0\.0/16 has 301.*virtual time"):
        moved(described({**FULL, "subscribers": [subscriber]}), block)


def test_labs_are_described_in_python_or_in_text() -> None:
    """A dictionary, a model and the text of a file come to the same."""
    model = Lab.model_validate(FULL)
    assert described(FULL).core == described(model).core
    assert written("hlr: {address: 127.0.0.2}\n").model.hlr is not None
    with pytest.raises(SourceError, match=r"hlr\.location: there is no"):
        described({"hlr": {"location": "127.0.0.2"}})
