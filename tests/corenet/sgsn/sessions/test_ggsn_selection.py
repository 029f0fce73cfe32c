"""GGSN selection (TS 23.060 Annex A): static and by DNS, fail-over, back-off, what is cached."""

from math import inf

import pytest

from corenet.interfaces.names import NameAnswer, NameAsked, RecordType
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpAddress
from corenet.sgsn.config import THREE_DIGIT_MNCS, DnsConfig, RadioTimers, RoutingArea
from corenet.sgsn.events import GgsnPassedOver, GgsnsFound, GgsnsNotFound
from corenet.sgsn.sessions.back_off import as_timer_3, back_off_seconds, timer_3
from corenet.sgsn.sessions.ggsn_selection import PASSING, operator_identifier
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress
from gtp.messages import CreatePdpContextRequest, CreatePdpContextResponse
from gtp.timers import Timers

NAME = "wap.example.mnc015.mcc234.gprs"
FIRST, SECOND, THIRD = "192.0.2.1", "192.0.2.9", "192.0.2.17"
SERVERS = (("192.0.2.53", 53),)
PATIENCE = 5 * 5.0
"""Seconds until a GGSN counts as silent."""
IMSI = "234150999999999"


def asks_dns(surrounding, **changes):
    """An SGSN with an attached mobile and no GGSN in its configuration."""
    around = surrounding(**({"ggsns": {}, "dns": DnsConfig(SERVERS)} | changes))
    around.attach()
    return around


def answer(around, *addresses, name=NAME, **values):
    """The DNS answers."""
    around.command("name_answered", NameAnswer(name, addresses, **values))


def questions(around):
    """What the DNS is asked."""
    return [event.name for event in around.events(NameAsked)]


def refuse(around, create, peer, cause=Cause.NO_RESOURCES_AVAILABLE, **values):
    """A GGSN refuses."""
    around.from_ggsn(
        CreatePdpContextResponse(
            teid=create.teid_control, sequence=create.sequence, cause=cause, **values
        ),
        (peer, 2123),
    )


def asked(around, peer):
    """Take the Create that went to a GGSN."""
    return around.sent(CreatePdpContextRequest, (peer, 2123))


def accept(around, create, peer):
    """A GGSN grants it."""
    response = around.created(create, ggsn_address_control=peer, ggsn_address_user=peer)
    around.from_ggsn(response, (peer, 2123))


def rejected(around):
    """The cause that the mobile hears."""
    reject = around.heard(sm.ActivatePdpContextReject)
    return SmCause(reject.cause), reject.back_off_timer


def idle(around):
    """Whether nothing is left under way or held."""
    return not any(around.sgsn.under_way.values())


# -- by DNS -------------------------------------------------------------------------------------


@pytest.mark.clause("23.060 Annex A", "GGSN selection by DNS")
def test_the_dns_names_the_ggsn(surrounding):
    """The name is APN, MNC and MCC of the home network; the address that it has is asked."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    assert around.events(NameAsked) == [NameAsked(NAME, RecordType.A)]
    assert not around.gtp
    assert around.sgsn.under_way["questions to the DNS"] == 1
    answer(around, FIRST, ttl=60.0)
    create = asked(around, FIRST)
    assert create.apn == "wap.example"
    accept(around, create, FIRST)
    around.heard(sm.ActivatePdpContextAccept)
    assert around.events(GgsnsFound) == [GgsnsFound(NAME, (FIRST,), 60.0)]
    (context,) = around.sgsn.mm_context(IMSI).contexts
    assert (context.ggsn_control, context.teid_data) == (FIRST, create.teid_data)
    assert around.sgsn.under_way["questions to the DNS"] == 0


def test_an_sgsn_of_ipv6_asks_for_aaaa(surrounding):
    """The record is that of the SGSN's own family, for it has no way to the other."""
    around = asks_dns(surrounding, control_address="2001:db8::2")
    around.say(around.activate_request())
    assert around.events(NameAsked) == [NameAsked(NAME, RecordType.AAAA)]
    answer(around, "2001:db8::1")
    asked(around, "2001:db8::1")


@pytest.mark.clause("23.060 Annex A", "APN operator identifier of the home network")
@pytest.mark.parametrize(
    ("imsi", "expected"),
    [
        ("234150999999999", "mnc015.mcc234.gprs"),
        ("262019999999999", "mnc001.mcc262.gprs"),
        ("310410999999999", "mnc410.mcc310.gprs"),
        ("001123999999999", "mnc123.mcc001.gprs"),
    ],
)
def test_the_operator_identifier_is_of_the_home_network(imsi, expected):
    """How long the MNC is depends on the SGSN's own network first, then on the MCC."""
    areas = (RoutingArea(), RoutingArea(mcc="001", mnc="123"))
    assert operator_identifier(imsi, areas, THREE_DIGIT_MNCS) == expected


def test_an_operator_identifier_of_the_mobile_is_kept(surrounding):
    """A mobile may name the network whose access point it wants."""
    around = asks_dns(surrounding)
    around.say(around.activate_request(apn="WAP.example.mnc001.mcc262.gprs"))
    assert questions(around) == ["wap.example.mnc001.mcc262.gprs"]
    answer(around, SECOND, name="wap.example.mnc001.mcc262.gprs")
    assert asked(around, SECOND).apn == "wap.example"


def test_what_the_configuration_names_is_not_asked(surrounding):
    """Named access points are static; the one for all others gives way to the DNS."""
    around = asks_dns(surrounding, ggsns={"wap.example": (FIRST,), "*": (THIRD,)})
    around.say(around.activate_request())
    asked(around, FIRST)
    assert questions(around) == []


def test_the_dns_goes_before_the_ggsn_for_all_others(surrounding):
    """With a DNS, the configuration's GGSN for every other APN is not needed."""
    around = asks_dns(surrounding, ggsns={"*": (THIRD,)})
    around.say(around.activate_request())
    assert questions(around) == [NAME]


def test_an_answer_is_believed_for_its_ttl(surrounding):
    """Within the TTL nobody is asked; after it again."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    answer(around, FIRST, ttl=60.0)
    accept(around, asked(around, FIRST), FIRST)
    around.events()
    around.run(59)
    around.say(around.activate_request(ti=1, nsapi=6, pdp_address=PdpAddress.dynamic_ipv4()))
    assert questions(around) == []
    assert around.sgsn.counters["ggsn_names_known"] == 1
    asked(around, FIRST)
    around.run(1)
    around.say(around.activate_request(ti=2, nsapi=7, pdp_address=PdpAddress.dynamic_ipv4()))
    assert questions(around) == [NAME]


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ({"ttl": 0.0, "addresses": (FIRST,)}, 1.0),
        ({"ttl": None, "addresses": (FIRST,)}, 1.0),
        ({"ttl": 1e9, "addresses": (FIRST,)}, 86_400.0),
        ({"ttl": 20.0}, 20.0),
        ({"ttl": None}, 300.0),
        ({"ttl": 1e9}, 300.0),
        ({"failure": "SERVFAIL"}, 5.0),
    ],
)
def test_what_is_believed_has_bounds(surrounding, values, good):
    """Neither too short nor too long: addresses, that there is no such name, that none answers."""
    around = asks_dns(surrounding, radio=RadioTimers(t3312=None, t3314=None))
    around.command("name_answered", NameAnswer(NAME, **values))
    around.now += good - 0.1
    around.say(around.activate_request())
    assert questions(around) == []
    around.now += 0.2
    around.say(around.activate_request(ti=1, nsapi=6))
    assert questions(around) == [NAME]


def test_of_many_names_the_one_used_longest_ago_is_forgotten(surrounding):
    """Memory is bounded, whatever mobiles ask for."""
    around = surrounding(ggsns={}, dns=DnsConfig(SERVERS, max_names=2))
    around.apns, around.static = ["a", "b", "c"], None
    around.attach()
    for name in "ab":
        answer(around, FIRST, name=f"{name}.mnc015.mcc234.gprs", ttl=100.0)
    used = {"pdp_address": PdpAddress.dynamic_ipv4()}
    around.say(around.activate_request(apn="a", **used))
    answer(around, FIRST, name="c.mnc015.mcc234.gprs", ttl=100.0)
    around.say(around.activate_request(ti=1, nsapi=6, apn="a", **used))
    assert questions(around) == []
    around.say(around.activate_request(ti=2, nsapi=7, apn="b", **used))
    assert questions(around) == ["b.mnc015.mcc234.gprs"]


def test_activations_that_want_one_name_wait_together(surrounding):
    """One question serves all; each goes to a GGSN of the answer."""
    around = asks_dns(surrounding)
    other = "234150888888888"
    around.attach(other)
    for imsi in (IMSI, other):
        around.say(around.activate_request(pdp_address=PdpAddress.dynamic_ipv4()), imsi)
    assert questions(around) == [NAME]
    answer(around, FIRST)
    assert {asked(around, FIRST).imsi, asked(around, FIRST).imsi} == {IMSI, other}


def test_the_load_is_spread_over_the_addresses(surrounding):
    """Each activation takes the addresses of one answer in an order of its own."""
    around = asks_dns(surrounding)
    answer(around, FIRST, SECOND, THIRD, ttl=1000.0)
    peers = set()
    for number in range(20):
        imsi = f"2341500000000{number:02}"
        around.attach(imsi)
        around.say(around.activate_request(pdp_address=PdpAddress.dynamic_ipv4()), imsi)
        peers.add(around.gtp.popleft()[1][0])
    assert peers == {FIRST, SECOND, THIRD}


# -- no answer, or none that helps --------------------------------------------------------------


def test_a_name_that_is_not_there_is_an_unknown_apn(surrounding):
    """NXDOMAIN is SM cause 27, and the context is gone."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    around.events()
    answer(around, ttl=60.0)
    assert rejected(around) == (SmCause.MISSING_OR_UNKNOWN_APN, None)
    (event,) = around.events(GgsnsNotFound)
    assert event.name == NAME
    assert around.sgsn.counters["ggsn_names_unknown"] == 1
    assert idle(around)


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "failed"])
def test_a_dns_that_does_not_answer_is_a_network_failure(surrounding, silent):
    """Neither silence nor SERVFAIL says that there is no such access point: SM cause 38."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    if silent:
        around.run(9.9)
        assert around.silent()
        around.run(0.1)
    else:
        answer(around, failure="SERVFAIL")
    assert rejected(around) == (SmCause.NETWORK_FAILURE, None)
    assert around.sgsn.counters["ggsn_names_failed"] == 1
    assert idle(around)


def test_an_answer_that_comes_too_late_serves_the_next(surrounding):
    """It changes nothing for who was refused, but is believed."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    around.run(10)
    rejected(around)
    answer(around, FIRST, ttl=60.0)
    assert not around.gtp
    around.say(around.activate_request(ti=1))
    asked(around, FIRST)


def test_the_request_that_is_repeated_meanwhile_asks_nothing_anew(surrounding):
    """T3380 of the mobile may expire before the DNS answers."""
    around = asks_dns(surrounding)
    request = around.activate_request()
    around.say(request)
    around.say(request)
    assert questions(around) == [NAME]
    answer(around, FIRST)
    asked(around, FIRST)
    assert not around.gtp


@pytest.mark.parametrize("how", ["deactivated", "detached", "replaced", "stopped"])
def test_a_mobile_that_gives_up_while_the_dns_is_asked_is_forgotten(surrounding, how):
    """The answer finds nobody: no GGSN is asked for what nobody wants."""
    around = asks_dns(surrounding)
    around.say(around.activate_request())
    around.events()
    if how == "deactivated":
        ti = sm.TransactionIdentifier(0, False)
        around.say(sm.DeactivatePdpContextRequest(ti, SmCause.REGULAR_DEACTIVATION))
    elif how == "detached":
        around.command("detach", IMSI)
    elif how == "stopped":
        around.sgsn.stop(around.now)
    else:
        around.say(around.activate_request(ti=1))
        around.say(around.activate_request(ti=2))
    around.collect()
    answer(around, FIRST)
    assert len(around.gtp) == (how == "replaced")


# -- fail-over ----------------------------------------------------------------------------------


def several(surrounding, *ggsns, **changes):
    """An SGSN that has these GGSNs in its configuration, in order of preference."""
    around = surrounding(**({"ggsns": {"wap.example": ggsns}} | changes))
    around.attach()
    return around


@pytest.mark.clause("23.060 Annex A", "fail-over to the next GGSN")
@pytest.mark.parametrize("cause", sorted(PASSING))
def test_the_next_ggsn_is_asked_where_one_has_no_resources(surrounding, cause):
    """It is asked with tunnel endpoints of its own; the mobile hears of success only."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    first = asked(around, FIRST)
    refuse(around, first, FIRST, cause)
    assert around.silent()
    second = asked(around, SECOND)
    assert (second.apn, second.qos, second.pco) == (first.apn, first.qos, first.pco)
    assert second.teid_data != first.teid_data
    assert second.teid_control != first.teid_control
    assert around.events(GgsnPassedOver) == [
        GgsnPassedOver(IMSI, "wap.example", 5, FIRST, cause, SECOND)
    ]
    accept(around, second, SECOND)
    around.heard(sm.ActivatePdpContextAccept)
    (context,) = around.sgsn.mm_context(IMSI).contexts
    assert context.ggsn_control == SECOND
    assert around.sgsn.under_way["tunnel endpoints"] == 1


def test_the_next_ggsn_is_asked_where_one_is_silent(surrounding):
    """N3-REQUESTS unanswered transmissions, then the next; a late answer changes nothing."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    around.run(PATIENCE - 0.1)
    late = [message for message, peer in around.gtp if peer[0] == FIRST]
    assert len(late) == len(around.gtp) == 5
    around.gtp.clear()
    around.run(0.1)
    second = asked(around, SECOND)
    accept(around, late[0], FIRST)
    assert around.silent()
    accept(around, second, SECOND)
    around.heard(sm.ActivatePdpContextAccept)


@pytest.mark.parametrize("cause", [Cause.MISSING_OR_UNKNOWN_APN, Cause.USER_AUTHENTICATION_FAILED])
def test_a_refusal_that_is_about_the_mobile_is_final(surrounding, cause):
    """Another GGSN of the same network would say the same."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST, cause)
    around.heard(sm.ActivatePdpContextReject)
    assert not around.gtp


def test_the_mobile_hears_the_last_refusal(surrounding):
    """When every GGSN has refused, the context is gone, and nothing is left of any."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    refuse(around, asked(around, SECOND), SECOND, Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED)
    assert rejected(around)[0] is SmCause.INSUFFICIENT_RESOURCES
    assert idle(around)


def test_only_so_many_ggsns_are_asked(surrounding):
    """The mobile does not wait for ever."""
    around = several(surrounding, FIRST, SECOND, THIRD, most_ggsns=2)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    refuse(around, asked(around, SECOND), SECOND)
    rejected(around)
    assert not around.gtp


def test_a_mobile_that_gives_up_between_two_ggsns_asks_no_third(surrounding):
    """The Create that is under way is deleted if it succeeds."""
    around = several(surrounding, FIRST, SECOND, THIRD)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    create = asked(around, SECOND)
    around.command("detach", IMSI)
    refuse(around, create, SECOND)
    assert not around.gtp


def test_the_ggsn_that_the_network_named_is_the_only_one(surrounding):
    """A PDU Notification is answered at its GGSN; no other has the packet."""
    around = several(surrounding, SECOND, THIRD)
    ask = around.request()
    around.answer(ask)
    refuse(around, asked(around, FIRST), FIRST)
    around.heard(sm.ActivatePdpContextReject)
    assert not around.gtp


# -- what is remembered of GGSNs ----------------------------------------------------------------


def next_one(around, ti=1, nsapi=6):
    """Another activation; return the GGSN that is asked first, with its Create."""
    pdp_address = PdpAddress.dynamic_ipv4()
    around.say(around.activate_request(ti=ti, nsapi=nsapi, pdp_address=pdp_address))
    create, peer = around.gtp.popleft()
    return peer[0], create


def test_a_silent_ggsn_is_asked_last_for_a_while(surrounding):
    """Somebody found out; others don't have to, until it may be back."""
    around = several(surrounding, FIRST, SECOND, ggsn_avoidance=100.0)
    around.static = None
    around.say(around.activate_request())
    around.run(PATIENCE)
    around.gtp.clear()
    ggsn, create = next_one(around)
    assert ggsn == SECOND
    refuse(around, create, SECOND)
    asked(around, FIRST)
    around.run(100)
    around.gtp.clear()
    assert next_one(around, 2, 7)[0] == FIRST


def test_a_ggsn_that_serves_again_is_asked_in_its_turn(surrounding):
    """A success ends what was remembered."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    refuse(around, asked(around, SECOND), SECOND)
    rejected(around)
    ggsn, create = next_one(around)
    assert ggsn == FIRST
    refuse(around, create, FIRST, Cause.SYSTEM_FAILURE)
    accept(around, asked(around, SECOND), SECOND)
    other = "234150888888888"
    around.attach(other)
    around.say(around.activate_request(pdp_address=PdpAddress.dynamic_ipv4()), other)
    asked(around, SECOND)


def test_a_ggsn_whose_path_is_down_is_asked_last(surrounding):
    """Echo has found it dead (TS 29.060 §7.2); with no other it is asked all the same."""
    around = several(
        surrounding,
        FIRST,
        SECOND,
        timers=Timers(echo_interval=60.0, t3_response=1.0, n3_requests=2),
        ggsn_avoidance=0.0,
    )
    around.activate()
    collect, around.collect = around.collect, lambda: around.sgsn.take_datagrams()
    around.run(63)
    around.collect = collect
    assert around.sgsn.counters["paths_down"] == 1
    other = "234150888888888"
    around.attach(other)
    around.say(around.activate_request(pdp_address=PdpAddress.dynamic_ipv4()), other)
    refuse(around, asked(around, SECOND), SECOND)
    asked(around, FIRST)


def test_further_contexts_go_to_the_ggsn_that_has_one(surrounding):
    """One access point, one GGSN per mobile, whatever the order of preference."""
    around = several(surrounding, FIRST, SECOND, ggsn_avoidance=0.0)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    accept(around, asked(around, SECOND), SECOND)
    assert next_one(around)[0] == SECOND


@pytest.mark.clause("29.060 §7.7.102", "GGSN Back-Off Time is kept to")
def test_a_ggsn_that_wants_to_be_left_alone_is(surrounding):
    """Until its back-off time is over it is not asked; others are."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST, ggsn_back_off_time=0x22)
    refuse(around, asked(around, SECOND), SECOND, Cause.SYSTEM_FAILURE)
    rejected(around)
    ggsn, create = next_one(around)
    assert ggsn == SECOND
    refuse(around, create, SECOND)
    assert rejected(around)[0] is SmCause.INSUFFICIENT_RESOURCES
    assert not around.gtp
    around.run(120)
    assert next_one(around, 2, 7)[0] == FIRST


def test_where_every_ggsn_wants_to_be_left_alone_the_mobile_is_told_how_long(surrounding):
    """SM cause 26 with T3396, and no GGSN is troubled."""
    around = several(surrounding, FIRST)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST, ggsn_back_off_time=0x22)
    assert rejected(around) == (SmCause.INSUFFICIENT_RESOURCES, 0xA2)
    around.run(90)
    around.say(around.activate_request(ti=1))
    assert rejected(around) == (SmCause.INSUFFICIENT_RESOURCES, 0x60 | 15)
    assert not around.gtp
    assert around.sgsn.counters["activations_backed_off"] == 1


def test_the_back_off_of_one_apn_is_not_that_of_another(surrounding):
    """Congestion is of an access point."""
    around = surrounding(ggsns={"*": (FIRST,)})
    around.apns, around.static = ["wap.example", "web.example"], None
    around.attach()
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST, ggsn_back_off_time=0x22)
    around.say(around.activate_request(ti=1, nsapi=6, apn="web.example"))
    asked(around, FIRST)


def test_of_many_ggsns_the_one_avoided_first_is_asked_as_any_other(surrounding, monkeypatch):
    """Memory is bounded, however many GGSNs the DNS names."""
    monkeypatch.setattr("corenet.sgsn.sessions.ggsn_selection._MOST_REMEMBERED", 1)
    around = several(surrounding, FIRST, SECOND, THIRD)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    refuse(around, asked(around, SECOND), SECOND)
    refuse(around, asked(around, THIRD), THIRD, Cause.MISSING_OR_UNKNOWN_APN)
    rejected(around)
    assert next_one(around)[0] == FIRST


def test_a_back_off_time_of_nothing_ends_it(surrounding):
    """The GGSN is asked again at once."""
    around = several(surrounding, FIRST)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST, ggsn_back_off_time=0)
    rejected(around)
    assert next_one(around)[0] == FIRST


@pytest.mark.parametrize(
    ("octet", "seconds", "timer"),
    [
        (0x05, 10.0, 0x65),
        (0x21, 60.0, 0xA1),
        (0x43, 1800.0, 0x03),
        (0x61, 3600.0, 0x21),
        (0x81, 36000.0, 0x41),
        (0xE0, inf, 0xE0),
        (0xA1, None, None),
    ],
)
def test_back_off_times_are_told_to_mobiles(octet, seconds, timer):
    """Each unit of GTP has one in GPRS timer 3; one that is not known is no time."""
    assert back_off_seconds(octet) == seconds
    assert as_timer_3(octet) == timer


def test_what_is_left_of_a_back_off_is_rounded_up():
    """A mobile that comes too early would be refused again."""
    assert timer_3(61.5) == 0x60 | 31
    assert timer_3(62.5) == 0xA0 | 2
    assert timer_3(inf) == 0xE0


def test_the_address_of_the_mobile_is_asked_for_everywhere(surrounding):
    """The next GGSN gets the static address as well."""
    around = several(surrounding, FIRST, SECOND)
    around.say(around.activate_request())
    refuse(around, asked(around, FIRST), FIRST)
    assert asked(around, SECOND).end_user_address == EndUserAddress.for_ipv4(around.ADDRESS)
