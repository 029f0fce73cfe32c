"""Links to several SMSCs in virtual time: bind, fail over, come back, and lose nothing silently."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces.node import Interface
from corenet.interfaces.streams import StreamNode
from testbed.codecs.smpp import (
    BindReceiver,
    BindTransceiver,
    CancelSm,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    MessageState,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSmResp,
)
from testbed.codecs.smpp.parameters import MESSAGE_PAYLOAD
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.quality import LinkQuality
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.errors import (
    NothingToAnswerError,
    QueueFullError,
    SessionStateError,
    VersionError,
)
from testbed.smpp.events import (
    Answered,
    Delivered,
    LinkDown,
    LinkLost,
    LinkUp,
    OutbindFailed,
    SessionClosed,
    TimedOut,
)
from testbed.smpp.links import Account, Backoff, Condition, SmscLinks
from testbed.smpp.server import SmppServer
from testbed.smpp.testing import LinkedEsme, ObligingSmsc
from tests.testbed.smpp.smpp_peer import SUBMIT, TERMINAL

FIRST, SECOND, ESME = ("10.0.0.1", 2775), ("10.0.0.2", 2775), ("10.0.0.9", 0)
LATENCY = 0.01
BIND = BindTransceiver(system_id="wap", password="secret")


class World:
    """An ESME with links to two SMSCs."""

    def __init__(self, *, bind=BIND, answer=None, accounts=None, **settings):
        quality = {Interface.SMPP: LinkQuality(latency=LATENCY)}
        self.network = VirtualNetwork(3, quality=quality, start=1000.0)
        self.smscs = {}
        self.answer, self.accounts = answer, accounts
        for name, address in (("first", FIRST), ("second", SECOND)):
            self.start_smsc(name, address)
        self.links = SmscLinks(
            [
                Account("first", FIRST, bind, **settings),
                Account("second", SECOND, bind, **settings),
            ],
            random=Random(1),
            backoff=Backoff(first=1.0, longest=8.0, settled=30.0),
        )
        self.esme = LinkedEsme(self.links)
        self.network.attach(self.esme, {Interface.SMPP: ESME})

    def start_smsc(self, name, address):
        smsc = ObligingSmsc(name, answer=self.answer, accounts=self.accounts)
        self.smscs[name] = smsc
        self.network.attach(smsc, {Interface.SMPP: address})

    def run(self, seconds=1.0):
        self.network.run_until(self.network.now() + seconds)

    def submit(self, pdu=SUBMIT, context="c", **options):
        return self.network.command(
            self.esme, lambda now: self.links.submit(pdu, context, now, **options)
        )

    def told(self, *kinds):
        """Return what was told since the last call, of the kinds that are given."""
        told, self.esme.told[:] = list(self.esme.told), []
        return [event for event in told if isinstance(event, kinds)] if kinds else told


def test_every_link_binds() -> None:
    """A node with links is a stream node; each link says when it is up."""
    world = World()
    assert isinstance(world.esme, StreamNode)
    world.run()
    assert [event.name for event in world.told(LinkUp)] == ["first", "second"]
    assert world.links.is_up
    assert all(link.condition is Condition.UP for link in world.links.links)


def test_a_submission_goes_to_the_preferred_smsc() -> None:
    """The answer comes with the context."""
    world = World()
    world.run()
    world.told()
    assert world.submit() == "first"
    world.run()
    (answered,) = world.told()
    assert isinstance(answered, Answered)
    assert (answered.context, answered.response) == ("c", SubmitSmResp(message_id="1"))


def test_every_operation_is_answered() -> None:
    """Queries, cancels, replaces and lists go the same way."""
    world = World()
    world.run()
    world.told()
    for pdu in (
        QuerySm(message_id="1"),
        CancelSm(message_id="1"),
        ReplaceSm(message_id="1"),
        SubmitMulti(destinations=(TERMINAL,)),
    ):
        assert world.submit(pdu, through="second") == "second"
    world.run()
    answers = [event.response for event in world.told(Answered)]
    assert answers[0].message_state == MessageState.DELIVERED
    assert len(answers) == 4


@pytest.mark.clause(
    "SMPP 3.4", "reconnect with back-off, fail-over between SMSCs", status="extension"
)
def test_the_other_smsc_takes_over_and_the_first_comes_back() -> None:
    """What was on the lost link is told with its context and not sent again by itself."""
    world = World(answer=lambda submitted: None)
    world.run()
    world.submit(context="unknown")
    world.run()
    world.told()
    world.network.detach(world.smscs["first"])
    world.run(0.5)
    lost, down = world.told()
    assert (lost.context, lost.sent) == ("unknown", True)
    assert isinstance(lost, LinkLost)
    assert (down.name, down.reason) == ("first", "the connection was reset")
    assert world.submit(context="other way") == "second"
    world.start_smsc("first", FIRST)
    world.run(2.0)
    assert [event.name for event in world.told(LinkUp)] == ["first"]
    assert world.submit() == "first"


def test_tries_back_off_and_are_forgiven() -> None:
    """1, 2, 4, 8, 8 seconds and a bit of chance; after a link that stood for long, 1 again."""
    world = World()
    world.network.detach(world.smscs["first"])
    world.run(60.0)
    waits = [event.retry_in for event in world.told(LinkDown)]
    for wait, base in zip(waits, (1.0, 2.0, 4.0, 8.0, 8.0), strict=False):
        assert base <= wait <= base * 1.25
    world.start_smsc("first", FIRST)
    world.run(10.0)
    assert world.links.link("first").condition is Condition.UP
    world.told()
    world.network.cut("esme", "first")
    world.run(0.1)
    (soon,) = world.told(LinkDown)
    assert soon.retry_in >= 8.0
    world.network.mend("esme", "first")
    world.run(50.0)
    world.told()
    world.network.cut("esme", "first")
    world.run(0.1)
    (forgiven,) = world.told(LinkDown)
    assert forgiven.retry_in <= 1.25


def test_a_wrong_password_is_not_tried_often() -> None:
    """A refusal that trying again does not mend waits for the longest time at once."""
    world = World(accounts={"wap": "other"})
    world.run()
    downs = world.told(LinkDown)
    assert [event.name for event in downs] == ["first", "second"]
    assert "ESME_RINVPASWD" in downs[0].reason
    assert all(event.retry_in >= 8.0 for event in downs)
    assert not world.links.is_up
    with pytest.raises(SessionStateError, match="no link to any SMSC is bound for submit_sm"):
        world.submit()
    world.run(11.0)
    assert len(world.told(LinkDown)) == 2


def test_an_unknown_system_id_is_refused() -> None:
    """The fake SMSC knows two kinds of stranger."""
    world = World(accounts={"somebody": "else"})
    world.run()
    assert "ESME_RINVSYSID" in world.told(LinkDown)[0].reason


def test_a_link_of_the_wrong_kind_does_not_serve() -> None:
    """A receiver submits nothing."""
    world = World(bind=BindReceiver(system_id="wap"))
    world.run()
    with pytest.raises(SessionStateError):
        world.submit()


def test_full_links_overflow_to_the_next_and_then_say_so() -> None:
    """Window and queue of the first, then of the second, then an error."""
    limits = SmppLimits(window=1, queue=1)
    world = World(answer=lambda submitted: None, limits=limits)
    world.run()
    assert [world.submit(context=n) for n in range(4)] == ["first"] * 2 + ["second"] * 2
    with pytest.raises(QueueFullError):
        world.submit()
    with pytest.raises(KeyError):
        world.links.link("third")


def test_what_one_smsc_cannot_express_goes_to_another() -> None:
    """An SMSC of 3.3 is passed over for a long message; if it is the only one, that is said."""
    world = World()
    world.run()
    long = DataSm(destination=TERMINAL, tlvs=(MESSAGE_PAYLOAD(bytes(300)),))
    (first,) = world.smscs["first"].server
    session = world.links.link("first").session
    assert session is not None
    session.version = first.version = 0x33
    assert world.submit(long) == "second"
    with pytest.raises(VersionError, match="no data_sm"):
        world.submit(long, through="first")


def test_an_smsc_that_is_silent_is_found_out() -> None:
    """enquire_link ends a link whose SMSC hangs; its transactions are unknown or never sent."""
    world = World(
        timers=SmppTimers(enquire_link=5.0, link_response=2.0), limits=SmppLimits(window=1)
    )
    world.run()
    first = world.smscs["first"]
    first.stream_received = lambda *_: None
    world.submit(context="sent")
    world.submit(context="waiting")
    world.run(8.0)
    lost = world.told(LinkLost)
    assert [(event.context, event.sent) for event in lost] == [("sent", True), ("waiting", False)]
    assert world.submit() == "second"


def test_a_transaction_that_is_not_answered_times_out_alone() -> None:
    """The link stays up."""
    world = World(answer=lambda submitted: None, timers=SmppTimers(response=3.0))
    world.run()
    world.submit(context="slow")
    world.run(4.0)
    assert [event.context for event in world.told(TimedOut)] == ["slow"]
    assert world.links.is_up


def test_deliveries_are_answered_on_their_session() -> None:
    """The SMSC delivers, the ESME takes it; a session that is over cannot be answered on."""
    world = World()
    world.run()
    first = world.smscs["first"]
    (session,) = first.server
    delivery = DeliverSm(destination=TERMINAL, short_message=b"hi")
    world.network.command(first, lambda now: session.deliver(delivery, "d", now))
    world.run()
    (delivered,) = world.told(Delivered)
    assert delivered.request == delivery
    assert Answered(session.connection, "d", DeliverSmResp()) in first.told
    with pytest.raises(NothingToAnswerError, match="connection 99 is over"):
        world.links.session(99)


def test_stopping_unbinds_and_stays_down() -> None:
    """Both ends end in good order; nothing is tried again; starting again works."""
    world = World()
    world.run()
    world.network.stop(world.esme)
    world.run(30.0)
    assert {link.condition for link in world.links.links} == {Condition.STOPPED}
    assert world.told(LinkDown) == []
    assert len(list(world.smscs["first"].server)) == 0
    world.network.command(world.esme, world.links.start)
    world.run()
    assert world.links.is_up


def test_stopping_while_connecting_closes_what_comes() -> None:
    """An attempt under way ends without a bind."""
    world = World()
    world.network.command(world.esme, world.links.stop)
    world.run()
    assert world.told() == []
    first = world.smscs["first"]
    assert [type(event) for event in first.told] == [SessionClosed]
    assert list(first.server) == []


def test_stopping_while_an_attempt_fails_is_quiet() -> None:
    """A refusal that comes after the stop is no news."""
    world = World()
    world.network.detach(world.smscs["first"])
    world.network.command(world.esme, world.links.stop)
    world.run(20.0)
    assert world.told() == []


def test_stopping_an_smsc_unbinds_its_esmes() -> None:
    """The ESME answers, and tries again."""
    world = World()
    world.run()
    world.told()
    world.network.stop(world.smscs["first"])
    world.run(0.5)
    (down,) = world.told(LinkDown)
    assert down.reason == "the peer has unbound"


def test_names_of_smscs_differ() -> None:
    """One name, one SMSC."""
    with pytest.raises(ValueError, match="one name"):
        SmscLinks([Account("a", FIRST, BIND), Account("a", SECOND, BIND)], random=Random(1))


def test_a_server_bounds_its_sessions() -> None:
    """A connection too many is closed without a session."""
    network = VirtualNetwork(3)
    smsc = ObligingSmsc(server=SmppServer(most_sessions=1))
    network.attach(smsc, {Interface.SMPP: FIRST})
    esmes = []
    for number in range(2):
        links = SmscLinks([Account("smsc", FIRST, BIND)], random=Random(1))
        esmes.append(LinkedEsme(links, f"esme-{number}"))
        network.attach(esmes[-1], {Interface.SMPP: ESME})
        network.run_until(network.now() + 0.5)
    assert [esme.links.is_up for esme in esmes] == [True, False]
    assert smsc.server.counters["connections refused"] == 1
    (session,) = smsc.server
    assert smsc.server.peer(session.connection)[0] == ESME[0]


def test_an_outbind_reaches_an_esme_or_fails() -> None:
    """The SMSC connects, says outbind and waits for a bind; nobody there is told."""
    network = VirtualNetwork(3)
    smsc, other = ObligingSmsc(), ObligingSmsc("listener")
    network.attach(smsc, {Interface.SMPP: FIRST})
    network.attach(other, {Interface.SMPP: SECOND})
    network.command(smsc, lambda now: smsc.server.outbind(SECOND, "smsc", "secret"))
    network.command(smsc, lambda now: smsc.server.outbind(("10.9.9.9", 1), "smsc", "secret"))
    network.run_until(network.now() + 1.0)
    failed = next(event for event in smsc.told if isinstance(event, OutbindFailed))
    assert (failed.peer, failed.reason) == (("10.9.9.9", 1), "connection refused")
    # The listener is an SMSC too: it refuses an outbind, and the session init timer ends the wait.
    assert other.server.counters["refused ESME_RINVCMDID"] == 1
    (session,) = smsc.server
    network.run_until(network.now() + 31.0)
    assert list(smsc.server) == []
    assert session.is_closed
