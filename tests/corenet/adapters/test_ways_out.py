"""Which way packets of mobiles leave, and what is left open when one way cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import pytest

from corenet.adapters.tun import CannotOpenTunError
from corenet.adapters.tuns import Place, Tuns
from corenet.adapters.ways_out import WaysOut


class Loopback:
    """A Gi device that remembers; it opens or not."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.refuses = refuses
        self.packets: list[bytes] = []
        self.is_open = False

    def start(self, deliver: Callable[[bytes], None]) -> None:
        if self.refuses is not None:
            raise self.refuses
        assert not self.is_open
        self.is_open = True

    def send(self, packet: bytes) -> None:
        self.packets.append(packet)

    def stop(self) -> None:
        self.is_open = False


class Devices:
    """TUN devices, one for the APN "internet" of "ggsn"."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.is_open = False

    def start(self, deliver: Callable[[str, list[bytes]], None]) -> None:
        self.is_open = True

    def stop(self) -> None:
        self.is_open = False

    def carries(self, place: Place) -> bool:
        return place == ("ggsn", "internet")

    def send(self, place: Place, packets: Sequence[bytes]) -> None:
        self.packets += packets


def opened(gi: Loopback | None, devices: Devices | None) -> WaysOut:
    ways = WaysOut(gi, cast("Tuns | None", devices))
    ways.start(lambda _packet: None, lambda _node, _packets: None)
    return ways


def test_an_apn_with_a_device_uses_it_and_others_loopback() -> None:
    """Both are there."""
    gi, devices = Loopback(), Devices()
    ways = opened(gi, devices)
    assert ways.send(("ggsn", "internet"), [b"one", b"two"])
    assert ways.send(("ggsn", "wap"), [b"three"])
    assert ways.send(("other", "internet"), [b"four"])
    assert (devices.packets, gi.packets) == ([b"one", b"two"], [b"three", b"four"])


def test_without_loopback_other_apns_have_no_way_out() -> None:
    """Which is told, so that it is counted."""
    assert not opened(None, Devices()).send(("ggsn", "wap"), [b"lost"])
    assert not opened(None, None).send(("ggsn", "wap"), [b"lost"])


def test_ways_open_once_and_close() -> None:
    """However many nodes there are on Gi; to close what is closed changes nothing."""
    gi, devices = Loopback(), Devices()
    ways = opened(gi, devices)
    ways.start(lambda _packet: None, lambda _node, _packets: None)
    assert (gi.is_open, devices.is_open) == (True, True)
    ways.stop()
    assert (gi.is_open, devices.is_open) == (False, False)
    WaysOut(None, None).stop()


def test_one_way_that_cannot_be_had_closes_the_other() -> None:
    """Nothing is left open."""
    refusal = CannotOpenTunError("gi-x", "no", "Do something else")
    gi, devices = Loopback(refusal), Devices()
    with pytest.raises(CannotOpenTunError, match="the TUN device gi-x: no"):
        opened(gi, devices)
    assert not devices.is_open
