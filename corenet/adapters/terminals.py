"""Mobiles that are TUN devices: programs of this host run on them.

Theory of operation. A mobile's device is there as long as the mobiles run, in the process's network
namespace or in one that has a name. It has an address while the mobile has a PDP context: the
kernel routes nothing to it before, and programs are told that the network is unreachable. What the
kernel sends on it goes over the radio; what comes from there, and is for no application that is
emulated on the mobile, the kernel gets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from twisted.logger import Logger

from corenet.adapters.reactor import ReadsDescriptors
from corenet.adapters.tun import CannotOpenTunError, TunDevice, run_ip
from corenet.gi.terminal_plan import TerminalPlan
from corenet.gi.tun_plan import TunPlan


class _Terminal:
    """One mobile's device and the addresses that it has."""

    def __init__(self, plan: TerminalPlan, log: Logger) -> None:
        self.plan = plan
        self.device = TunDevice(TunPlan(plan.device, (), (), plan.mtu), log=log)
        self.addresses: tuple[str, ...] = ()

    def open(self, reactor: ReadsDescriptors, deliver: Callable[[list[bytes]], None]) -> None:
        """Make the device and put it where it belongs."""
        self.device.open(reactor, deliver)
        namespace = self.plan.namespace
        if namespace is None:
            return
        try:
            run_ip(self.plan.device, [f"link set dev {self.plan.device} netns {namespace}"])
            run_ip(self.plan.device, self.plan.begin(), namespace)
        except BaseException:
            self.device.close()
            raise


class Terminals:
    """The devices of mobiles, by IMSI."""

    def __init__(
        self,
        reactor: ReadsDescriptors,
        plans: Mapping[str, TerminalPlan],
        *,
        log: Logger | None = None,
    ) -> None:
        """Make devices that are not there yet."""
        self._reactor = reactor
        self._log = log or Logger(namespace="corenet.terminals")
        self._terminals = {imsi: _Terminal(plan, self._log) for imsi, plan in plans.items()}

    @property
    def counters(self) -> dict[str, Counter[str]]:
        """What each device has counted, by the device's name."""
        return {one.plan.device: one.device.counters for one in self._terminals.values()}

    def start(self, deliver: Callable[[str, list[bytes]], None]) -> None:
        """Set the devices up; call ``deliver`` with an IMSI and packets of programs.

        Raise ``CannotOpenTunError`` where one cannot be had; none is left then.
        """
        try:
            for imsi, terminal in self._terminals.items():
                terminal.open(self._reactor, partial(deliver, imsi))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take the devices down."""
        for terminal in self._terminals.values():
            terminal.device.close()
            terminal.addresses = ()

    def send(self, imsi: str, packet: bytes) -> None:
        """Let the kernel have a packet that has come for a mobile."""
        terminal = self._terminals.get(imsi)
        if terminal is not None:
            terminal.device.send([packet])

    def __contains__(self, imsi: str) -> bool:
        return imsi in self._terminals

    def set_addresses(self, imsi: str, addresses: Sequence[str]) -> None:
        """Give a device the addresses that its mobile has now, and no other."""
        terminal = self._terminals[imsi]
        after = tuple(dict.fromkeys(addresses))
        if after == terminal.addresses or terminal.device.fileno() < 0:
            return
        commands = terminal.plan.change(terminal.addresses, after)
        terminal.addresses = after
        try:
            run_ip(terminal.plan.device, commands, terminal.plan.namespace)
        except CannotOpenTunError as error:
            terminal.device.counters["addresses not set"] += 1
            self._log.error("The mobile {imsi} is cut off: {error}", imsi=imsi, error=error)
