"""Any order of things at a handset: nothing breaks it, and nothing is left behind."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.interfaces.application import Shown
from testbed.codecs import sl
from testbed.codecs.media import ContentType
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import ConfirmedPush, Reply
from testbed.codecs.wtp import UserAbort
from testbed.handset.handset import handsets
from testbed.handset.settings import HandsetSettings, Mode, OnPush, PushBehaviour, WapGateway
from testbed.wap.errors import WapError
from testbed.wap.session_events import MethodReceived
from tests.testbed.handset.conftest import ADDRESS, GATEWAY, Surroundings

SECOND = ("192.0.2.10", 9201)
TEXT = ContentType("text/plain")
URLS = ("http://a.example/1", "http://a.example/2", "mailto:a")


class World:
    """A handset, two gateways for sessions and one for datagrams."""

    def __init__(self, mode, on_push):
        self.around = Surroundings()
        self.host = self.around.host
        own = HandsetSettings(PushBehaviour(on_push, most_sessions=2), WapGateway(GATEWAY[0], mode))
        self.applications = handsets({}, own)(self.host)
        self.gateways = [self.around.gateway(GATEWAY), self.around.gateway(SECOND)]
        self.around.datagram_gateway()

    def tell(self, verb, *arguments):
        for application in self.applications:
            getattr(application, verb)(*arguments, self.host.now)
        self.around.carry()

    # What may happen

    def invite(self, which):
        self.around.invite(*[(GATEWAY,), (SECOND,), (SECOND, GATEWAY)][which])

    def invite_by_short_message(self, which):
        self.around.invite(GATEWAY, local="447700900123")

    def tap(self, which):
        self.applications[1].tapped(Shown("SI", "", {"href": URLS[which]}), self.host.now)
        self.around.carry()

    def load(self, which):
        self.applications[1].preload(URLS[which], self.host.now)
        self.around.carry()

    def lose_context(self, _which):
        if self.host.address is not None:
            self.host.address = None
            self.tell("context_ended", ADDRESS)

    def get_context(self, _which):
        self.host.address = ADDRESS
        self.tell("context_activated", ADDRESS)

    def refuse_context(self, _which):
        self.tell("context_refused")

    def toggle_grants(self, which):
        gateway = self.gateways[which % 2]
        gateway.grants = not gateway.grants

    def push(self, which):
        body = sl.encode(ServiceLoading(URLS[0])) if which else b"x"
        self._for_sessions(
            lambda gateway, session: gateway.do(
                "confirmed_push", session, ConfirmedPush(ContentType(sl.WBXML_TYPE), body)
            )
        )

    def settle_requests(self, which):
        """Accept, redirect or refuse those who wait for a session."""
        verbs = (
            ("accept",),
            ("redirect", (ContactPoint.for_ip(*SECOND),)),
            ("refuse", Reply(503, TEXT)),
        )
        verb, *more = verbs[which]
        self._for_sessions(lambda gateway, session: gateway.do(verb, session, *more))

    def answer(self, which):
        for gateway in self.gateways:
            for event in gateway.told:
                if isinstance(event, MethodReceived):
                    with contextlib.suppress(WapError):
                        if which == 2:
                            gateway.do("abort_method", event.transaction)
                        else:
                            reply = Reply((200, 302)[which], TEXT, headers=(("Location", "/3"),))
                            gateway.do("reply", event.transaction, reply)

    def suspend_methods(self, _which):
        for gateway in self.gateways:
            for event in gateway.told:
                if isinstance(event, MethodReceived):
                    with contextlib.suppress(WapError):
                        gateway.server.abort_method(
                            event.transaction, self.host.now, UserAbort.SUSPEND
                        )
            self.around.carry()

    def disconnect(self, _which):
        self._for_sessions(lambda gateway, session: gateway.do("disconnect", session))

    def crash(self, which):
        place = (GATEWAY, SECOND)[which % 2]
        self.gateways[which % 2] = self.around.gateway(place)

    def configure(self, which):
        name, value = (
            ("on_push", "silent"),
            ("wap_mode", "connectionless" if self.host.now % 2 else "session"),
            ("wap_gateway", SECOND[0]),
        )[which]
        assert any(each.configure(name, value) for each in self.applications)

    def wait(self, which):
        self.around.wait((1.0, 40.0, 400.0)[which])

    def noise(self, which):
        for port in tuple(self.host.ports):
            octets = (b"", b"\x00\x06\x01\x01\x00", bytes(range(40)))[which]
            self.host.arrive(octets, GATEWAY, port)
        self.around.carry()

    def _for_sessions(self, action):
        for gateway in self.gateways:
            for session in gateway.server.sessions():
                with contextlib.suppress(WapError):
                    action(gateway, session.session)


VERBS = [
    name
    for name, value in vars(World).items()
    if callable(value) and not name.startswith("_") and name != "tell"
]
steps = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 2)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from(Mode), st.sampled_from(OnPush))
def test_whatever_happens_nothing_is_left_behind(script, mode, on_push):
    """No order of events breaks the handset; left alone it comes to rest, and so without a context.

    What a user asked for ends on the screen: a page, or an error.
    """
    world = World(mode, on_push)
    for verb, which in script:
        getattr(world, verb)(which)
    world.around.gateways.clear()
    world.host.may_activate = False
    if world.host.address is None:
        # What waits for a context that will not come; whoever asks for another gets none.
        world.tell("context_refused")
    world.around.wait(10_000)
    assert world.around.is_at_rest()
    shown = len(world.host.shown)
    world.get_context(0)
    world.tap(0)
    world.lose_context(0)
    assert world.around.is_at_rest()
    assert world.host.shown[shown:][-1].kind in ("page", "error")
