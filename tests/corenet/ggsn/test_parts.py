"""The small parts of a GGSN: pools, configuration, name servers."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network

import pytest

from corenet.ggsn.config import (
    AccountingPolicy,
    Apn,
    BackOffs,
    Credential,
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
    pool = AddressPool((IPv4Network("10.0.0.0/29"),))
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
    pool = AddressPool((IPv4Network("10.0.0.0/29"),), excluded)
    assert [pool.take()[3] for _ in range(4)] == [2, 3, 4, 5]
    assert pool.take() is None


def test_freeing_what_was_never_taken_changes_nothing() -> None:
    """A static address that its owner gives back does not enter the pool."""
    pool = AddressPool((IPv4Network("10.0.0.0/30"),))
    pool.free(bytes((10, 0, 0, 1)))
    assert [pool.take()[3], pool.take()[3], pool.take()] == [1, 2, None]


@pytest.mark.parametrize(("network", "count"), [("10.0.0.4/32", 1), ("10.0.0.4/31", 2)])
def test_the_smallest_networks_have_no_ends(network: str, count: int) -> None:
    """A network of one or two addresses has no broadcast address (RFC 3021)."""
    pool = AddressPool((IPv4Network(network),))
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
    apns=(Apn("wap.example", (IPv4Network("10.45.0.0/24"),)), Apn("other.example")),
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
                    Apn("wap.example", (IPv4Network("10.0.0.0/8"),)),
                    Apn("b", (IPv4Network("10.1.0.0/16"),)),
                )
            },
            "overlap",
        ),
        (
            {
                "apns": (
                    Apn(
                        "wap.example",
                        (IPv6Network("2001:db8::/48"), IPv4Network("10.0.0.0/8")),
                        static_ranges=(IPv6Network("2001:db8:0:1::/64"),),
                    ),
                )
            },
            "2001:db8::/48 and 2001:db8:0:1::/64 overlap",
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
        lambda: Apn("wap", dns=("2001:db8::1", "2001:db8::2", "2001:db8::3")),
        lambda: Apn("wap", dns=("nonsense",)),
        lambda: Apn("wap", mtu=67),
        lambda: Apn("wap", mtu=65536),
        lambda: Apn("wap", maximum_contexts=-1),
        lambda: Apn("wap", (IPv6Network("2001:db8::/65"),)),
        lambda: Apn("wap", static_ranges=(IPv6Network("2001:db8::1/128"),)),
        lambda: Apn("wap", (IPv6Network("fe80::/32"),)),
        lambda: Apn("wap", (IPv4Network("224.0.0.0/24"),)),
        lambda: Apn("wap", (IPv6Network("2001:db8::/48"),), mtu=1279),
        lambda: Apn("wap", credentials=(Credential("a", "b"), Credential("a", "c"))),
        lambda: Credential("a" * 256, "b"),
        lambda: Credential("a", "ü" * 128),
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
    assert "hush" not in repr(Apn("wap", credentials=(Credential("alice", "hush"),)))
