"""The SMSC's kill test, in small; ``python -m testbed.experiments.kill_smsc`` is the large one."""

from __future__ import annotations

import pytest
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from testbed.experiments.kill_smsc import Plan, main, run


class KillTests(TestCase):
    """An SMSC process, and this one around it."""

    timeout = 120

    async def test_an_smsc_that_is_killed_keeps_its_promises(self):
        """Three deaths at seeded instants under load: nothing lost, nothing known done twice."""
        test = await run(reactor, Plan(kills=3, seed=7, rate=40.0))
        assert test.ledger.kills == 3
        assert test.ledger.accepted
        assert test.ledger.violations == []


@pytest.mark.parametrize(
    "arguments", [["--kills", "0"], ["--rate", "0"], ["--store", "messages.sqlite"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    """In a sentence."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error: " in capsys.readouterr().err
