"""The TUN devices of a core: one for each APN that has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from corenet.adapters.reactor import ReadsDescriptors
from corenet.adapters.tun import KernelForwarding, TunDevice
from corenet.gi.tun_plan import TunPlan

Place = tuple[str, str]
"""Names of a GGSN and of an APN on it."""


class Tuns:
    """TUN devices by GGSN and APN."""

    def __init__(
        self, reactor: ReadsDescriptors, plans: Mapping[Place, TunPlan], *, forward: bool = False
    ) -> None:
        """Make devices that are not there yet.

        With ``forward`` the kernel routes between them and this host's other interfaces while
        they are there.
        """
        self.reactor = reactor
        self._devices = {place: TunDevice(plan) for place, plan in plans.items()}
        self._forwarding = KernelForwarding() if forward else None

    @property
    def counters(self) -> dict[str, Counter[str]]:
        """What each device has counted, by the device's name."""
        return {one.plan.device: one.counters for one in self._devices.values()}

    def start(self, deliver: Callable[[str, list[bytes]], None]) -> None:
        """Set the devices up; call ``deliver`` with a GGSN's name and packets for its mobiles.

        Raise ``CannotOpenTunError`` where one cannot be had; none is left then.
        """
        try:
            for (node, _), device in self._devices.items():
                device.open(self.reactor, partial(deliver, node))
            if self._forwarding is not None:
                self._forwarding.turn_on()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take the devices down."""
        if self._forwarding is not None:
            self._forwarding.put_back()
        for device in self._devices.values():
            device.close()

    def carries(self, place: Place) -> bool:
        """Whether there is a device for an APN."""
        return place in self._devices

    def send(self, place: Place, packets: Sequence[bytes]) -> None:
        """Let the kernel have packets of mobiles on an APN, where that has a device."""
        device = self._devices.get(place)
        if device is not None:
            device.send(packets)
