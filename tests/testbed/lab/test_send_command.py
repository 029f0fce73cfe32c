"""``corenet send``, as far as nothing is sent."""

from __future__ import annotations

import json

import pytest

from testbed.lab.cli import run


def test_dry_run_shows_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    """What would go out is shown, as octets and in words."""
    assert run(["send", "echo-request", "sequence=7", "--dry-run"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "320100040000000000070000"
    assert "        2  Message type: Echo Request (1)" in shown


def test_dry_run_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--json`` it is a document."""
    words = ["delete-pdp-context-request", "teid=1", "sequence=2", "nsapi=6"]
    assert run(["send", *words, "--dry-run", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["message"] == "Delete PDP Context Request"
    assert shown["teid"] == 1
    assert {"name": "NSAPI", "value": "6"} in shown["elements"]


def test_every_fault_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    """What can be wrong with a message is asked for by name."""
    faults = ["--drop", "teardown", "--trailing", "ff", "--length", "9", "--patch", "1=52"]
    words = ["delete-pdp-context-request", "sequence=0", "131=hex:00"]
    lengths = ["--element-length", "131=2", "--truncate", "-2"]
    assert run(["send", *words, *faults, *lengths, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "52140009000000000000000014058300" + "02"


def test_octets_stand_for_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    """A whole message may be given as octets; what it is is said all the same."""
    assert run(["send", "--octets", "32 01 00 04 00000000 0007 0000", "--dry-run"]) == 0
    assert "Echo Request" in capsys.readouterr().out


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """``--list`` names the messages, or the elements of one."""
    assert run(["send", "--list"]) == 0
    assert " 16  create-pdp-context-request" in capsys.readouterr().out
    assert run(["send", "1", "--list"]) == 0
    assert "private_extension  O  enterprise number:octets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which message?"),
        (["no-such-message"], "there is no message"),
        (["no-such-message", "--list"], "there is no message"),
        (["echo-request", "--octets", "00"], "leave MESSAGE out"),
        (["echo-request", "--repeat", "0"], "--repeat is 1 to"),
        (["echo-request", "--n3", "0"], "--n3 is 1 or more"),
        (["echo-request", "--to", "ggsn"], "no IP address"),
        (["echo-request", "--patch", "1"], "has no = in it"),
        (["echo-request", "--expect", "sunshine"], "no number"),
    ],
)
def test_wrong_use_is_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be sent is refused with a sentence, before anything is."""
    assert run(["send", *arguments]) == 2
    assert said in capsys.readouterr().err
