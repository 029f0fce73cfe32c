"""``corenet scenario`` and what it prints, for people and for machines."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from testbed.lab.cli import run
from testbed.scenarios.loading import shipped_scenarios

PASSES = "act:\n  - activate: {}\nexpect:\n  activation: {outcome: active}\n"
FAILS = "act:\n  - activate: {}\nexpect:\n  within: 1\n  activation: {outcome: failed}\n"


def test_a_scenario_that_passes(written, capsys):
    """One line, and status 0; with --ladder what passed."""
    assert run(["scenario", written(PASSES), "--ladder"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("passed  written  virtual")
    assert "PDU Notification Request" in out
    assert out.endswith("1 passed, 0 failed\n")


def test_a_scenario_that_fails(written, capsys):
    """What is not so, what passed, the seed, and status 1."""
    assert run(["scenario", written(FAILS), "--seed", "7"]) == 1
    out = capsys.readouterr().out
    assert "FAILED  written  virtual" in out
    assert "written.yaml:8:25: outcome is active, not failed" in out
    assert "What passed (virtual, seed 7):" in out
    assert "PDU Notification Request" in out
    assert out.endswith("0 passed, 1 failed\n")


def test_a_file_that_is_no_scenario(written, capsys):
    """Its place on standard error, and status 2; nothing is run."""
    passing = written(PASSES, name="passing.yaml")
    assert run(["scenario", passing, written("act: 1\n")]) == 2
    captured = capsys.readouterr()
    assert "written.yaml:4:6: " in captured.err
    assert captured.out == ""


def test_capture_is_of_one_scenario(written, capsys):
    """Two captures cannot be in one file."""
    names = [written(PASSES, name=name) for name in ("one.yaml", "other.yaml")]
    assert run(["scenario", *names, "--pcap", "x.pcapng"]) == 2
    assert "--pcap is for one scenario" in capsys.readouterr().err


def test_scenarios_are_listed(capsys):
    """Each that comes along, with its sentence."""
    assert run(["scenario", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped_scenarios())


def test_tap(written, capsys):
    """Numbers, names, durations; what failed in YAML."""
    names = [written(PASSES, name="good.yaml"), written(FAILS, name="bad.yaml")]
    assert run(["scenario", *names, "--tap"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["TAP version 14", "1..2", "ok 1 - good (virtual)"]
    assert "not ok 2 - bad (virtual)" in lines
    assert "    bad.yaml:8:25: outcome is active, not failed" in lines


def test_junit(written, tmp_path):
    """A suite for each way, a case for each scenario; what failed as a failure with the ladder."""
    names = [written(PASSES, name="good.yaml"), written(FAILS, name="bad.yaml")]
    assert run(["scenario", *names, "--junit", "results.xml"]) == 1
    root = ElementTree.parse(tmp_path / "results.xml").getroot()
    (suite,) = root.iter("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite.iter("testcase")
    assert (good.get("name"), good.find("failure")) == ("good", None)
    assert bad.get("file") == "bad.yaml"
    failure = bad.find("failure")
    assert failure.get("message") == "bad.yaml:8:25: outcome is active, not failed"
    assert "PDU Notification Request" in failure.text


@pytest.mark.parametrize("option", ["--virtual", "--sockets", "--junit", "--tap", "--seed"])
def test_help_says_it(option, capsys):
    """Every option, and the exit status."""
    with pytest.raises(SystemExit):
        run(["scenario", "--help"])
    out = capsys.readouterr().out
    assert option in out
    assert "Exit status" in out
