"""The kill test, in small; ``python -m testbed.experiments.kill`` is the large one."""

from __future__ import annotations

import pytest
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from testbed.experiments.kill import Plan, main, run


class KillTests(TestCase):
    """A gateway process, and this one around it."""

    timeout = 900

    async def test_a_gateway_that_is_killed_keeps_its_promises(self):
        """Three deaths at seeded instants under load: nothing lost, nothing known done twice."""
        ledger = await run(reactor, Plan(kills=3, seed=7, rate=40.0))
        assert ledger.kills == 3
        assert ledger.accepted
        assert ledger.violations == []


@pytest.mark.parametrize(
    "arguments", [["--gateways", "2"], ["--store", "file"], ["--kills", "0"], ["--rate", "0"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    """In a sentence."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error: " in capsys.readouterr().err
