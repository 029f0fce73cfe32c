"""What a gateway is told, and what it refuses to be told."""

from __future__ import annotations

import pytest

from testbed.gateway.config import GatewayConfig, NotificationPolicy, RetryPolicy


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: GatewayConfig("127.0.0.5", "a", b""), "secret is empty"),
        (lambda: GatewayConfig("127.0.0.5", "a", b"x", pap_path="pap"), "slash"),
        (lambda: GatewayConfig("127.0.0.5", "a", b"x", lifetime=0), "above 0"),
        (lambda: GatewayConfig("127.0.0.5", "a", b"x", lease=0), "above 0"),
        (lambda: GatewayConfig("127.0.0.5", "a", b"x", retention=0), "above 0"),
        (lambda: RetryPolicy(waits=()), "retry waits"),
        (lambda: RetryPolicy(attempts=0), "attempts"),
        (lambda: NotificationPolicy(waits=(0.0,)), "notification waits"),
        (lambda: NotificationPolicy(retention=0), "above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, text):
    """The sentence names what is wrong."""
    with pytest.raises(ValueError, match=text):
        make()


def test_the_pap_url_is_made_of_address_port_and_path():
    """IPv6 addresses get brackets."""
    assert GatewayConfig("127.0.0.5", "a", b"x").pap_url == "http://127.0.0.5:8081/pap"
    assert GatewayConfig("::1", "a", b"x", pap_path="/").pap_url == "http://[::1]:8081/"
    elsewhere = GatewayConfig("127.0.0.5", "a", b"x", pap_address="192.0.2.1")
    assert elsewhere.pap_url == "http://192.0.2.1:8081/pap"


def test_a_gateway_that_listens_everywhere_is_known_by_its_own_address():
    """0.0.0.0 is nowhere that anybody could post to."""
    everywhere = GatewayConfig("127.0.0.5", "a", b"x", pap_address="0.0.0.0")
    assert everywhere.listens_at == "0.0.0.0"
    assert everywhere.pap_url == "http://127.0.0.5:8081/pap"


def test_secrets_are_not_shown():
    """Configurations end up in logs."""
    shown = repr(GatewayConfig("127.0.0.5", "a", b"hush", control_token="hushhush"))
    assert "hush" not in shown
    shown = repr(GatewayConfig("127.0.0.5", "a", b"x", store="postgresql://me:hush@db/pushes"))
    assert "hush" not in shown
