"""Scenarios in virtual time: from one seed, as fast as the machine can."""

from __future__ import annotations

from collections.abc import Callable

from corenet.control.core import CoreControl
from corenet.interfaces.node import Address, Interface
from testbed.codecs import pap
from testbed.lab.virtual import OnlyOnSocketsError, virtual_lab
from testbed.scenarios.loading import Scenario
from testbed.scenarios.performance import Performance, Report, unperformed
from testbed.scenarios.stage import Submission
from testbed.simulation.lab import VirtualLab
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.outside import OutsideHost

SETTLE_TIME = 60.0
"""Virtual seconds that the mobiles may take to attach."""
LONGEST = 86_400.0
"""Virtual seconds after which a scenario is over, however it stands."""
_LOOK = 0.02
_PORT = 9200
_ANYWHERE = "192.0.2.99"


class VirtualStage:
    """A lab in virtual time (satisfies ``Stage``)."""

    def __init__(self, lab: VirtualLab, address: str) -> None:
        """``address`` is that of the host outside."""
        self._lab = lab
        self.runtime: VirtualNetwork = lab.network
        self.control: CoreControl = lab.control
        self._outside = OutsideHost("initiator")
        self._submissions: list[Submission] = []
        self._told = 0
        self.runtime.attach(self._outside, {Interface.WDP: (address, _PORT)})

    @property
    def notify_url(self) -> str:
        """Where result notifications are wanted."""
        return self._lab.initiator.url

    def submit(self, submission: Submission) -> None:
        """Post a push to the gateway."""
        assert self._lab.gateway is not None
        initiator = self._lab.initiator
        initiator.submit(submission.push_id, submission.message, self._lab.gateway.submit)
        self._submissions.append(submission)
        self.runtime.call_later(_LOOK, lambda: self._look(submission))

    def _look(self, submission: Submission) -> None:
        """Pass on what the initiator has been told of a push, until it was told all."""
        initiator = self._lab.initiator
        answer = initiator.answers.get(submission.push_id)
        if answer is not None:
            submission.answered(answer)
        for notified in initiator.notified:
            if notified.notification.push_id == submission.push_id:
                submission.notified(notified.notification)
                return
        refused = isinstance(answer, pap.BadMessageResponse)
        if not refused:
            self.runtime.call_later(_LOOK, lambda: self._look(submission))

    def send_outside(self, payload: bytes, destination: Address) -> None:
        """Send a datagram to a mobile's address from a host outside."""
        self.runtime.command(self._outside, lambda _now: self._outside.send(payload, destination))

    def restart(self, node: str, done: Callable[[], None]) -> None:
        """Let a node crash and come back at once."""
        self._lab.restart(node)
        done()


def perform_virtually(scenario: Scenario, *, seed: int) -> Report:
    """Perform a scenario in virtual time; the same seed gives the same course."""
    try:
        with virtual_lab(scenario.lab, seed=seed) as lab:
            return _perform(scenario, lab, seed)
    except OnlyOnSocketsError as error:
        return unperformed(scenario, error, seed=seed, on_sockets=False)


def _perform(scenario: Scenario, lab: VirtualLab, seed: int) -> Report:
    lab.start()
    if not lab.settle(SETTLE_TIME, online=True):
        text = f"not every mobile has attached within {SETTLE_TIME:g} s"
        return unperformed(scenario, text, seed=seed, on_sockets=False, now=lab.network.now())
    lab.run(max(1.0, scenario.part.arrange.rest))
    initiator = scenario.lab.model.initiator
    stage = VirtualStage(lab, _ANYWHERE if initiator is None else initiator.address)
    performance = Performance(scenario, stage, seed=seed, on_sockets=False)
    performance.begin()
    lab.network.run_until(lambda: performance.report is not None, within=LONGEST)
    assert performance.report is not None
    return performance.report
