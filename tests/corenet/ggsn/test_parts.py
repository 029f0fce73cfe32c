"""The small parts of a GGSN: pools, configuration, name servers."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.ggsn import pco
from corenet.ggsn.config import (
    AccountingPolicy,
    Apn,
    BackOffs,
    GgsnConfig,
    RadiusServer,
    StaticBinding,
    StoredPduLimits,
    apn_key,
)
from corenet.ggsn.pools import AddressPool

IMSI = "234150999999999"


# Address pools


def test_freed_addresses_come_last_and_oldest_first() -> None:
    """Never used ones first, then the one that has rested for longest."""
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    taken = [pool.take() for _ in range(4)]
    assert [octets[3] for octets in taken] == [1, 2, 3, 4]
    pool.free(taken[2])
    pool.free(taken[0])
    assert [pool.take()[3] for _ in range(4)] == [5, 6, 3, 1]
    assert pool.take() is None
    assert pool.exhausted
    assert len(pool) == 6


def test_excluded_addresses_are_never_given() -> None:
    """Static addresses within the pool belong to their subscribers."""
    excluded = {bytes((10, 0, 0, 1)), bytes((10, 0, 0, 6))}
    pool = AddressPool(IPv4Network("10.0.0.0/29"), excluded)
    assert [pool.take()[3] for _ in range(4)] == [2, 3, 4, 5]
    assert pool.take() is None


def test_freeing_what_was_never_taken_changes_nothing() -> None:
    """A static address that its owner gives back does not enter the pool."""
    pool = AddressPool(IPv4Network("10.0.0.0/30"))
    pool.free(bytes((10, 0, 0, 1)))
    assert [pool.take()[3], pool.take()[3], pool.take()] == [1, 2, None]


@pytest.mark.parametrize(("network", "count"), [("10.0.0.4/32", 1), ("10.0.0.4/31", 2)])
def test_the_smallest_networks_have_no_ends(network: str, count: int) -> None:
    """A network of one or two addresses has no broadcast address (RFC 3021)."""
    pool = AddressPool(IPv4Network(network))
    assert sum(pool.take() is not None for _ in range(3)) == count


# Configuration


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("wap.example", "wap.example"),
        ("WAP.Example", "wap.example"),
        ("wap.example.mnc015.mcc234.gprs", "wap.example"),
        ("mnc015.mcc234.gprs", "mnc015.mcc234.gprs"),
        ("wap.gprs", "wap.gprs"),
        ("a.b.c.gprs", "a.b.c.gprs"),
    ],
)
def test_apns_are_compared_without_case_and_operator(name: str, key: str) -> None:
    """TS 23.003 §9.1: the operator identifier is three labels that end in "gprs"."""
    assert apn_key(name) == key


GOOD = GgsnConfig(
    control_address="192.0.2.1",
    user_address="192.0.2.1",
    apns=(Apn("wap.example", IPv4Network("10.45.0.0/24")), Apn("other.example")),
    static_bindings=(StaticBinding(IMSI, "wap.example", "10.45.0.7"),),
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"control_address": "host"}, "host"),
        ({"user_address": "::1"}, "::1"),
        ({"guard_time": 0}, "guard time"),
        ({"plmn": "2341"}, "PLMN"),
        ({"plmn": "2341x"}, "PLMN"),
        ({"apns": (Apn("a"), Apn("A"), Apn("wap.example"))}, "APN a is there twice"),
        (
            {
                "apns": (
                    Apn("wap.example", IPv4Network("10.0.0.0/8")),
                    Apn("b", IPv4Network("10.1.0.0/16")),
                )
            },
            "overlap",
        ),
        ({"static_bindings": (StaticBinding(IMSI, "b", "10.45.0.7"),)}, "unknown APNs: b"),
        (
            {
                "static_bindings": (
                    StaticBinding(IMSI, "wap.example", "10.45.0.7"),
                    StaticBinding("234151111111111", "wap.example", "10.45.0.7"),
                )
            },
            "static address 10.45.0.7",
        ),
        (
            {
                "static_bindings": (
                    StaticBinding(IMSI, "wap.example", "10.45.0.7"),
                    StaticBinding(IMSI, "WAP.example", "10.45.0.8"),
                )
            },
            "static binding of",
        ),
    ],
)
def test_contradictions_in_the_configuration_are_named(changes, words: str) -> None:
    """A ValueError says what is wrong."""
    with pytest.raises(ValueError, match=words):
        replace(GOOD, **changes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Apn(""),
        lambda: Apn("wap."),
        lambda: Apn("wap", dns=("1.1.1.1", "2.2.2.2", "3.3.3.3")),
        lambda: Apn("wap", dns=("nonsense",)),
        lambda: StaticBinding("12x456", "wap", "10.0.0.1"),
        lambda: StaticBinding("12", "wap", "10.0.0.1"),
        lambda: StaticBinding(IMSI, "wap", "10.0.0"),
        lambda: StoredPduLimits(count=-1),
        lambda: StoredPduLimits(age=0),
        lambda: BackOffs(ms_refused=-1),
        lambda: RadiusServer(("192.0.2.5", 1813), b""),
        lambda: AccountingPolicy(interim_interval=0),
        lambda: AccountingPolicy(first_wait=10, longest_wait=5),
        lambda: AccountingPolicy(tries_per_server=0),
    ],
)
def test_values_that_make_no_sense_are_refused(make) -> None:
    """Each by a ValueError when it is made."""
    with pytest.raises(ValueError):
        make()


def test_a_secret_is_not_shown() -> None:
    """Neither by a server nor by the configuration that has it."""
    config = replace(GOOD, radius=(RadiusServer(("192.0.2.5", 1813), b"hush"),))
    assert "hush" not in repr(config)


# Protocol configuration options

SERVERS = ("192.0.2.53", "192.0.2.54")


@pytest.mark.parametrize(
    ("asked", "servers", "answered"),
    [
        # IPCP Configure-Request id 5 for both servers as 0.0.0.0: Nak with both.
        (
            "80 8021 10 01050010 810600000000 830600000000",
            SERVERS,
            "80 8021 10 03050010 8106c0000235 8306c0000236",
        ),
        # Both servers already right: Ack.
        (
            "80 8021 10 01050010 8106c0000235 8306c0000236",
            SERVERS,
            "80 8021 10 02050010 8106c0000235 8306c0000236",
        ),
        # One server for two questions: Nak with the one.
        (
            "80 8021 10 01050010 810600000000 830600000000",
            SERVERS[:1],
            "80 8021 0a 0305000a 8106c0000235",
        ),
        # An option that we have nothing for, beside one that we have: Nak.
        (
            "80 8021 10 01010010 030600000000 810600000000",
            SERVERS,
            "80 8021 0a 0301000a 8106c0000235",
        ),
        # Only options that we have nothing for: Reject.
        ("80 8021 0a 0101000a 030600000000", SERVERS, "80 8021 0a 0401000a 030600000000"),
        # A name server option of another length: Reject.
        ("80 8021 08 01010008 81040000", SERVERS, "80 8021 08 04010008 81040000"),
        # Container 0x000D, between others that get no answer.
        ("80 0001 00 000d 00 0010 00", SERVERS[:1], "80 000d 04 c0000235"),
    ],
)
def test_name_servers_are_given_to_whoever_asks(asked, servers, answered) -> None:
    """IPCP and the container for name servers."""
    assert pco.answer(bytes.fromhex(asked), servers) == bytes.fromhex(answered)


@pytest.mark.parametrize(
    "asked",
    [
        "",  # nothing
        "80",  # no option
        "81 000d 00",  # another configuration protocol
        "80 8021",  # cut in an identifier
        "80 8021 10 0105",  # cut in the content
        "80 8021 02 0105",  # IPCP without a length
        "80 8021 04 01050004",  # IPCP without options
        "80 8021 04 01050009",  # IPCP longer than its container
        "80 8021 0a 0205000a 810600000000",  # Configure-Ack
        "80 8021 05 01050005 81",  # an option cut short
        "80 8021 06 01050006 8101",  # an option of impossible length
        "80 8021 08 01050008 81060000",  # an option beyond the packet
        "80 c023 06 01000006 0000",  # PAP
    ],
)
def test_whatever_else_is_asked_gets_no_answer(asked: str) -> None:
    """What cannot be read or is not about name servers."""
    assert pco.answer(bytes.fromhex(asked), SERVERS) is None


def test_without_servers_or_question_there_is_no_answer() -> None:
    """An APN without name servers; an MS without options."""
    assert pco.answer(bytes.fromhex("80000d00"), ()) is None
    assert pco.answer(None, SERVERS) is None


@given(st.binary(max_size=80))
def test_any_octets_get_an_answer_or_none(octets: bytes) -> None:
    """Nothing that a mobile sends raises."""
    answered = pco.answer(b"\x80" + octets, SERVERS)
    assert answered is None or answered[0] == 0x80
