"""Many mobiles at once, and any order of things for one of them."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
from collections.abc import Callable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.application import Application, Host, Shown
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.errors import MobileError
from corenet.mobile.events import ContextState, MobileState
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ROUTEING_AREA, ScriptedNetwork

IMSI = "234150999999999"
Action = Callable[[Mobiles, ScriptedNetwork], None]

tis = st.builds(sm.TransactionIdentifier, st.integers(0, 2), st.booleans())
causes = st.sampled_from((26, 36, 81, 97, 111))
addresses = st.sampled_from((PdpAddress.dynamic_ipv4(), PdpAddress.for_ipv4("10.45.0.7")))
apns = st.sampled_from((None, "a", "b"))
messages = st.one_of(
    st.builds(sm.RequestPdpContextActivation, tis, addresses, apns),
    st.builds(sm.ActivatePdpContextAccept, tis, pdp_address=st.none() | addresses),
    st.builds(sm.ActivatePdpContextReject, tis, causes),
    st.builds(sm.DeactivatePdpContextRequest, tis, causes, st.booleans()),
    st.builds(sm.DeactivatePdpContextAccept, tis),
    st.builds(sm.SmStatus, tis, causes),
    st.builds(gmm.AttachAccept, st.just(ROUTEING_AREA), st.none() | st.just(1)),
    st.builds(gmm.AttachReject, st.just(7)),
    st.builds(gmm.DetachRequestDownlink, st.integers(1, 3)),
    st.just(gmm.DetachAcceptDownlink()),
    st.builds(gmm.GmmStatus, causes),
)
octets = messages.map(lambda message: message.encode()) | st.binary(max_size=20)
behaviours = st.sampled_from(
    (
        Behaviour.accept(),
        Behaviour.accept(delay=5.0),
        Behaviour.reject(31),
        Behaviour.silent(),
    )
)
commands = st.sampled_from(("attach", "detach", "power_off", "power_on"))


def _command(name: str) -> Action:
    return lambda mobiles, network: getattr(mobiles, name)(IMSI, network.now)


def _with(name: str) -> Callable[[object], Action]:
    def action(argument: object) -> Action:
        return lambda mobiles, network: getattr(mobiles, name)(IMSI, argument, network.now)

    return action


actions = st.one_of(
    commands.map(_command),
    st.booleans().map(_with("set_coverage")),
    behaviours.map(_with("set_behaviour")),
    apns.map(_with("activate")),
    apns.map(_with("deactivate")),
    octets.map(lambda message: lambda _, network: network.say(IMSI, message)),
    octets.map(lambda message: lambda _, network: network.say(IMSI, message)),
    st.just(lambda mobiles, network: mobiles.tap(IMSI, 1, network.now)),
    st.sampled_from((1.0, 8.0, 30.0)).map(lambda time: lambda _, network: network.wait(time)),
)


class Restless(Application):
    """Wants a context whenever one goes or does not come, three times, and sends over each."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._wishes = 3
        self._port = host.bind(lambda payload, source, local, now: None)
        host.show(Shown("text", "here"))

    def context_activated(self, address: str, now: float) -> None:
        self._host.send(b"hello", (address, self._port), ("192.0.2.9", 9))

    def context_ended(self, address: str, now: float) -> None:
        self.context_refused(now)

    def context_refused(self, now: float) -> None:
        self._wishes -= 1
        if self._wishes >= 0:
            self._host.activate(now)

    def tapped(self, shown: Shown, now: float) -> bool:
        return self._host.activate(now)


@given(st.lists(actions, max_size=40))
def test_whatever_happens_nothing_is_left_behind(script: list[Action]) -> None:
    """No order of commands and messages breaks a mobile; switched off it has nothing left.

    Left alone every procedure ends in success or at its last expiry; only attach and update are
    tried again and again.
    """
    mobiles = Mobiles(
        cells=CELLS, random=Random(1), applications=lambda host: (Restless(host), Application())
    )
    mobiles.add(MobileConfig(IMSI, "1", apns=("a",)))
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI)
    for action in script:
        with contextlib.suppress(MobileError):
            action(mobiles, network)
        view = mobiles.mobile(IMSI)
        assert not view.contexts or view.state is MobileState.ATTACHED
        assert len({context.nsapi for context in view.contexts}) == len(view.contexts)
        network.heard()
    network.wait(1500)
    assert all(one.state is ContextState.ACTIVE for one in mobiles.mobile(IMSI).contexts)
    mobiles.power_off(IMSI, network.now)
    network.wait(0)
    view = mobiles.mobile(IMSI)
    assert (view.state, view.contexts) == (MobileState.DETACHED, ())
    assert mobiles.next_timeout() is None


def test_thousands_fit_in_little_memory() -> None:
    """An attached mobile takes less than 2 KiB, with nothing left in the timer heap.

    It has no applications as long as nothing concerns one.
    """
    count = 2000

    def applications(host: Host) -> tuple[Application, ...]:
        raise AssertionError(f"nothing concerns the applications of {host.imsi}")

    tracemalloc.start()
    try:
        mobiles = Mobiles(cells=CELLS, random=Random(1), applications=applications)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            mobiles.add(MobileConfig(f"23415{number:010}", f"4477{number:08}"))
        network = ScriptedNetwork(mobiles)
        for imsi in mobiles.imsis():
            network.attach(imsi)
        assert mobiles.next_timeout() is None
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()
    assert each < 2048


def test_mobiles_do_not_disturb_one_another() -> None:
    """Each of two hundred answers its own request under its own timers."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    network = ScriptedNetwork(mobiles)
    ti = sm.TransactionIdentifier(0)
    for number in range(200):
        imsi = f"23415{number:010}"
        mobiles.add(MobileConfig(imsi, "1"))
        network.attach(imsi)
        if number % 2:
            mobiles.set_behaviour(imsi, Behaviour.reject(31), network.now)
    for number, imsi in enumerate(mobiles.imsis()):
        address = PdpAddress.for_ipv4(f"10.45.0.{number + 1}")
        network.say(imsi, sm.RequestPdpContextActivation(ti, address, "wap.example"))
    answers = network.heard()
    assert [imsi for imsi, _ in answers] == list(mobiles.imsis())
    kinds = [type(message) for _, message in answers[:2]]
    assert kinds == [sm.ActivatePdpContextRequest, sm.RequestPdpContextActivationReject]
    for imsi in mobiles.imsis()[::2]:
        network.say(imsi, sm.ActivatePdpContextAccept(ti))
    assert mobiles.next_timeout() is None
    addresses = {c.address for imsi in mobiles.imsis() for c in mobiles.mobile(imsi).contexts}
    assert len(addresses) == 100


def test_mobiles_without_a_network_look_for_it_when_it_is_back() -> None:
    """None is heard meanwhile; then each that was attaching does so, at its own moment."""
    mobiles = Mobiles(cells=CELLS, random=Random(1), timers=MobileTimers(attach_spread=10.0))
    for number in range(20):
        started = number < 15
        mobiles.add(MobileConfig(f"2341500000000{number:02}", "1", attach_at_start=started))
    mobiles.set_network(False, 1000.0)
    mobiles.start(1000.0)
    mobiles.handle_timeout(1010.0)
    assert mobiles.take_datagrams() == []
    assert mobiles.counters == {"frames_unsent": 15}
    assert not mobiles.mobile("234150000000000").coverage
    mobiles.set_network(True, 1011.0)
    assert mobiles.take_datagrams() == []
    mobiles.handle_timeout(1016.0)
    assert 0 < len(mobiles.take_datagrams()) < 15
    mobiles.handle_timeout(1021.0)
    mobiles.set_network(True, 1021.0)
    assert mobiles.mobile("234150000000000").coverage
    states = [mobiles.mobile(imsi).state for imsi in mobiles.imsis()]
    assert states.count(MobileState.ATTACHING) == 15


def test_a_mobile_out_of_coverage_stays_so_when_the_network_is_back() -> None:
    """Each of the two is needed."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig("234150000000000", "1", attach_at_start=True))
    mobiles.set_coverage("234150000000000", False, 1000.0)
    mobiles.set_network(False, 1000.0)
    mobiles.start(1000.0)
    mobiles.set_network(True, 1001.0)
    assert mobiles.take_datagrams() == []
    mobiles.set_coverage("234150000000000", True, 1002.0)
    assert len(mobiles.take_datagrams()) == 1
