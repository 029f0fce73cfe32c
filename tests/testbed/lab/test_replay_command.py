"""``corenet replay``, as far as nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.lab.cli import run

SGSNEMU = str(Path(__file__).parents[2] / "vectors" / "osmo" / "sgsnemu.pcapng")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((__file__,), "neither a pcap nor a pcapng"),
        ((SGSNEMU, "--side", "192.0.2.1"), "none of the hosts that speak GTPv1-C"),
        ((SGSNEMU, "--to", "nowhere"), "no IP address"),
        ((SGSNEMU, "--ignore", "colour"), "no type of element 'colour'"),
        ((SGSNEMU, "--ignore", "300"), "no type of element '300'"),
        ((SGSNEMU, "--t3", "0"), "--t3 is above 0"),
    ],
)
def test_wrong_use_is_status_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be replayed is refused with a sentence, before anything is sent."""
    assert run(["replay", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_missing_capture_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    assert run(["replay", "no-such.pcap"]) == 1
    assert "no-such.pcap" in capsys.readouterr().err


def test_foreign_peers_are_named_by_the_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing goes to an address of the capture that is not on loopback, unless one says so."""
    content = Path(SGSNEMU).read_bytes().replace(bytes((127, 0, 10, 1)), bytes((192, 0, 2, 1)))
    capture = tmp_path / "foreign.pcapng"
    capture.write_bytes(content)
    assert run(["replay", str(capture)]) == 2
    assert "192.0.2.1 is not on loopback" in capsys.readouterr().err
