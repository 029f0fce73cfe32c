"""A lab file becomes node configurations, or problems with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from corenet.ggsn.config import Credential
from corenet.interfaces.node import Interface
from corenet.mobile.behaviour import Answer, SmsAnswer, SmsBehaviour
from corenet.radius.clients import RadiusClient
from testbed.codecs.ccpp import Profile
from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.config import ClientProfiles, Operation, TlsConfig
from testbed.gateway.initiators import Initiator
from testbed.gateway.routing.policy import Next, Refusal, Route, Rule
from testbed.lab.build import LoadedLab, build, load, shipped_labs
from testbed.lab.yaml_source import SourceError, read
from tests.testbed.certificates import Authority

GGSN = """\
ggsn:
  address: 127.0.10.1
  apns: [{name: wap.example, pool: 127.10.0.0/16}]
"""
NETWORK = GGSN + "sgsn: {address: 127.0.10.2}\nhlr: {address: 127.0.10.3}\n"


def built(text: str) -> LoadedLab:
    return build(read(text, "lab.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        built(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", shipped_labs())
def test_every_shipped_lab_fits_together(name: str) -> None:
    """Every lab that comes with the distribution loads by its name."""
    assert load(name).model.name == name


def test_range_counts_numbers_and_addresses_up() -> None:
    """A range of subscribers has IMSIs, MSISDNs and static addresses that count up together."""
    lab = built(
        NETWORK + "subscribers:\n"
        '  - {imsi: "234150000000009", msisdn: "0447700900009", count: 2,\n'
        "     apns: [{name: wap.example, address: 127.10.0.255}]}\n"
    )
    assert lab.core is not None
    assert lab.core.hlr is not None
    assert [
        (one.imsi, one.msisdn, one.apns[0].static_address) for one in lab.core.hlr.subscribers
    ] == [
        ("234150000000009", "0447700900009", "127.10.0.255"),
        ("234150000000010", "0447700900010", "127.10.1.0"),
    ]
    bindings = lab.core.ggsns["ggsn"].static_bindings
    assert [binding.address for binding in bindings] == ["127.10.0.255", "127.10.1.0"]
    assert [mobile.imsi for mobile in lab.core.mobiles] == ["234150000000009", "234150000000010"]


def test_range_counts_ipv6_prefixes_up() -> None:
    """A static IPv6 address is of a prefix that nobody else has."""
    lab = built(
        "ggsn:\n"
        "  address: 127.0.10.1\n"
        '  apns: [{name: wap.example, pool: ["2001:db8:1::/48"]}]\n'
        "  gi: null\n"
        "subscribers:\n"
        '  - {imsi: "234150000000009", msisdn: "447700900009", count: 2,\n'
        '     apns: [{name: wap.example, address: "2001:db8:1:00ff::5"}]}\n'
    )
    assert lab.core is not None
    bindings = lab.core.ggsns["ggsn"].static_bindings
    assert [one.address for one in bindings] == ["2001:db8:1:ff::5", "2001:db8:1:100::5"]


def test_apn_answers_options_as_the_file_says() -> None:
    """Name servers of both families, MTU, credentials and the manner of IPCP reach the GGSN."""
    lab = built(
        "ggsn:\n"
        "  address: 127.0.10.1\n"
        "  apns:\n"
        "    - name: wap.example\n"
        "      dns: [127.0.0.53, 2001:db8:0::53]\n"
        "      mtu: 1400\n"
        "      credentials: [{name: alice, password: hush}]\n"
        "      ipcp_ack: true\n"
        "    - {name: closed.example, credentials: []}\n"
    )
    assert lab.core is not None
    wap, closed = lab.core.ggsns["ggsn"].apns
    assert wap.dns == ("127.0.0.53", "2001:db8::53")
    assert (wap.mtu, wap.ipcp_ack) == (1400, True)
    assert wap.credentials == (Credential("alice", "hush"),)
    assert closed.credentials == ()


def test_apn_has_the_pools_that_the_file_says() -> None:
    """One pool or several, of both families; static ranges, a limit, and the two policies."""
    lab = built(
        "ggsn:\n"
        "  address: 127.0.10.1\n"
        "  gi: null\n"
        "  on_sgsn_restart: delete\n"
        "  on_path_down: delete\n"
        "  gtp: {echo_interval: 5}\n"
        "  apns:\n"
        "    - {name: one, pool: 10.1.0.0/16}\n"
        "    - name: several\n"
        "      pool: [10.2.0.0/16, 10.3.0.0/16, 2001:db8::/48]\n"
        "      static: [10.4.0.0/16]\n"
        "      maximum_contexts: 3\n"
        "    - {name: none, pool: null}\n"
    )
    assert lab.core is not None
    ggsn = lab.core.ggsns["ggsn"]
    one, several, none = ggsn.apns
    assert [str(network) for network in one.pools] == ["10.1.0.0/16"]
    assert [str(network) for network in several.pools] == [
        "10.2.0.0/16",
        "10.3.0.0/16",
        "2001:db8::/48",
    ]
    assert [str(network) for network in several.static_ranges] == ["10.4.0.0/16"]
    assert (one.maximum_contexts, several.maximum_contexts, none.pools) == (None, 3, ())
    assert (ggsn.on_sgsn_restart, ggsn.on_path_down) == ("delete", "delete")
    assert ggsn.timers.echo_interval == 5


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("pool: 2001:db8::/65", "2001:db8::/65 has no room for a /64"),
        ("pool: [fe80::/64]", "fe80::/64 is link-local or multicast"),
        ("static: [224.0.0.0/8]", "224.0.0.0/8 is link-local or multicast"),
        ("mtu: 1279, pool: [2001:db8::/48]", "with IPv6 the MTU is 1280 at least"),
        ("pool: [127.1.0.0/16, 2001:db8::/48]", "Gi on loopback needs a pool in 127.0.0.0/8"),
        ("static: [10.0.0.0/16]", "Gi on loopback needs a pool in 127.0.0.0/8"),
        ("pool: 5", "pool"),
        ("dns: [127.0.0.1, 127.0.0.2, 127.0.0.3]", "at most two DNS servers per family"),
        ("dns: [nonsense]", "nonsense"),
        ("mtu: 67", "68"),
        (
            "credentials: [{name: a, password: b}, {name: a, password: c}]",
            "each name has one password",
        ),
    ],
)
def test_contradictions_of_an_apn_are_named(setting: str, words: str) -> None:
    """What the GGSN could not answer with is found in the file."""
    text = f"ggsn: {{address: 127.0.10.1, apns: [{{name: wap.example, {setting}}}]}}\n"
    assert words in problems(text)[0]


def test_mobile_behaves_as_the_file_says() -> None:
    """What a mobile is to do with the network's request comes from the file."""
    lab = built(
        NETWORK + "subscribers:\n"
        '  - {imsi: "234150000000009", msisdn: "447700900009", apns: [{name: wap.example}],\n'
        "     mobile: {on_request: reject, sm_cause: 26, answer_after: 0.5,\n"
        "              attached: false, activate: [wap.example],\n"
        "              on_sms: reject, rp_cause: 22, sms_answer_after: 2, sms_reassembly: 60}}\n"
    )
    assert lab.core is not None
    (mobile,) = lab.core.mobiles
    assert (mobile.behaviour.answer, mobile.behaviour.cause) == (Answer.REJECT, 26)
    assert mobile.behaviour.delay == 0.5
    assert mobile.sms_behaviour == SmsBehaviour(SmsAnswer.REJECT, 22, 2.0)
    assert mobile.reassembly == 60.0
    assert not mobile.attach_at_start
    assert lab.self_activating == {"234150000000009": ("wap.example",)}


def test_subscriber_that_the_hlr_does_not_know_is_only_bound_at_the_ggsn() -> None:
    """A subscriber with known_to_hlr false has a static binding and no subscription."""
    lab = built(
        NETWORK + "subscribers:\n"
        '  - {imsi: "234150000000009", msisdn: "447700900009", known_to_hlr: false, mobile: null,\n'
        "     apns: [{name: wap.example, address: 127.10.0.9}]}\n"
    )
    assert lab.core is not None
    assert lab.core.hlr is not None
    assert lab.core.hlr.subscribers == ()
    assert lab.core.mobiles == ()
    assert lab.core.ggsns["ggsn"].static_bindings[0].imsi == "234150000000009"


def test_gateway_finds_the_control_interface_of_its_lab() -> None:
    """A gateway without core settings uses the control interface in the same file."""
    lab = built(
        GGSN + "control: {address: 127.0.10.4, port: 8088, token: sesame-open}\n"
        "gateway: {address: 127.0.10.5, apn: wap.example}\n"
    )
    assert lab.gateway is not None
    assert lab.gateway.control_url == "http://127.0.10.4:8088"
    assert lab.gateway.control_token == "sesame-open"


def test_gateway_alone_names_a_core_elsewhere() -> None:
    """A file may hold nothing but a gateway, with the address of somebody's core."""
    lab = built(
        'gateway: {address: 127.0.10.5, apn: wap.example, core: {url: "http://127.0.0.1:8"}}\n'
    )
    assert lab.core is None
    assert lab.gateway is not None
    assert lab.gateway.control_url == "http://127.0.0.1:8"


def test_gateway_may_listen_to_initiators_elsewhere() -> None:
    """``pap_address`` is of PAP alone."""
    lab = built(
        "gateway: {address: 127.0.10.5, pap_address: 0.0.0.0, apn: wap.example, ask_core: false}\n"
    )
    assert lab.gateway is not None
    assert (lab.gateway.address, lab.gateway.listens_at) == ("127.0.10.5", "0.0.0.0")


def test_gateway_alone_needs_no_core() -> None:
    """With ``ask_core: false`` a gateway stands alone, and judges by accounting."""
    lab = built("gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false}\n")
    assert lab.gateway is not None
    assert (lab.gateway.ask_core, lab.gateway.control_url) == (False, None)


def test_gateway_knows_its_initiators_and_users() -> None:
    """Who may push, with what bounds, and whom the directory names."""
    lab = built(
        "gateway:\n  address: 127.0.10.5\n  apn: wap.example\n  ask_core: false\n"
        '  users: {joe: "447700900123"}\n  content_types: ["text/*"]\n'
        "  initiators:\n    - {name: shop, password: secret, addresses: [10.0.0.0/8],"
        " rate: 5, burst: 10, quota: 100}\n    - {name: kiosk}\n"
    )
    assert lab.gateway is not None
    assert lab.gateway.users == {"joe": "447700900123"}
    assert lab.gateway.content_types == ("text/*",)
    shop, kiosk = lab.gateway.initiators
    assert shop == Initiator("shop", "secret", ("10.0.0.0/8",), 5.0, 10, 100)
    assert kiosk == Initiator("kiosk", addresses=("0.0.0.0/0",))


def test_gateway_shows_its_certificate(tmp_path: Path) -> None:
    """And knows an initiator by a name in its own."""
    ca = Authority(tmp_path)
    certificate, key = ca.issue("gateway")
    lab = built(
        "gateway:\n  address: 127.0.10.5\n  apn: wap.example\n  ask_core: false\n"
        f"  tls: {{certificate: {certificate}, key: {key}, ca: {ca.path}, port: 9443}}\n"
        '  initiators: [{name: press, certificate: "CN=press"}]\n'
    )
    assert lab.gateway is not None
    assert lab.gateway.tls == TlsConfig(certificate, key, ca.path, 9443)
    assert lab.gateway.initiators[0].certificate == "CN=press"


SUBSCRIBER = '  - {imsi: "234150000000009", msisdn: "447700900009", apns: [{name: %s}]}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\n", "lab.yaml:1:1: the document: a lab has a ggsn, an sgsn, an hlr"),
        ("sgsn: {address: 127.0.0.1}\n", "lab.yaml:1:1: the document: an sgsn needs an hlr"),
        (
            GGSN + "gateway: {address: 127.0.10.5, apn: wap.example}\n",
            "lab.yaml:1:1: the document: the gateway needs the core's control interface",
        ),
        (
            "gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false,\n"
            "          initiators: [{name: a, addresses: [10.0.0.1/8]}]}\n",
            "lab.yaml:2:46: gateway.initiators.0.addresses.0: 10.0.0.1/8 has host bits set",
        ),
        (
            "gateway: {address: 127.0.10.5, apn: wap, ask_core: false,\n"
            "          tls: {certificate: /none, key: /none}}\n",
            "lab.yaml:2:30: /none: No such file or directory",
        ),
        (
            GGSN + "control: {address: 192.0.2.1}\n",
            "lab.yaml:4:10: control: 192.0.2.1 can be reached from outside this host: set a token",
        ),
        (
            GGSN.replace("127.10.0.0/16", "127.10.0.1/16"),
            "lab.yaml:3:36: ggsn.apns.0.pool.0: 127.10.0.1/16 has host bits set",
        ),
        (
            GGSN.replace("127.10.0.0/16", "10.10.0.0/16"),
            "lab.yaml:3:36: Gi on loopback needs a pool in 127.0.0.0/8, such as 127.10.0.0/16",
        ),
        (
            NETWORK + "subscribers:\n" + SUBSCRIBER % "other.example",
            "lab.yaml:7:69: the ggsn has no APN other.example; it has wap.example",
        ),
        (
            NETWORK + "subscribers:\n" + SUBSCRIBER % "wap.example, address: 127.9.0.1",
            "lab.yaml:7:91: 127.9.0.1 is not in the pool 127.10.0.0/16 of APN wap.example",
        ),
        (
            NETWORK + "subscribers:\n" + (SUBSCRIBER % "wap.example") * 2,
            "lab.yaml:8:12: IMSI 234150000000009 is given to two subscribers",
        ),
        (
            NETWORK + 'subscribers:\n  - {imsi: "999999999999999", msisdn: "447700900009",\n'
            "     count: 2, apns: [{name: wap.example}]}\n",
            "lab.yaml:8:13: counting 2 up from here ends in a number of more than 15 digits",
        ),
    ],
)
def test_parts_that_do_not_fit_are_named_with_their_place(text: str, expected: str) -> None:
    """What only shows when parts are seen together is still named by line and column."""
    assert problems(text)[0].startswith(expected)


def test_where_pushes_over_ipv6_leave_from_is_an_ipv6_address() -> None:
    """Anything else is named with its place; without it there is no such interface."""
    text = "gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false, ipv6_address: %s}\n"
    gateway = built(text % '"2001:DB8:0::5"').gateway
    assert gateway is not None
    assert gateway.attachments[Interface.WDP6] == ("2001:db8::5", 9200)
    (found,) = problems(text % "127.0.10.6")
    assert found.startswith("lab.yaml:1:")
    assert "ipv6_address" in found


def test_many_problems_are_not_listed_without_end() -> None:
    """A range of thousands that is wrong in each is reported by its first few."""
    text = NETWORK + "subscribers:\n" + (SUBSCRIBER % "x.y").replace("apns", "count: 5000, apns")
    assert 1 <= len(problems(text)) < 30


def test_file_that_is_not_there_is_named_with_what_there_is(tmp_path: Path) -> None:
    """A missing file's error lists the labs that come along."""
    with pytest.raises(
        SourceError, match=r"nowhere.*labs that come with Corenet are core, default"
    ):
        load(str(tmp_path / "nowhere.yaml"))


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused by name."""
    file = tmp_path / "lab.yaml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="not UTF-8"):
        load(str(file))


GATEWAY = """\
gateway:
  address: 127.0.10.5
  apn: wap.example
  ask_core: false
"""
TRIGGER = '  gi_trigger: {addresses: {"447700900001": 127.10.0.1}, datagram: "00ff", push: false}\n'


def test_policy_becomes_rules() -> None:
    """Applications are known by name or number, what is left out has its default."""
    lab = built(
        GATEWAY + "  initiators: [{name: shop}]\n"
        "  policy:\n"
        '    - {applications: ["4"], initiators: [shop], order: [ip, hold], hold_for: 60,\n'
        "       activations: 3, lifetime: 600, after: {refused: fail, absent: hold}}\n"
        "    - {}\n"
    )
    assert lab.gateway is not None
    first, last = lab.gateway.policy.rules
    assert first == Rule(
        frozenset({"x-wap-application:mms.ua"}),
        frozenset({"shop"}),
        (Route.IP, Route.HOLD),
        hold_for=60.0,
        lifetime=600.0,
        activations=3,
        after={Refusal.REFUSED: Next.FAIL, Refusal.ABSENT: Next.HOLD},
    )
    assert last == Rule()


def test_gi_trigger_is_the_route_where_there_is_no_core_to_ask() -> None:
    """Unless a policy says otherwise."""
    lab = built(GATEWAY + TRIGGER)
    assert lab.gateway is not None
    assert lab.gateway.gi_trigger == GiTrigger(
        {"447700900001": "127.10.0.1"}, sends_push=False, payload=b"\x00\xff"
    )
    (rule,) = lab.gateway.policy.rules
    assert rule.order == (Route.IP, Route.GI_TRIGGER, Route.HOLD)
    asking = GATEWAY.replace("ask_core: false", 'core: {url: "http://127.0.0.1:1"}')
    beside = built(asking + TRIGGER).gateway
    assert beside is not None
    assert beside.policy.rules == (Rule(),)


@pytest.mark.parametrize(
    ("rules", "place", "text"),
    [
        ("[{initiators: [shop]}]", "6:20", "there is no initiator shop"),
        ("[{applications: [x]}]", "6:6", "the last rule fits every push"),
        ("[{}, {}]", "6:6", "this rule fits every push, so those after it never hold"),
        ("[{order: [ip, sms]}]", "6:19", "sms needs an SMSC"),
        ("[{order: [ip, gi-trigger]}]", "6:19", "gi-trigger needs gateway.gi_trigger"),
        ("[{order: [activation, ip]}]", "6:6", "ip comes before it"),
        ("[{order: [ip, fax]}]", "6:19", "input should be 'ip', 'activation'"),
        ("[{after: {refused: sms}}]", "6:6", "after refused comes sms, which is not in order"),
        ("[{after: {hungry: fail}}]", "6:", "input should be 'unknown-subscriber'"),
        ("[{activation_for: 0}]", "6:23", "greater than 0"),
        ("[{confirm: context}]", "6:16", "only the core knows of contexts: it needs ask_core"),
        ("[{confirm: maybe}]", "6:16", "input should be 'left' or 'context'"),
    ],
)
def test_what_is_wrong_with_a_policy_is_named_with_its_place(
    rules: str, place: str, text: str
) -> None:
    """Line and column of the rule, the route or the name."""
    found = problems(GATEWAY + f"  policy:\n    {rules}\n")
    assert any(one.startswith(f"lab.yaml:{place}") and text in one for one in found), found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("  policy: [{confirm: context}]\n  ota: {returned: 0}\n", "5:22"),
        ("  ota: {confirm: context, returned: 2.5}\n", "5:18"),
    ],
)
def test_the_core_is_asked_only_where_there_is_time_for_it(text: str, place: str) -> None:
    """A push that counts as sent at once is not asked about, nor one that is returned too late."""
    asking = GATEWAY.replace("ask_core: false", 'core: {url: "http://127.0.0.1:1"}')
    (problem,) = problems(asking + text)
    assert problem.startswith(f"lab.yaml:{place}: context needs gateway.ota.returned above 0")


def test_radius_clients_and_ageing_are_taken_over() -> None:
    """Who may send accounting, and when its silence means that a session is over."""
    lab = built(
        GATEWAY + "  radius_port: null\n"
        "  radius_clients: [{address: 192.0.2.0/24, secret: sesame}]\n"
        "  sessions: {interim_interval: 300, missed_interims: 2, longest: null}\n"
    )
    assert lab.gateway is not None
    assert lab.gateway.radius_clients == (RadiusClient("192.0.2.0/24", b"sesame"),)
    assert lab.gateway.ageing.limit == 900.0
    assert lab.gateway.radius_port is None


def test_operations_can_be_switched_off() -> None:
    """What a lab file does not list initiators cannot have; an unknown one is named."""
    gateway = "gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false, operations: "
    config = built(gateway + "[push, status]}\n").gateway
    assert config is not None
    assert config.operations == {Operation.PUSH, Operation.STATUS}
    (problem,) = problems(gateway + "[push, recall]}\n")
    assert "'push', 'replace', 'cancel', 'status' or 'ccq'" in problem


def test_a_lab_file_says_what_clients_can_do() -> None:
    """By MSISDN and by default; matching may be required."""
    gateway = "gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false, capabilities: "
    config = built(
        gateway + '{default: {accept: [Text/*]}, matching: required, clients: {"447700900123":\n'
        "  {accept: [image/png], charsets: [utf-8], user_agent: Nokia7110/1.0,\n"
        '   profile: "http://wap.example/a.rdf"}}}}\n'
    ).gateway
    assert config is not None
    client = Profile(("image/png",), ("utf-8",), "Nokia7110/1.0", "http://wap.example/a.rdf")
    assert config.client_profiles == ClientProfiles(
        Profile(("text/*",)), {"447700900123": client}, must_match=True
    )


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("accept: [html]", "'html' is not a media type"),
        ('accept: ["text/html; q=1"]', "parameters do not count"),
        ("charsets: [utf 8]", "should match pattern"),
        ('user_agent: "\\u0001"', "a character that XML does not have"),
        ("profile: file.rdf", "should match pattern"),
    ],
)
def test_what_a_client_cannot_be_is_named(setting: str, text: str) -> None:
    """By line and column, as everything in a lab file."""
    gateway = "gateway: {address: 127.0.10.5, apn: wap.example, ask_core: false, capabilities: "
    (problem,) = problems(gateway + "{default: {" + setting + "}}}\n")
    assert text in problem
