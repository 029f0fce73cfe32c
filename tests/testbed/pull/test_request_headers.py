"""What origin servers are told, and what they are not."""

from __future__ import annotations

import pytest

from testbed.codecs import wml
from testbed.codecs.wsp.pdus import Get
from testbed.pull.config import PullConfig
from tests.testbed.pull.conftest import MSISDN, PEER, URL

KNOWN = PullConfig(identify_to=("127.0.0.0/8",))


def test_headers_are_passed_on(bench):
    """By the names that HTTP has for them."""
    bench.get(URL, ("User-Agent", "LabTerm/1.0"), ("X-Lab", "yes"), ("Accept-Language", "fi"))
    assert bench.sent("User-Agent") == ["LabTerm/1.0"]
    assert bench.sent("X-Lab") == ["yes"]
    assert bench.sent("Accept-Language") == ["fi"]


def test_the_gateway_says_that_it_stands_between(bench):
    """Via, and that it wants content as it is."""
    bench.get()
    assert bench.sent("Via") == ["WSP/1.0 corenet"]
    assert bench.sent("Accept-Encoding") == ["identity"]


def test_headers_of_a_session_count_for_its_methods(bench):
    """Unless the method says otherwise."""
    session = (("User-Agent", "LabTerm/1.0"), ("Accept", "text/plain"), ("Accept", "text/html"))
    bench.method(Get(URL, (("Accept", "image/gif"),)), headers=session)
    assert bench.sent("User-Agent") == ["LabTerm/1.0"]
    assert bench.sent("Accept") == ["image/gif"]


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Keep-Alive",
        "X-Of-This-Hop",
        "TE",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
        "Host",
        "Content-Length",
        "Expect",
        "Via",
        "Encoding-Version",
        "Bearer-Indication",
        "header-99",
    ],
)
@pytest.mark.clause("RFC 9110 §7.6", "headers of one hop stay there")
def test_what_is_of_one_hop_is_dropped(bench, name):
    """Those that HTTP names, those that the terminal names, and those for the gateway."""
    bench.method(Get(URL, (("Connection", "x-of-this-hop"), (name, "5"))))
    assert "5" not in bench.sent(name)


def test_logins_and_cookies_are_passed_on(bench):
    """From the codings that WSP has for them."""
    bench.get(URL, ("Authorization", "Basic dTpw"), ("Cookie", "id=abc; k=v"))
    assert bench.sent("Authorization") == ["Basic dTpw"]
    assert bench.sent("Cookie") == ["id=abc; k=v"]


def test_what_nobody_can_read_is_dropped(bench):
    """A value that came as octets is no text for an origin server."""
    bench.method(Get(URL, (("X-Lab", "0x1234"), ("X-Other", "a\tb"))))
    assert bench.sent("X-Lab") == bench.sent("X-Other") == []


def test_a_profile_has_the_name_that_servers_know(bench):
    """X-Wap-Profile, in quotes (UAProf §9)."""
    bench.get(URL, ("Profile", "http://maker.example/p.rdf"))
    assert bench.sent("X-Wap-Profile") == ['"http://maker.example/p.rdf"']
    assert bench.sent("Profile") == []


# Who it is


def test_nobody_is_told_who_asks_by_default(bench):
    """Neither number nor address."""
    bench.get()
    names = {name.lower() for name, _ in bench.fetches[0].headers}
    assert not any("network" in name for name in names)


def test_listed_hosts_are_told_who_asks(make_bench):
    """By what the network knows."""
    bench = make_bench(KNOWN)
    bench.get()
    assert bench.sent("X-WAP-Network-Client-MSISDN") == [MSISDN]
    assert bench.sent("X-WAP-Network-Client-IP") == [PEER[0]]


def test_other_hosts_are_not(make_bench):
    """The list is by the host of the URL."""
    bench = make_bench(KNOWN)
    bench.get("http://localhost/")
    assert bench.sent("X-WAP-Network-Client-IP") == []


def test_a_number_that_is_not_known_is_not_told(make_bench):
    """The address is, for it is there."""
    bench = make_bench(KNOWN)
    bench.get(peer=("10.45.0.99", 49152))
    assert bench.sent("X-WAP-Network-Client-MSISDN") == []
    assert bench.sent("X-WAP-Network-Client-IP") == ["10.45.0.99"]


@pytest.mark.parametrize(
    "name",
    [
        "X-WAP-Network-Client-MSISDN",
        "x-wap-network-client-msisdn",
        "X_WAP_Network_Client_MSISDN",
        "X-WAP_Network-Client-IP",
        "X-MSISDN",
        "X-Nokia-msisdn",
        "X-Up-Calling-Line-ID",
        "X_Up_Calling_Line_ID",
        "X-Forwarded-For",
        "Forwarded",
        "X-IMSI",
    ],
)
@pytest.mark.parametrize("origins", [(), ("127.0.0.1",)])
def test_a_terminal_cannot_say_who_it_is(make_bench, name, origins):
    """However it spells that, in the session or in the request, and whoever is asked."""
    bench = make_bench(PullConfig(identify_to=origins))
    bench.method(Get(URL, ((name, "15550100"),)), headers=((name, "15550101"),))
    assert "15550100" not in str(bench.fetches)
    assert "15550101" not in str(bench.fetches)


# What it likes


@pytest.fixture
def library(monkeypatch):
    """Decides whether there is libwbxml2."""

    def decide(there):
        monkeypatch.setattr(wml, "libwbxml", lambda: object() if there else None)

    decide(True)
    return decide


def accept(bench, *values):
    bench.get(URL, *(("Accept", value) for value in values))
    return bench.sent("Accept")


@pytest.mark.usefixtures("library")
def test_accept_has_what_the_gateway_can_convert(bench):
    """The XML of each binary form that the terminal takes, liked as much."""
    (value,) = accept(bench, "application/vnd.wap.wmlc; q=0.5", "application/vnd.wap.sic")
    assert value == (
        "application/vnd.wap.wmlc; q=0.50, application/vnd.wap.sic, "
        "text/vnd.wap.wml; q=0.5, text/vnd.wap.si"
    )


def test_wml_is_asked_for_only_where_it_can_be_compiled(bench, library):
    """Without the library, what the terminal takes itself."""
    library(False)
    assert accept(bench, "application/vnd.wap.wmlc") == ["application/vnd.wap.wmlc"]


@pytest.mark.usefixtures("library")
def test_accept_stays_as_it_is_where_it_says_enough(bench):
    """A terminal that takes everything, or no markup."""
    assert accept(bench, "*/*") == ["*/*"]
    assert accept(bench, "image/gif") == ["image/gif"]
    assert accept(bench) == []


def test_charsets_are_those_that_can_be_rewritten(bench):
    """Any, though the terminal's own are liked better; unless it does not take UTF-8."""

    def asked(*values):
        bench.get(URL, *(("Accept-Charset", value) for value in values))
        return bench.sent("Accept-Charset")

    assert asked() == []
    assert asked("utf-8") == ["utf-8, *; q=0.1"]
    assert asked("iso-8859-1", "*") == ["iso-8859-1, *, utf-8; q=1"]
    assert asked("iso-8859-1") == ["iso-8859-1"]
