"""What a lab file says of SMSCs becomes configuration, or an error with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.esme.config import SmscMode
from testbed.lab.build import LoadedLab, build
from testbed.lab.yaml_source import SourceError, read
from testbed.smpp.config import SmppTimers
from testbed.smsc.config import Esme, Limits
from testbed.smsc.message import Mode
from testbed.smsc.transaction import TransactionPolicy

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "fall-back-to-sms.md"
CORE = """
ggsn: {address: 127.0.20.1, apns: [{name: wap.example, pool: 127.20.0.0/16}]}
sgsn: {address: 127.0.20.2}
hlr: {address: 127.0.20.3}
control: {address: 127.0.20.4}
"""
GATEWAY = "gateway: {address: 127.0.20.5, apn: wap.example, policy: [{order: [ip, sms]}]}\n"


def lab(text: str) -> LoadedLab:
    """Return a lab with a core and what ``text`` says."""
    return build(read(CORE + text, "lab.yaml"))


@pytest.mark.parametrize("number", range(4))
def test_what_the_page_shows_is_a_lab(number: int) -> None:
    """Each example of the how-to fits into a lab file."""
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 4
    loaded = lab(examples[number])
    assert (loaded.esme is not None) == examples[number].startswith("gateway:")


def test_an_smsc_has_its_settings() -> None:
    """Names, lanes, modes and times come through; the HLR knows where the centre is."""
    loaded = lab(
        "smsc:\n"
        "  address: 127.0.20.7\n"
        "  port: 2776\n"
        "  number: '447700900000'\n"
        "  lanes: {push: 3, general: 1}\n"
        "  rate: 50\n"
        "  default_mode: transaction\n"
        "  outbind_password: open\n"
        "  timers: {enquire_link: null, inactivity: 90}\n"
        "  esmes:\n"
        "    - {system_id: ppg, password: x, outbind: {address: 127.0.0.9}}\n"
        "    - {system_id: crm, lane: general, rate: 5, messages: 2, numbers: ['80101']}\n"
        "  transaction: {window: 9, at_once: 2, repeats: [1]}\n"
        "  stored: {messages: 7, per_terminal: 3, receipts: 5, receipt_lifetime: 60}\n"
    )
    config = loaded.smsc
    assert config is not None
    assert (config.smpp_port, config.rate, config.default_mode) == (2776, 50, Mode.TRANSACTION)
    assert config.hlr == ("127.0.20.3", 4222)
    assert config.lanes == {"push": 3, "general": 1}
    assert config.esmes == (
        Esme("ppg", "x", "push", listens=("127.0.0.9", 2775)),
        Esme("crm", "", "general", 5, messages=2, numbers=("80101",)),
    )
    assert config.limits == Limits(messages=7, messages_per_terminal=3, receipts=5)
    assert config.receipt_lifetime == 60
    assert config.timers == SmppTimers(enquire_link=None, inactivity=90)
    assert config.outbind_password == "open"
    assert config.transaction == TransactionPolicy(9, 2, (1,))
    assert loaded.core is not None
    assert loaded.core.hlr is not None
    assert loaded.core.hlr.service_centres == {"447700900000": ("127.0.20.7", 4222)}


def test_a_gateway_binds_to_the_labs_own_smsc() -> None:
    """As the first ESME that it knows."""
    loaded = lab(
        GATEWAY + "smsc: {address: 127.0.20.7, esmes: [{system_id: ppg, password: secret}]}\n"
    )
    assert loaded.esme is not None
    assert loaded.gateway is not None
    assert loaded.gateway.has_smsc
    (one,) = loaded.esme.smscs
    assert one.account.address == ("127.0.20.7", 2775)
    assert (one.account.bind.system_id, one.account.bind.password) == ("ppg", "secret")
    assert one.mode is SmscMode.TRANSACTION


def test_a_gateway_binds_to_the_smscs_that_it_names() -> None:
    """In order, each in its mode, whatever the lab has itself."""
    loaded = lab(
        "smsc: {address: 127.0.20.7}\n"
        "gateway:\n"
        "  address: 127.0.20.5\n"
        "  apn: wap.example\n"
        "  sms:\n"
        "    smscs:\n"
        "      - {name: far, address: 127.0.0.9, mode: segments}\n"
    )
    assert loaded.esme is not None
    assert [(one.account.name, one.mode) for one in loaded.esme.smscs] == [
        ("far", SmscMode.SEGMENTS)
    ]


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (GATEWAY, "lab.yaml:6", "sms needs an SMSC"),
        ("smsc: {address: 127.0.20.7, lanes: {push: 0}}", "lab.yaml:6", "greater than 0"),
        (
            "smsc: {address: 127.0.20.7, esmes: [{system_id: a, lane: fast}]}",
            "lab.yaml:6",
            "a is on lane fast; there are push",
        ),
        (
            "smsc: {address: 127.0.20.7, esmes: [{system_id: a, numbers: ['80101']}, "
            "{system_id: b, numbers: ['80101']}]}",
            "lab.yaml:6",
            "b has number 80101, and so has a",
        ),
        (
            "smsc: {address: 127.0.20.7, esmes: [{system_id: a, numbers: ['quiz']}]}",
            "lab.yaml:6:62: smsc.esmes.0.numbers.0",
            "pattern",
        ),
        (
            "smsc: {address: 127.0.20.7, esmes: [{system_id: a}, {system_id: a}]}",
            "lab.yaml",
            "two ESMEs have the same system_id",
        ),
        ("smsc: {address: 127.0.20.7, default_mode: fast}", "lab.yaml:6", "transaction"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(text: str, place: str, says: str) -> None:
    """File and line, and what is wrong there."""
    with pytest.raises(SourceError) as caught:
        lab(text)
    assert says in str(caught.value)
    assert place in str(caught.value)


def test_an_smsc_needs_an_hlr() -> None:
    """It reaches terminals through it."""
    with pytest.raises(SourceError, match="an smsc needs an hlr"):
        build(
            read(
                "ggsn: {address: 127.0.20.1, apns: [{name: a}]}\nsmsc: {address: 127.0.20.7}\n",
                "lab.yaml",
            )
        )
