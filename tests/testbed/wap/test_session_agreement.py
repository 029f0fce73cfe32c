"""Capability negotiation: what is asked, granted and held to (WAP-230 §6.3.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.wap.agreement import DEFAULTS, Agreement, asking, fits, grant, settle

ALL = ProtocolOption.CONFIRMED_PUSH | ProtocolOption.PUSH | ProtocolOption.SESSION_RESUME
MOST = Agreement(client_sdu=0, server_sdu=5000, options=ALL, method_mor=8, push_mor=2)


def test_a_client_that_wants_the_defaults_asks_for_nothing():
    """Connect mentions only what differs."""
    assert asking(DEFAULTS) == Capabilities()
    assert asking(Agreement(client_sdu=0, push_mor=3)) == Capabilities(client_sdu=0, push_mor=3)


def test_what_is_not_asked_for_has_its_default():
    """1400 octets each way, one method, one push, no options; and the answer says nothing."""
    assert grant(Capabilities(), MOST) == (
        Agreement(1400, 1400, ProtocolOption(0), 1, 1),
        Capabilities(),
    )


def test_defaults_that_are_too_much_are_answered_unasked():
    """A server of 500 octets says so."""
    agreed, answer = grant(Capabilities(), Agreement(server_sdu=500, options=ALL))
    assert agreed == Agreement(server_sdu=500)
    assert answer == Capabilities(server_sdu=500)


def test_no_more_is_granted_than_there_is():
    """Each capability for itself; whatever was asked for is answered."""
    asked = Capabilities(
        client_sdu=0,
        server_sdu=0,
        options=ALL | ProtocolOption.ACKNOWLEDGEMENT_HEADERS,
        method_mor=255,
        push_mor=1,
        extended_methods=((0x50, "X"),),
        header_code_pages=((16, "p"),),
    )
    agreed, answer = grant(asked, MOST)
    assert agreed == Agreement(0, 5000, ALL, 8, 1)
    assert answer == Capabilities(
        client_sdu=0,
        server_sdu=5000,
        options=ALL,
        method_mor=8,
        push_mor=1,
        extended_methods=(),
        header_code_pages=(),
    )


@pytest.mark.parametrize(
    ("one", "other", "smaller"), [(0, 0, 0), (0, 10, 10), (10, 0, 10), (10, 20, 10)]
)
def test_a_size_of_0_is_without_limit(one, other, smaller):
    """And so the largest."""
    agreed, _ = grant(Capabilities(server_sdu=one), Agreement(server_sdu=other))
    assert agreed.server_sdu == smaller


def test_sizes_are_of_whole_pdus():
    """Up to the size, or any where there is no limit."""
    assert fits(1400, 1400)
    assert not fits(1401, 1400)
    assert fits(10**6, 0)


def test_a_server_cannot_grant_more_than_was_wanted():
    """What it says beyond that does not count; what it does not mention is as wanted."""
    wanted = Agreement(2000, 3000, ProtocolOption.PUSH, 2, 3)
    assert settle(wanted, Capabilities()) == wanted
    assert settle(wanted, Capabilities(0, 0, ALL, 9, 9)) == wanted
    assert settle(wanted, Capabilities(10, 20, ProtocolOption(0), 1, 0)) == Agreement(
        10, 20, ProtocolOption(0), 1, 0
    )


AGREEMENTS = st.builds(
    Agreement,
    st.sampled_from((0, 100, 1400, 5000)),
    st.sampled_from((0, 100, 1400, 5000)),
    st.integers(0, 0xFF).map(ProtocolOption),
    st.integers(0, 255),
    st.integers(0, 255),
)


@given(AGREEMENTS, AGREEMENTS)
def test_both_ends_come_to_the_same(wanted, most):
    """Whatever a client wants and a server has: the client holds to what the server agreed to."""
    agreed, answer = grant(asking(wanted), most)
    assert settle(wanted, answer) == agreed
