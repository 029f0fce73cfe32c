"""Whether a lab is well and ready, as a watcher over services asks."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock

from corenet.adapters.control_http import ControlInterface
from testbed.lab.build import load
from testbed.lab.health import serve_health
from testbed.lab.virtual import virtual_lab
from tests.corenet.adapters.conftest import Answer, Connection, octets_of


class Lab:
    """A lab with something wrong with it, or not."""

    def __init__(self, control):
        self.unwell, self.unready = [], []
        interface = ControlInterface(control, Clock(), token="open sesame")
        serve_health(interface, unwell=lambda: self.unwell, unready=lambda: self.unready)
        self._site = interface.site()

    def ask(self, path, method="GET"):
        connection = Connection(self._site)
        connection.send(octets_of(method, path))
        return Answer(connection.received(), method)

    def status(self, path):
        answer = self.ask(path)
        return answer.status, json.loads(answer.body)["status"]


@pytest.fixture
def lab():
    with virtual_lab(load("demo"), seed=1) as virtual:
        yield Lab(virtual.control)


def test_a_lab_that_is_well_and_ready_says_so(lab):
    """Without a token, which its watcher need not know."""
    assert lab.status("/health") == (200, "ok")
    assert lab.status("/ready") == (200, "ready")


def test_a_lab_that_is_starting_is_well_and_not_ready(lab):
    """503, with what is to come."""
    lab.unready = ["2 mobiles have not attached yet"]
    assert lab.status("/health") == (200, "ok")
    assert lab.status("/ready") == (503, "2 mobiles have not attached yet")


def test_a_lab_that_is_unwell_is_not_ready(lab):
    """Both say why."""
    lab.unwell, lab.unready = ["gateway: store failing"], ["the gateway has not started"]
    assert lab.status("/health") == (503, "gateway: store failing")
    assert lab.status("/ready") == (503, "gateway: store failing; the gateway has not started")


def test_nothing_else_is_done_without_a_token(lab):
    """Only GET is public."""
    assert lab.ask("/health", "POST").status == 401
