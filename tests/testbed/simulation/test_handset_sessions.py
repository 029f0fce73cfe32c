"""Handsets with a gateway that can do sessions, over the whole core, in virtual time."""

from __future__ import annotations

import subprocess
from random import Random

import pytest

from corenet.capture.capture import Capture
from corenet.control.errors import ControlError
from corenet.control.model import MobileActivation, MobileDeactivation, Tap
from corenet.interfaces.node import Address, Datagram, Interface
from corenet.interfaces.sms.header import Ports
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver
from corenet.mobile.events import ApplicationReported
from testbed.codecs import sia, sl
from testbed.codecs.media import ContentType
from testbed.codecs.si import Action, ServiceIndication
from testbed.codecs.si import encode as encode_si
from testbed.codecs.sia import SessionInitiation
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.wsp import Push
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import ConfirmedPush, Reply, decode_unit, encode_unit
from testbed.codecs.wtp import UserAbort
from testbed.handset.settings import HandsetSettings, Mode, OnPush, PushBehaviour, WapGateway
from testbed.simulation.lab import VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.wap.server import SessionServer
from testbed.wap.session_events import (
    MethodReceived,
    PushAborted,
    PushConfirmed,
    SessionEstablished,
    SessionRequested,
    SessionResumed,
)
from tests.testbed.simulation.conftest import ADDRESS, APN, FIXED, ROAMING, core_config
from tests.testbed.simulation.test_short_messages import CENTRE, PLACE, SENDER, ServiceCentre

GATEWAY = "198.51.100.1"
MAIL = "http://www.example.com/mail"
SLC, SIC, TEXT = (
    ContentType(sl.WBXML_TYPE),
    ContentType("application/vnd.wap.sic"),
    ContentType("text/plain"),
)


class ScriptedGateway:
    """A node with a session server that grants all, and pages that it has itself."""

    name = "gateway"

    def __init__(self):
        self.server = SessionServer(random=Random(7))
        self.pages: dict[str, bytes] = {}
        self.told = []
        self._out: list[Datagram] = []

    # Commands

    def invite(self, terminal, now):
        """Ask a terminal for a session, by a SIA to its push port."""
        self._out.append(Datagram(Interface.WDP, (terminal, 2948), self.invitation()))

    def load(self, terminal, now):
        """Have a terminal load a service, by a push without confirmation."""
        push = Push(1, SLC, sl.encode(ServiceLoading(MAIL))).encode()
        self._out.append(Datagram(Interface.WDP, (terminal, 2948), push))

    def invitation(self):
        """Return the push that asks a terminal for a session."""
        contacts = (ContactPoint.for_ip(GATEWAY, 9201),)
        content = sia.encode(SessionInitiation(("x-wap-application:wml.ua",), contacts))
        headers = (("X-Wap-Application-Id", sia.APPLICATION),)
        return Push(1, ContentType(sia.MEDIA_TYPE), content, headers).encode()

    def push(self, content, now):
        """Push on the latest session, to be confirmed."""
        session = self.server.sessions()[-1].session
        kind = SLC if isinstance(content, ServiceLoading) else SIC
        body = sl.encode(content) if kind is SLC else encode_si(content)
        self.server.confirmed_push(session, ConfirmedPush(kind, body), now)
        self._settle(now)

    def of(self, kind):
        """Return what it was told of that kind."""
        return [event for event in self.told if isinstance(event, kind)]

    # Verbs of a node

    def start(self, now):
        """Begin with nothing."""

    def stop(self, now):
        """End with nothing."""

    def receive(self, interface, data, *, peer: Address, local: Address, now):
        if interface is Interface.WSP:
            self.server.receive(data, peer, now)
            self._settle(now)
            return
        tid, request = decode_unit(data)
        answer = encode_unit(tid, self._page(request.uri))
        self._out.append(Datagram(Interface.WDP, peer, answer))

    def next_timeout(self):
        return self.server.next_timeout()

    def handle_timeout(self, now):
        self.server.handle_timeout(now)
        self._settle(now)

    def take_datagrams(self):
        out, self._out = self._out, []
        return out

    def take_events(self):
        return []

    def _page(self, url):
        if url not in self.pages:
            return Reply(404, TEXT, b"no such page")
        return Reply(200, TEXT, self.pages[url])

    def _settle(self, now):
        while events := self.server.take_events():
            for event in events:
                self.told.append(event)
                if isinstance(event, SessionRequested):
                    self.server.accept(event.session, now)
                elif isinstance(event, MethodReceived):
                    self.server.reply(event.transaction, self._page(event.request.uri), now)
        self._out += [Datagram(Interface.WSP, p, data) for data, p in self.server.take_datagrams()]


class World(VirtualLab):
    """A core with two mobiles, and a scripted gateway outside."""

    def __init__(self, core, *, handset=None, seed=1, **more):
        handset = handset or HandsetSettings(gateway=WapGateway(GATEWAY))
        super().__init__(core, seed=seed, handset=handset, **more)
        self.outside = ScriptedGateway()
        places = {Interface.WDP: (GATEWAY, 9200), Interface.WSP: (GATEWAY, 9201)}
        self.network.attach(self.outside, places)
        self.reported = []
        self.network.on_event(self._note_report)
        self.start()
        assert self.settle()

    @property
    def hlr(self):
        return self.core.hlr

    def _note_report(self, _time, _node, event):
        if isinstance(event, ApplicationReported):
            self.reported.append((event.what, event.details))

    def have(self, verb, *arguments):
        """Give the gateway a command."""
        gateway = self.outside
        self.network.command(gateway, lambda now: getattr(gateway, verb)(*arguments, now))

    def until(self, condition, within=300.0):
        assert self.network.run_until(condition, within=within)

    def invited(self):
        """Have a session opened with the mobile that has a static address."""
        self.have("invite", ADDRESS)
        self.until(lambda: ("push session opened", {"gateway": f"{GATEWAY}:9201"}) in self.reported)
        self.run(1)

    def ends_in_rest(self):
        """Return whether nothing is left when all mobiles are off and the gateway is quiet."""
        self.network.detach(self.outside)
        return self.switch_everything_off() and self.leftovers() == []


def indication(text="You have mail"):
    return ServiceIndication(text, href=MAIL, action=Action.SIGNAL_HIGH)


@pytest.fixture
def world():
    """Make a world; arguments are those of its lab."""

    config = core_config(
        ggsn={},
        sgsn={},
        hlr={"service_centres": {CENTRE: PLACE}},
        known=(FIXED, ROAMING),
        attached=True,
    )

    def make(**more):
        return World(config, **more)

    return make


def test_offline_handset_is_pushed_to_with_confirmation(world):
    """The SIA activates the context; the handset opens the session, and confirms the push."""
    lab = world()
    lab.invited()
    lab.have("push", indication())
    lab.until(lambda: lab.outside.of(PushConfirmed))
    (shown,) = lab.shown(FIXED)
    assert (shown.kind, shown.text) == ("SI", "You have mail")
    (session,) = lab.outside.server.sessions()
    assert session.peer[0] == ADDRESS
    assert session.peer[1] >= 49_152
    assert lab.ends_in_rest()


def test_handset_refuses_or_keeps_silent_as_told(world):
    """The gateway hears the reason, or nothing until the transaction has run out."""
    for behaviour in (
        PushBehaviour(OnPush.REFUSE, UserAbort.USER_DISCARDED_RESOURCES),
        PushBehaviour(OnPush.SILENT),
    ):
        lab = world(handset=HandsetSettings(behaviour))
        lab.invited()
        lab.have("push", indication())
        lab.until(lambda lab=lab: lab.outside.of(PushAborted))
        (aborted,) = lab.outside.of(PushAborted)
        refused = behaviour.on_push is OnPush.REFUSE
        assert (aborted.reason == UserAbort.USER_DISCARDED_RESOURCES) is refused
        assert lab.shown(FIXED) == ()
        assert lab.ends_in_rest()


def test_session_is_asked_for_by_short_message(world):
    """The mobile has no context then; the handset activates one, and opens the session over it."""
    lab = world()
    centre = ServiceCentre(lab)
    header = (Ports(2948, 9200),)
    message = Deliver(SENDER, Timestamp(1_700_000_000), lab.outside.invitation(), 4, header)
    centre.send(1, message.encode())
    lab.until(lambda: lab.outside.of(SessionEstablished))
    (context,) = lab.control.terminal(FIXED).contexts
    assert not context.network_requested
    lab.have("push", indication())
    lab.until(lambda: lab.outside.of(PushConfirmed))
    assert [shown.kind for shown in lab.shown(FIXED)] == ["SI"]


def test_service_loading_is_fetched_through_the_gateway(world):
    """On a session of the browser's own, in segments, and shown."""
    lab = world()
    lab.outside.pages[MAIL] = b"four new messages " * 300
    lab.invited()
    lab.have("push", ServiceLoading(MAIL, sl.Action.EXECUTE_HIGH))
    lab.until(lambda: len(lab.shown(FIXED)) == 2)
    loading, page = lab.shown(FIXED)
    assert (loading.kind, page.kind, page.details["octets"]) == ("SL", "page", "5400")
    assert lab.network.run_until(lambda: not lab.outside.server.sessions(), within=700)
    assert lab.ends_in_rest()


@pytest.mark.parametrize("mode", list(Mode))
def test_tap_activates_a_context_and_opens_the_page(world, mode):
    """The context over which the indication came is gone when the user gets to it."""
    lab = world(handset=HandsetSettings(gateway=WapGateway(GATEWAY, mode)))
    lab.outside.pages[MAIL] = b"four new messages"
    lab.invited()
    lab.have("push", indication())
    lab.until(lambda: lab.outside.of(PushConfirmed))
    lab.control.drive_mobile(FIXED, "deactivate", MobileDeactivation())
    lab.run(5)
    assert lab.reported[-1][1]["reason"] == "the PDP context is gone"
    lab.control.drive_mobile(FIXED, "tap", Tap(item=1))
    lab.until(lambda: len(lab.shown(FIXED)) == 2)
    assert lab.shown(FIXED)[1].text == "four new messages"
    terminal = lab.control.terminal(FIXED)
    assert [context.network_requested for context in terminal.contexts] == [False]
    assert [shown["item"] for shown in terminal.mobile.shown] == [1, 2]
    assert lab.ends_in_rest()


@pytest.mark.clause(
    "WAP-230 §6.3", "S-Suspend, S-Resume by the terminal's browser, from another address"
)
def test_browser_resumes_its_session_over_another_context(world):
    """The mobile gets another address; the gateway goes on with the session that it has."""
    lab = world()
    lab.outside.pages[MAIL] = b"four new messages"
    for number in (1, 2):
        lab.control.drive_mobile(ROAMING, "activate", MobileActivation(apn=APN))
        lab.run(2)
        (context,) = lab.control.terminal(ROAMING).contexts
        lab.have("load", context.address)
        lab.until(lambda n=number: len(lab.shown(ROAMING)) == 2 * n)
        lab.control.drive_mobile(ROAMING, "deactivate", MobileDeactivation())
        lab.run(2)
    assert [shown.kind for shown in lab.shown(ROAMING)] == ["SL", "page"] * 2
    (resumed,) = lab.outside.of(SessionResumed)
    (established,) = lab.outside.of(SessionEstablished)
    assert established.session == resumed.session
    assert established.peer[0] != resumed.peer[0]
    assert lab.ends_in_rest()


def test_page_that_is_not_there_is_an_error_on_the_screen(world):
    """With what the server says; a tap on nothing is refused at once."""
    lab = world()
    lab.invited()
    lab.have("push", indication())
    lab.until(lambda: lab.outside.of(PushConfirmed))
    lab.control.drive_mobile(FIXED, "tap", Tap(item=1))
    lab.until(lambda: len(lab.shown(FIXED)) == 2)
    assert lab.shown(FIXED)[1].text == "no such page"
    with pytest.raises(ControlError, match="shows no item 9"):
        lab.control.drive_mobile(FIXED, "tap", Tap(item=9))


def test_session_that_died_with_its_context_is_opened_anew(world):
    """The network takes the context away; the next request begins with an activation again."""
    lab = world()
    lab.invited()
    lab.control.deactivate(FIXED, APN)
    lab.run(40)
    lab.reported.clear()
    lab.invited()
    lab.have("push", indication())
    lab.until(lambda: lab.outside.of(PushConfirmed))
    assert lab.ends_in_rest()


def test_gateway_that_crashes_is_asked_no_more(world):
    """The handset's session ends when it is idle; a new gateway can have another."""
    lab = world()
    lab.invited()
    lab.network.detach(lab.outside)
    lab.run(400)
    assert lab.reported[-1] == (
        "push session ended",
        {"gateway": f"{GATEWAY}:9201", "reason": "idle"},
    )
    assert lab.switch_everything_off()
    assert lab.leftovers() == []


@pytest.mark.parametrize("seed", range(4))
def test_sessions_live_with_a_bad_network(world, seed):
    """Loss, copies and disorder on radio, Gn and Gi: WTP brings push and page through."""
    bad = LinkQuality(0.05, jitter=0.2, loss=0.1, duplication=0.1, reordering=0.1)
    interfaces = (Interface.RADIO, Interface.GTP_U, Interface.GI, Interface.WDP, Interface.WSP)
    lab = world(seed=seed)
    for interface in interfaces:
        lab.network.set_quality(interface, bad)
    lab.outside.pages[MAIL] = b"four new messages " * 300
    opened = ("push session opened", {"gateway": f"{GATEWAY}:9201"})
    for _ in range(10):
        lab.have("invite", ADDRESS)
        lab.run(31)
        if opened in lab.reported:
            break
    lab.have("push", ServiceLoading(MAIL))
    lab.until(lambda: any(shown.kind == "page" for shown in lab.shown(FIXED)), within=600)
    assert [len(shown.text) for shown in lab.shown(FIXED) if shown.kind == "page"] == [4000]
    for interface in interfaces:
        lab.network.set_quality(interface, LinkQuality())
    assert lab.ends_in_rest()


def test_many_mobiles_have_no_sessions_that_nobody_asked_for(world):
    """The other mobile has no application at work, and no timer."""
    lab = world()
    lab.invited()
    assert lab.shown(ROAMING) == ()
    assert {session.peer[0] for session in lab.outside.server.sessions()} == {ADDRESS}


@pytest.mark.interop
@pytest.mark.parametrize("mode", list(Mode))
def test_wireshark_reads_all_of_it(world, tshark, tmp_path, mode):
    """Push session, confirmed push, page in segments or in a datagram: no complaint.

    Wireshark's own reading of SIA is wrong, so that one dissector is off.
    """
    lab = world(handset=HandsetSettings(gateway=WapGateway(GATEWAY, mode)))
    path = tmp_path / "handset.pcapng"
    with path.open("wb") as stream:
        lab.network.on_passed(Capture(stream))
        lab.outside.pages[MAIL] = b"four new messages " * (300 if mode is Mode.SESSION else 30)
        lab.invited()
        lab.have("push", ServiceLoading(MAIL))
        lab.until(lambda: len(lab.shown(FIXED)) == 2)
        lab.run(400)

    def read(*arguments):
        command = [tshark, "-n", "-r", str(path), "--disable-protocol", "wap-sir", *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
        return done.stdout.splitlines()

    assert read("-Y", "_ws.malformed || _ws.expert.severity >= warning") == []
    kinds = ",".join(read("-Y", "wsp", "-T", "fields", "-e", "wsp.pdu_type"))
    # Connect, ConnectReply, Reply, Disconnect, Push, ConfirmedPush, Get
    assert {"0x01", "0x02", "0x04", "0x05", "0x06", "0x07", "0x40"} <= set(kinds.split(","))
