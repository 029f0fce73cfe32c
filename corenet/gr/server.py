"""Our HLR's port for clients of other processes: SGSNs and short message service centres.

Spec: OsmoHLR user manual, "Generic Subscriber Update Protocol".

Theory of operation. A client is asked who it is, and is known by its unit name from then on: the
same name is the same peer of the HLR, however often it connects. A newer connection takes the name
over, for the older one is most likely dead without a farewell. What a client sends before it has
said its name waits.

The node is attached to Gr ``ANYWHERE``, so that it gets what the HLR sends to peers that are not
beside it. A client's address there is the host that its connection comes from, which is taken for
its address on Gn too, and a number of its name that no port has; one whose name was given has the
address that was given with it.
"""

from __future__ import annotations

from collections.abc import Collection

from corenet.gr.config import GsupServerConfig, check_unit_name
from corenet.gr.events import GsupClientConnected, GsupClientDisconnected
from corenet.gr.link import Link
from corenet.gr.node import LinkNode
from corenet.interfaces.ipa import (
    CcmType,
    IdTag,
    IpaError,
    ccm_frame,
    decode_id_resp,
    encode_id_get,
)
from corenet.interfaces.node import Address, Interface

_FIRST_NUMBER = 65_536
"""Of names on Gr: beyond all ports."""


class _Client:
    """One connection of a client."""

    def __init__(self, peer: Address) -> None:
        self.peer = peer
        self.unit = ""
        self.address: Address = ("", 0)
        """On Gr, once it has said its name."""
        self.held: list[bytes] = []


class GsupServer(LinkNode):
    """The port (satisfies ``corenet.interfaces.streams.StreamNode``).

    It attaches to ``Interface.GR`` ``ANYWHERE``, and to ``Interface.GSUP`` where it listens.
    """

    def __init__(self, config: GsupServerConfig, *, name: str) -> None:
        super().__init__(name)
        self._config = config
        self._clients: dict[int, _Client] = {}
        self._numbers: dict[str, int] = {}
        self._named: dict[str, int] = {}
        """Connections by unit name."""
        self._units: dict[int, str] = {}
        """Unit names by number."""
        self._given = {address: unit for unit, address in config.names.items()}

    @property
    def config(self) -> GsupServerConfig:
        """What it was made with."""
        return self._config

    @property
    def listens(self) -> Collection[Interface]:
        """Clients come to us."""
        return (Interface.GSUP,)

    @property
    def connected_clients(self) -> int:
        """How many clients are there that have said their name."""
        return len(self._named)

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,
        now: float,  # noqa: ARG002
    ) -> None:
        """Take what the HLR sends to a client."""
        unit = self._given.get(local) or self._units.get(local[1], "")
        connection = self._named.get(unit)
        if connection is None or peer != self._config.hlr:
            self._counts["undeliverable"] += 1
        else:
            self._links[connection].transmit_gsup(data)

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        attempt: int | None,  # noqa: ARG002
        now: float,
    ) -> None:
        """Ask a client who it is."""
        client = self._clients[connection] = _Client(peer)

        def on_ccm(ccm: CcmType, body: bytes, now: float) -> None:  # noqa: ARG001
            if ccm is CcmType.ID_RESP:
                self._identified(link, client, decode_id_resp(body))

        link = self._links[connection] = Link(
            connection,
            schedule=self._schedule,
            timers=self._config.timers,
            send=self._command,
            counts=self._counts,
            on_gsup=lambda message, _: self._take(link, client, message),
            on_ccm=on_ccm,
            now=now,
        )
        if self._stopped or len(self._clients) > self._config.connections:
            self._counts["refused"] += 1
            link.close("there are too many connections")
        else:
            link.transmit(ccm_frame(CcmType.ID_GET, encode_id_get()))

    def _identified(self, link: Link, client: _Client, identity: dict[int, str]) -> None:
        """Take a client's name: OsmoHLR's clients say it as serial number."""
        if client.unit:
            return
        unit = identity.get(IdTag.SERIAL_NUMBER) or identity.get(IdTag.UNIT_NAME) or ""
        try:
            check_unit_name(unit)
        except ValueError as error:
            raise IpaError(str(error)) from None
        address = self._address(unit, client.peer[0])
        if address is None:
            self._counts["refused"] += 1
            link.close("there are too many clients")
            return
        older = self._named.pop(unit, None)
        if older is not None:
            self._counts["replaced"] += 1
            self._links[older].close("its unit name has come with another connection")
        client.unit, client.address = unit, address
        self._named[unit] = link.connection
        link.identified()
        link.transmit(ccm_frame(CcmType.ID_ACK))
        self._counts["connects"] += 1
        self._events.append(GsupClientConnected(unit, client.peer))
        for message in client.held:
            self._hand_on(message, address, self._config.hlr)
        client.held.clear()

    def _address(self, unit: str, host: str) -> Address | None:
        """Return a client's address on Gr, None where there is no room for it."""
        given = self._config.names.get(unit)
        if given is not None:
            return given
        number = self._numbers.get(unit)
        if number is None:
            if len(self._numbers) >= self._config.clients:
                return None
            number = self._numbers[unit] = _FIRST_NUMBER + len(self._numbers)
            self._units[number] = unit
        return host, number

    def _take(self, link: Link, client: _Client, message: bytes) -> None:
        if client.unit:
            self._hand_on(message, client.address, self._config.hlr)
        elif len(client.held) < self._config.held:
            client.held.append(message)
        else:
            link.close("it has sent too much before its name")

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Nothing: the port opens no connection."""

    def disconnected(self, connection: int, reason: str, now: float) -> None:  # noqa: ARG002
        """Forget a connection."""
        link, client = self._links.pop(connection), self._clients.pop(connection)
        link.over()
        if self._named.get(client.unit) == connection:
            del self._named[client.unit]
        self._counts["losses"] += 1
        self._events.append(GsupClientDisconnected(client.unit, client.peer, link.why or reason))
