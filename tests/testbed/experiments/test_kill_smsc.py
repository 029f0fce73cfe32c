"""The SMSC's kill test, in small; ``python -m testbed.experiments.kill_smsc`` is the large one."""

from __future__ import annotations

import pytest
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from corenet.interfaces.sms.address import SmsAddress
from testbed.codecs.smpp import RegisteredDelivery
from testbed.experiments.kill_smsc import Plan, delivered_since, main, run
from testbed.smsc.message import Mode, ShortMessage
from testbed.smsc.store import MessageStore
from testbed.smsc.stored import MessageRecord, State
from testbed.smsc.submission import Submission

SUBMISSION = Submission(
    message=ShortMessage(source=SmsAddress("1"), destination="447700900124", payload=b""),
    mode=Mode.STORE_AND_FORWARD,
    registered=RegisteredDelivery(),
)


class KillTests(TestCase):
    """An SMSC process, and this one around it."""

    timeout = 900

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


def test_what_the_log_could_not_say_any_more_is_asked_of_the_store(tmp_path):
    """Messages that were delivered since its last line, and no others."""
    path = str(tmp_path / "messages.sqlite")
    store = MessageStore(path)
    store.write(
        [
            MessageRecord(
                message_id=message_id, esme="", lane="push", submission=SUBMISSION,
                accepted=1.0, expires=99.0, next_try=99.0, state=state, changed=changed,
            )
            for message_id, state, changed in (
                ("A1", State.DELIVERED, 9.9),
                ("A2", State.DELIVERED, 10.0),
                ("A3", State.SENDING, 11.0),
                ("A4", State.DELIVERED, 11.0),
            )
        ]
    )  # fmt: skip
    store.close()
    assert delivered_since(path, ["A1", "A2", "A3", "unknown"], 10.0) == ["A2"]
