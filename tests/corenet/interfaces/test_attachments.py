"""The directory of who is attached where."""

from ipaddress import IPv4Network

import pytest

from corenet.interfaces.attachments import AlreadyAttachedError, Attachments
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import ScriptedNode

HERE, THERE = ("127.0.0.1", 2123), ("127.0.0.2", 2123)


@pytest.fixture
def nodes():
    return ScriptedNode("one"), ScriptedNode("two")


@pytest.fixture
def attachments(nodes):
    directory = Attachments()
    directory.add(nodes[0], {Interface.GTP_C: HERE, Interface.GI: ("", 0)})
    directory.add(nodes[1], {Interface.RADIO: ANYWHERE, Interface.GI: ("", 0)})
    return directory


def test_nodes_are_found_by_place_and_name(attachments, nodes):
    """A node is found at its address and by its name, in the order of attachment."""
    one, two = nodes
    assert attachments.nodes() == [one, two]
    assert attachments.named("two") is two
    assert attachments.named("three") is None
    assert attachments.at(Interface.GTP_C, HERE) is one
    assert attachments.at(Interface.GTP_C, THERE) is None
    assert attachments.at(Interface.GTP_U, HERE) is None
    assert attachments.address_of(one, Interface.GTP_C) == HERE
    assert attachments.address_of(one, Interface.RADIO) is None
    assert attachments.address_of(ScriptedNode("three"), Interface.GTP_C) is None


def test_node_anywhere_gets_what_is_for_no_other(attachments, nodes):
    """Anywhere is the last resort, and nobody's own address."""
    assert attachments.at(Interface.RADIO, ("23415", 0)) is nodes[1]
    assert attachments.exactly_at(Interface.RADIO, ("23415", 0)) is None


def test_places_and_names_are_given_once(attachments):
    """A taken place or name is refused, and the refused node is nowhere."""
    with pytest.raises(AlreadyAttachedError, match="one is there"):
        attachments.add(ScriptedNode("three"), {Interface.GR: THERE, Interface.GTP_C: HERE})
    with pytest.raises(AlreadyAttachedError, match="named one is attached"):
        attachments.add(ScriptedNode("one"), {})
    assert attachments.at(Interface.GR, THERE) is None


def test_longest_prefix_takes_the_packet(attachments, nodes):
    """An address is its most special network's, whatever the order in which they came."""
    one, two = nodes
    attachments.route([IPv4Network("127.10.0.9/32")], two)
    attachments.route([IPv4Network("127.10.0.0/16"), IPv4Network("127.11.0.0/24")], one)
    assert attachments.on_gi("127.10.0.9") is two
    assert attachments.on_gi("127.10.0.8") is one
    assert attachments.on_gi("127.11.1.0") is None
    assert attachments.on_gi("2001:db8::1") is None


def test_removed_node_leaves_places_name_and_routes(attachments, nodes):
    """What a node had is free after it is removed; to remove it again changes nothing."""
    one, two = nodes
    attachments.route([IPv4Network("127.10.0.0/16")], one)
    attachments.route([IPv4Network("127.11.0.0/16")], two)
    attachments.remove(one)
    attachments.remove(one)
    assert attachments.nodes() == [two]
    assert attachments.at(Interface.GTP_C, HERE) is None
    assert attachments.on_gi("127.10.0.1") is None
    assert attachments.on_gi("127.11.0.1") is two
    attachments.add(ScriptedNode("one"), {Interface.GTP_C: HERE})
