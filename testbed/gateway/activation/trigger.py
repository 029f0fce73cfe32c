"""Has a terminal activated by a datagram to its static address, where there is no core to ask.

Specs: TS 23.060 §9.2.2.2.1 (a PDU for a static address without a context makes the GGSN request
its activation, and may be stored meanwhile), TS 29.061 §16.4 (the accounting Start that follows).

Theory of operation. A datagram goes to the address: the push itself, where the GGSN is trusted to
store it, or one that means nothing. What is waited for is the accounting session at that address.
When it has begun, a push that went ahead counts as sent, and whatever else waits is sent now.
When none begins in time, nothing is known to have arrived, and the attempt has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from corenet.interfaces.node import Datagram, Interface
from testbed.codecs.wsp.push import PUSH_PORT
from testbed.gateway.events import GiTriggered
from testbed.gateway.output import Output
from testbed.gateway.schedule import Schedule
from testbed.gateway.terminal import Terminal, TerminalKind


@dataclass(frozen=True, slots=True)
class GiTrigger:
    """Who can be triggered, and how."""

    addresses: dict[str, str]
    """Static address by MSISDN."""
    networks: tuple[str, ...] = ()
    """Networks of static addresses that pushes to an address may trigger."""
    sends_push: bool = True
    """Whether a push itself triggers, or ``payload`` does and the push follows."""
    port: int = PUSH_PORT
    """UDP port of the terminal that ``payload`` goes to."""
    payload: bytes = b""
    wait: float = 45.0
    """Seconds until the accounting session must have begun."""

    def __post_init__(self) -> None:
        if self.wait <= 0:
            raise ValueError("the wait for a triggered session is above 0")
        for network in self.networks:
            ip_network(network)

    def address_of(self, terminal: Terminal) -> str | None:
        """Return the static address of a terminal that may be triggered, or None."""
        if terminal.kind is TerminalKind.MSISDN:
            return self.addresses.get(terminal.value)
        if terminal.kind is TerminalKind.ADDRESS and self._is_static(terminal.value):
            return terminal.value
        return None

    def _is_static(self, address: str) -> bool:
        host = ip_address(address)
        return address in self.addresses.values() or any(
            host in ip_network(network) for network in self.networks
        )


class Triggers:
    """The triggers whose session has not begun."""

    def __init__(self, config: GiTrigger, output: Output) -> None:
        """Have none."""
        self._config = config
        self._output = output
        self._keys: dict[str, str] = {}
        """By address."""
        self._ends: Schedule[str] = Schedule()

    def send(
        self,
        key: str,
        address: str,
        push: bytes | None,
        *,
        push_ids: tuple[str, ...],
        until: float,
        now: float,
    ) -> None:
        """Trigger ``address``, with a push or with what is configured; ``key`` names the attempt.

        It ends after the configured wait, or at ``until`` if that is before.
        """
        config = self._config
        peer = (address, config.port if push is None else PUSH_PORT)
        payload = config.payload if push is None else push
        self._output.count("gi triggers")
        self._keys[address] = key
        self._ends.set(address, min(until, now + config.wait))
        self._output.send(Datagram(Interface.WDP, peer, payload))
        self._output.tell(GiTriggered(key, address, len(payload), push_ids, push is not None))

    def session_began(self, address: str) -> str | None:
        """Take note of a session; return the key of the trigger that wanted it, or None."""
        self._ends.cancel(address)
        return self._keys.pop(address, None)

    def next_timeout(self) -> float | None:
        """Return when the first of them has waited long enough, or None."""
        return self._ends.next()

    def take_due(self, now: float) -> list[str]:
        """Return the keys of those that have waited long enough, and forget them."""
        return [self._keys.pop(address) for address in self._ends.take_due(now)]
