"""Addresses on a command line."""

from __future__ import annotations

import pytest

from testbed.lab.addresses import AddressWordsError, read_address, source_towards, text_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", ("127.0.0.1", 2123)),
        ("127.0.0.1:99", ("127.0.0.1", 99)),
        ("::1", ("::1", 2123)),
        ("[::1]:99", ("::1", 99)),
        ("[::1]", ("::1", 2123)),
    ],
)
def test_addresses_are_read_with_and_without_port(text: str, address: tuple[str, int]) -> None:
    """A host may have a port; IPv6 has brackets then."""
    assert read_address(text, 2123) == address
    assert read_address(text_of(address), 1) == address


@pytest.mark.parametrize("text", ["ggsn", "127.0.0.1:x", "127.0.0.1:70000", "", "127.0.0"])
def test_other_words_are_no_addresses(text: str) -> None:
    """Names and ports out of range are refused with what was written."""
    with pytest.raises(AddressWordsError):
        read_address(text, 2123)


def test_loopback_is_left_from_loopback() -> None:
    """What goes to this host comes from it."""
    assert source_towards("127.0.0.9").startswith("127.")
