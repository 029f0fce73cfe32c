"""Whatever is posted, it is answered, and whatever is accepted comes to an end."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.codecs import ccpp, multipart, pap, si
from testbed.codecs.ccpp import Profile
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.codecs.pap import DeliveryMethod, Priority, QualityOfService, ReplaceMethod
from testbed.gateway.config import ClientProfiles, GatewayConfig
from testbed.gateway.events import PushSent
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import INDICATION, NOTIFY_URL, NOW, SECRET, GatewayBench, plmn

ONLINE, AWAY, STRANGE, SILENT = (f"44770090000{number}" for number in range(4))
VIEWS = {
    Terminal.by_msisdn(ONLINE): TerminalView("1", ONLINE, contexts=(("wap", "10.45.0.7"),)),
    Terminal.by_msisdn(AWAY): TerminalView("2", AWAY, reachable=False),
    Terminal.by_msisdn(STRANGE): UnknownTerminal(),
    Terminal.by_msisdn(SILENT): CoreSilent("x"),
    Terminal.by_address("10.45.0.7"): TerminalView("1", contexts=(("wap", "10.45.0.7"),)),
}
REACHABLE = [
    *(plmn(msisdn) for msisdn in (ONLINE, AWAY, STRANGE, SILENT)),
    "WAPPUSH=10.45.0.7/TYPE=IPV4@ppg.example",
    "WAPPUSH=joe/TYPE=USER@ppg.example",
]
push_ids = st.sampled_from(["1", "2@pi.example", "3 ä", "&<>", "5", "6", "7", "8"])
addresses = st.sampled_from(
    [
        *REACHABLE,
        "WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPV6@ppg.example",
        "WAPPUSH=jim/TYPE=USER@ppg.example",
        "nobody",
        "",
    ]
)
some = st.lists(addresses, max_size=4).map(tuple)
soon = st.sampled_from([None, NOW + 300.0, NOW + 900.0, NOW + 2000.0, NOW - 10])
sooner = st.sampled_from([None, None, NOW + 60.0, NOW + 200.0, NOW + 1000.0])
qualities = st.builds(
    QualityOfService,
    st.sampled_from(Priority),
    st.sampled_from(DeliveryMethod),
    st.sampled_from([None, "GSM", "TETRA", "Any"]),
    st.sampled_from([False, False, True]),
    st.sampled_from([None, "GPRS", "SMS", "x"]),
    st.sampled_from([False, False, True]),
)
pushes = st.builds(
    pap.PushMessage,
    push_ids,
    st.lists(addresses, min_size=1, max_size=4).map(tuple),
    deliver_before=soon,
    deliver_after=sooner,
    notify_url=st.sampled_from([None, NOTIFY_URL, NOTIFY_URL, "http://elsewhere.example/"]),
    progress_notes=st.booleans(),
    replace_push_id=st.none() | push_ids,
    replace_method=st.sampled_from(ReplaceMethod),
    quality_of_service=st.none() | st.none() | qualities,
)
contents = st.sampled_from(
    [
        Part(ContentType(si.XML_TYPE), si.build(INDICATION)),
        Part(ContentType(si.XML_TYPE), si.build(INDICATION)),
        Part(ContentType("text/plain"), b"x", (("X-Wap-Application-Id", "x"), ("A", "0"))),
        Part(ContentType("text/plain"), b"x", (("X-Wap-Initiator-URI", "x"),)),
        Part(ContentType(si.XML_TYPE), b"<si/>"),
        Part(ContentType("text/plain"), b"x", (("Expires", "soon"),)),
        Part(ContentType("image/png"), bytes(2000)),
    ]
)
profiles = st.builds(
    Part,
    st.sampled_from(["application/xml", "application/rdf+xml", "text/plain"]).map(ContentType),
    st.sampled_from([("text/plain",), ("*/*",), ("image/png", "text/vnd.wap.si")]).map(
        lambda accept: ccpp.build(Profile(accept))
    ),
)
documents = st.one_of(
    pushes,
    pushes,
    pushes,
    st.builds(pap.CancelMessage, push_ids, some),
    st.builds(pap.StatusQuery, push_ids, some),
    st.builds(pap.CcqMessage, addresses),
    st.just(pap.PushResponse("1", 1001)),
)


@st.composite
def bodies(draw):
    """Content-Type and body of a submission, right or with a few octets changed."""
    control = Part(ContentType("application/xml"), pap.build(draw(documents)))
    parts = [control, draw(contents), draw(profiles)][: draw(st.sampled_from([2, 2, 2, 1, 3]))]
    content_type, body = build_multipart(parts, boundary="b")
    damaged = bytearray(body)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 1, 3]))):
        damaged[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return content_type, bytes(damaged)


steps = st.lists(
    st.one_of(
        bodies(),
        bodies(),
        bodies(),
        st.tuples(st.sampled_from(["application/xml", "multipart/related", "?"]), st.binary()),
        st.floats(0.1, 400.0),
        st.sampled_from(["restart", "store fails", "store works"]),
    ),
    max_size=12,
)


def read_answer(answer) -> pap.Document:
    """Read a document, and what follows it where that is said."""
    if answer.content_type == "application/xml":
        return pap.parse(answer.body)
    control, capabilities = multipart.parse(answer.content_type, answer.body)
    ccpp.parse(capabilities.body)
    return pap.parse(control.body)


def play(script) -> GatewayBench:
    """Post, wait, crash, as the script says; then let everything come to its end, and look."""
    known = ClientProfiles(clients={ONLINE: Profile(("text/*",), user_agent="x/1")})
    config = GatewayConfig(
        "127.0.0.5", "wap", SECRET, users={"joe": ONLINE}, lifetime=600, client_profiles=known
    )
    bench = GatewayBench(config, SqliteStore(":memory:"))
    bench.views.update(VIEWS)
    posted = 0
    for step in script:
        match step:
            case (content_type, body):
                bench.gateway.submit(str(posted), content_type, body, bench.now)
                bench.settle()
                posted += 1
            case float():
                bench.advance(step)
            case "restart":
                bench.store_fails = False
                bench.advance(2)
                bench.restart()
            case _:
                bench.store_fails = step == "store fails"
    bench.store_fails = False
    bench.advance(6000)
    assert len(bench.answers) == posted
    for answer in bench.answers.values():
        assert answer.status in (202, 413, 415)
        if answer.status == 202:
            read_answer(answer)
    assert bench.gateway.unfinished == 0
    assert bench.gateway.next_timeout() is None
    assert bench.store.unfinished() == []
    assert bench.gateway.counters["deliveries kept"] == 0
    for notification in bench.notifications:
        stored = bench.store.find(notification.push_id)
        assert notification.address in stored.push.addresses
        assert notification.state.final
    return bench


@given(steps)
@settings(max_examples=150)
def test_everything_is_answered_and_everything_ends(script):
    """Each post gets a PAP document, or a 4xx where it is no PAP; no push is left over."""
    play(script).store.close()


def day(random: Random):
    """Return what initiators do who make few mistakes and change their minds."""
    for number in range(80):
        known = f"{max(0, number - random.randint(1, 5))}@pi.example"
        addresses_ = tuple(random.choices(REACHABLE, k=random.randint(1, 3)))
        document: pap.Document = random.choice(
            [pap.CancelMessage(known), pap.StatusQuery(known), pap.CcqMessage(addresses_[0])]
        )
        if random.random() < 0.75:
            document = pap.PushMessage(
                f"{number}@pi.example",
                addresses_,
                deliver_before=random.choice([None, NOW + 2000 + 60 * number]),
                deliver_after=random.choice([None, None, NOW + 40 * number]),
                notify_url=random.choice([NOTIFY_URL, None]),
                replace_push_id=random.choice([None, None, known]),
                replace_method=random.choice(list(ReplaceMethod)),
                quality_of_service=QualityOfService(
                    random.choice(list(Priority)),
                    random.choice([DeliveryMethod.UNCONFIRMED, DeliveryMethod.ONE_SHOT]),
                ),
            )
        control = Part(ContentType("application/xml"), pap.build(document))
        content = Part(ContentType(si.XML_TYPE), si.build(INDICATION))
        yield build_multipart([control, content], boundary="b")
        yield random.random() * 60
        if random.random() < 0.1:
            yield random.choice(["restart", "store fails", "store works", "store works"])


@pytest.mark.parametrize("seed", range(6))
def test_minds_that_change_leave_nothing_over(seed):
    """Pushes, cancels, replacements and questions in any order, with crashes between."""
    bench = play(day(Random(seed)))
    kept = filter(None, (bench.store.find(f"{number}@pi.example") for number in range(80)))
    ends = Counter(delivery.state for stored in kept for delivery in stored.deliveries)
    assert ends[State.DELIVERED] > 5
    assert ends[State.CANCELLED] + ends[State.REPLACED] > 1
    sent = [event.push_id for event in bench.told(PushSent)]
    for push_id in set(sent):
        push = bench.store.find(push_id).push
        if push.delivery_method is DeliveryMethod.ONE_SHOT:
            assert sent.count(push_id) <= len(push.addresses)
    bench.store.close()
