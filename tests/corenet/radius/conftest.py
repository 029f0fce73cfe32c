"""What tests of RADIUS clients share: servers that the test plays, with pyrad as the oracle."""

from __future__ import annotations

import pytest
from pyrad.packet import AcctPacket, AuthPacket

from corenet.radius.attributes import load_dictionary


class Oracle:
    """Reads and answers requests with pyrad, which none of us wrote."""

    def __init__(self):
        self.dictionary = load_dictionary()

    def accounting(self, data, secret):
        """Return an Accounting-Request, verified."""
        packet = AcctPacket(packet=data, secret=secret, dict=self.dictionary)
        assert packet.VerifyAcctRequest()
        return packet

    def access(self, data, secret):
        """Return an Access-Request, its Message-Authenticator verified."""
        packet = AuthPacket(packet=data, secret=secret, dict=self.dictionary)
        assert packet.verify_message_authenticator()
        return packet


@pytest.fixture(scope="session")
def oracle():
    """Return pyrad with our dictionary."""
    return Oracle()
