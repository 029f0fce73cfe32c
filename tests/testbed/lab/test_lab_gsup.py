"""What a lab file says of HLRs and clients in other processes."""

from __future__ import annotations

import pytest

from corenet.assembly import CoreConfig
from testbed.lab.build import LoadedLab, build
from testbed.lab.yaml_source import SourceError, read

SGSN = "sgsn: {address: 127.0.0.2, hlr: {address: 127.0.0.9, port: 4223}}\n"
SMSC = "smsc: {address: 127.0.0.7, hlr: {address: 127.0.0.9, port: 4223, unit_name: sms-1}}\n"


def lab(text: str) -> LoadedLab:
    return build(read(text, "lab.yaml"))


def core(text: str) -> CoreConfig:
    config = lab(text).core
    assert config is not None
    return config


def test_one_hlr_outside_serves_sgsn_and_smsc() -> None:
    """Each has its unit name; the HLR is called hlr here."""
    loaded = lab(SGSN + SMSC)
    assert loaded.core is not None
    assert loaded.smsc is not None
    (outside,) = loaded.core.hlrs_outside.items()
    name, config = outside
    assert (name, config.hlr) == ("hlr", ("127.0.0.9", 4223))
    assert list(config.units.values()) == ["sgsn", "sms-1"]
    assert loaded.core.sgsns["sgsn"].hlr == loaded.smsc.hlr == ("hlr", 0)


def test_an_hlr_outside_may_be_beside_the_labs_own() -> None:
    """Its name says where it is."""
    config = core("hlr: {address: 127.0.0.3}\nsgsn: {address: 127.0.0.2}\n" + SMSC)
    assert list(config.hlrs_outside) == ["hlr-127.0.0.9-4223"]
    assert config.sgsns["sgsn"].hlr == ("127.0.0.3", 4222)
    assert config.hlr is not None
    assert config.hlr.service_centres == {}
    assert config.gsup_server is None


def test_an_hlr_that_listens_knows_centres_by_name() -> None:
    """Mobiles send their messages to the first of them."""
    config = core(
        "hlr: {address: 127.0.0.3, listen: true, port: 4300, service_centres: {'44778': smsc}}\n"
        "sgsn: {address: 127.0.0.2}\n"
        "subscribers: [{imsi: '234150000000001', msisdn: '447700900001', apns: [{name: a}]}]\n"
    )
    assert config.hlr is not None
    assert config.gsup_server is not None
    assert config.hlr.service_centres == {"44778": ("smsc", 0)}
    assert config.gsup_server.names == {"smsc": ("smsc", 0)}
    assert config.gsup_server.listen == ("127.0.0.3", 4300)
    assert config.mobiles[0].service_centre == "44778"


@pytest.mark.parametrize(
    "text",
    [SMSC, "hlr: {address: 127.0.0.3, listen: true}\n"],
    ids=["an SMSC alone", "an HLR alone"],
)
def test_a_part_alone_is_a_lab(text: str) -> None:
    """It runs as a process of its own."""
    assert core(text).sgsns == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SGSN + SMSC.replace("sms-1", "sgsn"), "a unit name of its own"),
        (SMSC.replace("sms-1", "'two words'"), "lab.yaml:1"),
        ("sgsn: {address: 127.0.0.2}\n", "set hlr or sgsn.hlr"),
        ("smsc: {address: 127.0.0.2}\n", "set hlr or smsc.hlr"),
    ],
)
def test_what_does_not_fit_is_told(text: str, says: str) -> None:
    """With file and line."""
    with pytest.raises(SourceError, match=says):
        lab(text)
