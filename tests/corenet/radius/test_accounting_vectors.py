"""Recorded accounting requests, octet by octet (shared secret "radius")."""

from __future__ import annotations

import pytest
from pyrad.packet import AcctPacket

from corenet.radius.attributes import load_dictionary

START = (
    "04 01 014d"  # Accounting-Request, identifier 1, 333 octets
    "fbfd843c5bff1d0b6b01e68931c14b07"  # request authenticator
    "28 06 00000001"  # Acct-Status-Type: Start
    "04 06 c0000201"  # NAS-IP-Address: 192.0.2.1
    "08 06 0a2d0007"  # Framed-IP-Address: 10.45.0.7
    "1f 0e 343437373030393030313233"  # Calling-Station-Id: 447700900123
    "1e 0d 7761702e6578616d706c65"  # Called-Station-Id: wap.example
    "2c 12 43303030303230313030303030303031"  # Acct-Session-Id: C000020100000001
    "06 06 00000002"  # Service-Type: Framed
    "07 06 00000007"  # Framed-Protocol: GPRS-PDP-Context
    "3d 06 00000012"  # NAS-Port-Type: Wireless-Other
    "1a 17 000028af 01 11 323334313530393939393939393939"  # 3GPP-IMSI
    "1a 0c 000028af 02 06 00000001"  # 3GPP-Charging-Id: 1
    "1a 0c 000028af 03 06 00000000"  # 3GPP-PDP-Type: IPv4
    # 3GPP-GPRS-Negotiated-QoS-Profile: 99-0b921f7396fefe742bffff
    "1a 21 000028af 05 1b 39392d30623932316637333936666566653734326266666666"
    "1a 0c 000028af 06 06 c0000202"  # 3GPP-SGSN-Address: 192.0.2.2
    "1a 0c 000028af 07 06 c0000201"  # 3GPP-GGSN-Address: 192.0.2.1
    "1a 0d 000028af 08 07 3233343135"  # 3GPP-IMSI-MCC-MNC: 23415
    "1a 0d 000028af 09 07 3233343135"  # 3GPP-GGSN-MCC-MNC: 23415
    "1a 09 000028af 0a 03 35"  # 3GPP-NSAPI: 5
    "1a 09 000028af 0c 03 30"  # 3GPP-Selection-Mode: 0
    "1a 0c 000028af 0d 06 30383030"  # 3GPP-Charging-Characteristics: 0800
    "1a 0d 000028af 12 07 3233343135"  # 3GPP-SGSN-MCC-MNC: 23415
    "1a 18 000028af 14 12 33353132333435363738393031323334"  # 3GPP-IMEISV
    "1a 09 000028af 15 03 02"  # 3GPP-RAT-Type: GERAN
    "1a 10 000028af 16 0a 0132f45112340001"  # 3GPP-User-Location-Info: SAI
    "1a 0a 000028af 17 04 4000"  # 3GPP-MS-TimeZone: UTC+1
)
ON = (
    "04 03 0020"  # Accounting-Request, identifier 3, 32 octets
    "6722abd3a10750cdbe871f5c51c0ff34"  # request authenticator
    "28 06 00000007"  # Acct-Status-Type: Accounting-On
    "04 06 c0000201"  # NAS-IP-Address: 192.0.2.1
)


@pytest.mark.oracle
@pytest.mark.parametrize("text", [START, ON])
def test_a_recorded_request_is_read_and_written_alike(text: str) -> None:
    """Our dictionary knows every attribute, and gives each its recorded octets."""
    octets = bytes.fromhex(text)
    dictionary = load_dictionary()
    read = AcctPacket(packet=octets, secret=b"radius", dict=dictionary)
    assert read.VerifyAcctRequest()
    written = AcctPacket(id=read.id, secret=b"radius", dict=dictionary)
    for name in list(read.keys()):
        assert isinstance(name, str), f"attribute {name} is not in the dictionary"
        for value in read[name]:
            written.AddAttribute(name, value)
    assert written.RequestPacket() == octets
