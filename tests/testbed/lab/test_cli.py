"""The ``corenet`` command: help, exit statuses, and the subcommands that need no reactor."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from testbed.lab.cli import COMMANDS, run
from testbed.lab.state import LabState

NOTIFICATION_RESPONSE = "321c000600000100000400000180"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` lists what there is, and each command has help of its own."""
    with pytest.raises(SystemExit) as ended:
        run(["--help"])
    assert ended.value.code == 0
    # However wide the terminal is for which it is broken into lines.
    shown = " ".join(capsys.readouterr().out.split())
    for name, purpose in COMMANDS.items():
        assert name in shown
        assert purpose in shown
        with pytest.raises(SystemExit) as ended:
            run([name, "--help"])
        assert ended.value.code == 0
        assert f"usage: corenet {name}" in capsys.readouterr().out


def test_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` names program and version."""
    with pytest.raises(SystemExit):
        run(["--version"])
    assert capsys.readouterr().out.startswith("corenet 0.")


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["demo", "--scenario", "none"], ["decode"], ["push"], ["run"], ["validate"]],
)
def test_wrong_use_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood ends with status 2 and the usage."""
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    assert ended.value.code == 2
    assert "usage: corenet" in capsys.readouterr().err


def test_words_and_options_come_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Elements may stand before, between and behind what is said of the whole command."""
    shown = []
    for line in (
        "send delete-pdp-context-request nsapi=5 teid=7 sequence=9 --dry-run --to 127.0.0.9",
        "send delete-pdp-context-request --to 127.0.0.9 nsapi=5 teid=7 --dry-run sequence=9",
        "send --dry-run --to 127.0.0.9 delete-pdp-context-request nsapi=5 teid=7 sequence=9",
    ):
        assert run(line.split()) == 0
        shown.append(capsys.readouterr().out)
    assert len(set(shown)) == 1
    assert "NSAPI" in shown[0]


@pytest.mark.parametrize(
    "line", ["ctl --url http://127.0.0.1:1/x queues", "ctl queues --url http://127.0.0.1:1/x"]
)
def test_what_is_said_of_all_verbs_may_stand_behind_one(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``corenet ctl terminals --json`` is how it is written as often as not."""
    assert run([*line.split(), "--json"]) == 1
    assert "http://127.0.0.1:1/x" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["send echo-request --loud", "ctl terminals --loud", "demo now"])
def test_what_is_not_known_is_refused_with_the_usage_of_the_command(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The usage of ``corenet`` itself would be no help."""
    with pytest.raises(SystemExit) as ended:
        run(line.split())
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"usage: corenet {line.split()[0]} ")
    assert f"unrecognized arguments: {line.split()[-1]}" in said


def test_demo_help_lists_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader finds each scenario with what happens in it."""
    with pytest.raises(SystemExit):
        run(["demo", "--help"])
    assert "ms-silent           the mobile does not answer" in capsys.readouterr().out


def test_push_to_nobody_that_can_be_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal that is neither a number nor an address is refused before anything is sent."""
    assert run(["push", "not-a-number"]) == 2
    assert "not-a-number" in capsys.readouterr().err


def test_valid_labs_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    """``validate`` says of each good lab what it holds."""
    assert run(["validate", "ggsn", "demo"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ggsn: ggsn, control; 0 terminals",
        "demo: ggsn, sgsn, hlr, control, gateway, initiator; 11 terminals",
    ]


def test_wrong_lab_is_status_1_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in a lab file is named by file, line and column; good files are still checked."""
    file = tmp_path / "lab.yaml"
    file.write_text("ggsn:\n  location: 127.0.0.1\n", encoding="utf-8")
    assert run(["validate", str(file), "core"]) == 1
    shown = capsys.readouterr()
    assert f"{file}:2:13: ggsn.location: there is no such setting" in shown.err
    assert shown.out.startswith("core: ")


def test_run_refuses_a_wrong_lab(capsys: pytest.CaptureFixture[str]) -> None:
    """``run`` says what ``validate`` would, and starts nothing."""
    assert run(["run", "/nowhere/lab.yaml"]) == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["{}", "0x{}"])
def test_hex_is_decoded(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``decode`` names the message and its elements."""
    assert run(["decode", form.format(NOTIFICATION_RESPONSE)]) == 0
    shown = capsys.readouterr().out
    assert "PDU Notification Response" in shown
    assert "Request accepted" in shown


def test_hex_may_be_longer_than_the_name_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """As that of most Create PDP Context Requests is, of which no file can have the name."""
    private_extension = "ff012c0001" + 298 * "aa"
    assert run(["decode", "321c01350000010000040000" + "0180" + private_extension]) == 0
    assert "enterprise 1" in capsys.readouterr().out


def test_spaced_hex_and_octets_are_decoded_from_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file may hold the octets, or hex with spaces and line breaks."""
    octets, text = tmp_path / "octets", tmp_path / "text"
    octets.write_bytes(bytes.fromhex(NOTIFICATION_RESPONSE))
    text.write_text("32 1c 00 06\n00000100 0004:0000 0180\n", encoding="ascii")
    for file in (octets, text):
        assert run(["decode", str(file)]) == 0
        assert "Request accepted" in capsys.readouterr().out


def test_standard_input_is_decoded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``-`` reads the message from standard input."""
    stream = io.TextIOWrapper(io.BytesIO(NOTIFICATION_RESPONSE.encode()))
    monkeypatch.setattr("sys.stdin", stream)
    assert run(["decode", "-"]) == 0
    assert "Request accepted" in capsys.readouterr().out


def test_invalid_message_is_status_1_with_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A message without its mandatory Cause is explained as far as it goes, and the error named."""
    assert run(["decode", "321c0004000001000004 0000"]) == 1
    assert "Cause" in capsys.readouterr().out


@pytest.mark.parametrize("message", ["zz", "", "0x"])
def test_what_is_no_message_is_status_1(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is neither a file nor hex is refused by name."""
    assert run(["decode", message]) == 1
    assert "neither a file nor hex digits" in capsys.readouterr().err


def test_empty_file_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file holds no message."""
    file = tmp_path / "empty"
    file.touch()
    assert run(["decode", str(file)]) == 1
    assert "is empty" in capsys.readouterr().err


def test_restart_counter_grows_with_each_start(tmp_path: Path) -> None:
    """Each start of a lab has the next restart counter, modulo 256, whatever the file holds."""
    state = LabState(tmp_path / "state")
    assert [state.next_recovery() for _ in range(3)] == [0, 1, 2]
    (state.folder / "recovery").write_text("255\n", encoding="ascii")
    assert state.next_recovery() == 0
    (state.folder / "recovery").write_text("rubbish", encoding="ascii")
    assert state.next_recovery() == 0


def test_state_is_kept_in_the_users_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab's state has a folder of its own, where XDG says."""
    monkeypatch.setenv("XDG_STATE_HOME", os.sep + "state")
    assert LabState.of("default").push_store == "/state/corenet/default/pushes.sqlite"
