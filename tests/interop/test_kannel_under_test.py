"""Kannel as the gateway under test of the pytest plugin, as the how-to shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import require_peer, with_plugin
from tests.interop.dissection import Dissection

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"^```[a-z]+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_two_kannels_push_in_two_labs_at_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in its process of pytest-xdist: the push triggers, is shown, and is told by tshark."""
    require_peer("bearerbox", package="kannel")
    require_peer("wapbox", package="kannel")
    for name, value in with_plugin().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    files = dict(FILE.findall((ROOT / "docs/howto/test-in-tox.md").read_text(encoding="utf-8")))
    (pytester.path / "kannel.conf").write_text(files["kannel.conf"], encoding="utf-8")
    (pytester.path / "conftest.py").write_text(files["kannel_conftest.py"], encoding="utf-8")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.corenet_lab("core")
        @pytest.mark.parametrize("number", range(2))
        def test_push(lab, core, mobiles, initiator, gateway_url, number):
            mobile = mobiles[number]
            assert initiator.push(mobile.address, text="from Kannel", url=gateway_url).code == 1001
            core.expect("PDU Notification Request", to="sgsn", imsi=mobile.imsi, within=60)
            mobile.expect_push("from Kannel", within=60)
    """)
    result = pytester.runpytest_subprocess("-n", "2", "-v", "--basetemp", "kept", timeout=300)
    result.assert_outcomes(passed=2)
    captures = sorted((pytester.path / "kept").rglob("capture.pcapng"))
    assert len(captures) == 2
    for capture in captures:
        read = Dissection(capture)
        assert read.complaints() == []
        assert len(read.having({"gtp.message": "0x1b"})) == 1
