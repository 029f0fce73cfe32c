"""Cards of mobiles that run in other processes: from the lab file to authentication over UDP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from corenet.adapters.testing import MemoryUdpReactor
from corenet.authentication.secrets import MilenageSecret, XorSecret
from corenet.interfaces.node import Event
from corenet.mobile.events import AuthenticationRejected, MobileState
from corenet.service import CoreService
from corenet.sgsn.events import AuthenticationFailed, MobileAuthenticated
from testbed.lab.build import LoadedLab, load, load_mobiles

OWN, OTHER = "234150000000001", "234150000000002"
K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
LAB = f"""\
name: city
ggsn: {{address: 127.0.10.1, apns: [{{name: internet, pool: 127.10.0.0/16}}]}}
hlr: {{address: 127.0.10.3}}
sgsn: {{address: 127.0.10.2, authentication: umts}}
radio: {{address: 127.0.10.2}}
mobiles:
  phones: {{address: 127.0.10.7}}
subscribers:
  - imsi: "{OWN}"
    msisdn: "447700900001"
    apns: [{{name: internet}}]
    card: {{key: '{K}', opc: '{OPC}', sqn: 64}}
    mobile: {{process: phones}}
  - imsi: "{OTHER}"
    msisdn: "447700900002"
    apns: [{{name: internet}}]
    card: {{key: '{K}', opc: '{OPC}'}}
    mobile: {{process: phones, card: {{algorithm: xor, key: '{K}'}}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "lab.yaml"
    path.write_text(LAB, encoding="utf-8")
    return str(path)


def test_a_process_of_mobiles_has_their_cards(file: str) -> None:
    """The subscriber's, or the mobile's own where the file gives it one."""
    core = load_mobiles(file, "phones").core
    assert core is not None
    secret = MilenageSecret(bytes.fromhex(K), bytes.fromhex(OPC))
    cards = {one.imsi: (one.secret, one.sqn) for one in core.mobiles}
    assert cards == {OWN: (secret, 64), OTHER: (XorSecret(bytes.fromhex(K)), 0)}


@pytest.fixture
def services(file: str) -> Iterator[tuple[MemoryUdpReactor, CoreService, CoreService]]:
    """Give the network and the mobiles of the file, as two processes would run them."""
    reactor = MemoryUdpReactor()

    def service(lab: LoadedLab, seed: int) -> CoreService:
        assert lab.core is not None
        return CoreService(reactor, lab.core, random=Random(seed), recovery=1, gi_ports=())

    network, phones = service(load(file), 1), service(load_mobiles(file, "phones"), 2)
    yield reactor, network, phones
    for one in (phones, network):
        one.stopService()
        reactor.pump([0.05] * 10)


def test_mobiles_elsewhere_are_authenticated_by_their_cards(
    services: tuple[MemoryUdpReactor, CoreService, CoreService],
) -> None:
    """One with the subscriber's key attaches; one with another card is refused."""
    reactor, network, phones = services
    events: list[Event] = []
    for one in (network, phones):
        one.runtime.on_event(lambda _time, _node, event: events.append(event))
        one.startService()
    reactor.pump([0.02] * 100)
    mobiles = phones.core.mobiles
    assert mobiles is not None
    assert mobiles.mobile(OWN).state is MobileState.ATTACHED
    assert MobileAuthenticated(OWN, True) in events
    assert mobiles.mobile(OTHER).state is not MobileState.ATTACHED
    assert [one.imsi for one in events if isinstance(one, AuthenticationFailed)] == [OTHER]
    assert [one.imsi for one in events if isinstance(one, AuthenticationRejected)] == [OTHER]
