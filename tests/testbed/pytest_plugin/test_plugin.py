"""The pytest plugin, tried as its users do: test files that pytest runs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import testbed.bench.lab  # noqa: F401 - so that a pytest within this one has it at once
from tests.conftest import with_plugin

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
PUSH = """
    import pytest

    @pytest.mark.corenet_time("virtual", "sockets")
    def test_a_push_arrives(lab, core, mobiles, mobile, gateway, initiator, events, capture):
        assert mobile.imsi == mobiles[0].imsi
        push = gateway.push(mobile, text="hello")
        core.expect("PDU Notification Request", to="sgsn", imsi=mobile.imsi)
        assert mobile.expect_push("hello", within=60).kind == "SI"
        push.expect_result("delivered", within=60)
        assert initiator.push(mobile).code == 1001
        events.expect("PushSent", push_id=push.push_id)
        assert capture.read_bytes()[:4] == bytes.fromhex("0a0d0d0a")
"""
WRONG = """
    import pytest

    @pytest.mark.corenet_seed(42)
    def test_that_is_wrong(core, gateway, mobiles):
        gateway.push(mobiles["447700900103"])
        core.expect("Create PDP Context Request", to="ggsn", within=2)
"""


@pytest.fixture
def tried(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for tests, with the plugin in virtual time unless they say otherwise."""
    for name, value in with_plugin().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini(
        "[pytest]\ncorenet_time = virtual\ncorenet_within = 60\naddopts = -p no:cacheprovider\n"
    )
    return pytester


def test_the_plugin_is_an_entry_point() -> None:
    """So that pytest finds it wherever Corenet is installed; pytest is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"corenet": "testbed.pytest_plugin.plugin"}
    assert not any(one.startswith("pytest") for one in project["dependencies"])
    assert any(one.startswith("pytest>=") for one in project["optional-dependencies"]["pytest"])


def test_tests_without_a_lab_pay_nothing() -> None:
    """The plugin imports nothing of Corenet, nor Twisted, until a test asks for a lab."""
    program = (
        "import sys, testbed.pytest_plugin.plugin\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('testbed.')}\n"
        "assert rooms == {'pytest_plugin'}, rooms\n"
        "assert not {'gtp', 'corenet', 'twisted', 'pydantic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=300)


def test_one_body_runs_on_sockets_and_in_virtual_time(tried: pytest.Pytester) -> None:
    """All fixtures, and every expectation, in both; no thread, socket or file is left behind."""
    tried.makepyfile(PUSH)
    result = tried.runpytest_subprocess("-v", "-W", "error", timeout=900)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*arrives?virtual? PASSED*", "*arrives?sockets? PASSED*"])


def test_what_labs_log_is_of_the_report_and_not_of_the_terminal(tried: pytest.Pytester) -> None:
    """A lab on sockets logs from its own thread, whether a test runs just then or not."""
    tried.makeconftest("""
        import structlog

        def pytest_runtest_logreport(report):
            structlog.get_logger("gateway").info("said between tests")
    """)
    tried.makepyfile("""
        import pytest

        @pytest.mark.corenet_time("sockets")
        def test_that_fails(lab, gateway, mobile):
            gateway.push(mobile).expect_result()
            assert False

        def test_that_passes():
            pass
    """)
    result = tried.runpytest_subprocess("-v", timeout=900)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*Captured log call*", "INFO *corenet.gateway:*.py:* push sent node=gateway push_id=*"]
    )
    result.stdout.no_fnmatch_line("*said between tests*")
    result.stdout.no_fnmatch_line("*Captured stdout*")


def test_labs_on_sockets_run_side_by_side(tried: pytest.Pytester) -> None:
    """Two in one test, and those of two processes: all forward the same port to their mobiles."""
    tried.makepyfile("""
        import socket
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_two_labs(open_lab, number):
            labs = [open_lab("core"), open_lab("core")]
            addresses = [lab.mobiles[6].address for lab in labs]
            assert len({address.split(".")[1] for address in addresses}) == 2
            for lab, address in zip(labs, addresses):
                assert address == lab.address("127.10.0.7")
                assert lab.core.url.startswith(f"http://{lab.address('127.0.10.4')}:8080")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
                    host.bind((lab.spare_address, 0))
                    host.sendto(b"a push of mine", (address, 2948))
                    lab.core.expect("Create PDP Context Request", within=60)
                    lab.core.expect("G-PDU", to="sgsn", within=60)
            assert all(len(lab.core.contexts) == 1 for lab in labs)
    """)
    result = tried.runpytest_subprocess(
        "-n", "2", "--corenet-time", "sockets", "-W", "error", timeout=900
    )
    result.assert_outcomes(passed=2)


def test_a_failure_has_seed_capture_and_ladder(tried: pytest.Pytester) -> None:
    """Beside what the expectation itself says, and without the plugin's own lines of code."""
    tried.makepyfile(WRONG)
    result = tried.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*core.expect("Create PDP Context Request", to="ggsn", within=2)',
            "E*ExpectationFailedError: not seen within 2 s: Create PDP Context Request to ggsn",
            "E*no message of that name was seen",
            "E*the last that was seen:",
            "E*sgsn → ggsn *PDU Notification Reject Request*",
            "*corenet lab demo*",
            "seed 42 (virtual time)",
            "capture */lab-1/capture.pcapng",
            "datagrams * sent*",
            "ladder, in milliseconds since the lab was ready:",
            "*initiator → gateway *PAP push-message*",
            "*mobiles → sgsn *Request PDP Context Activation Reject*",
        ]
    )
    result.stdout.no_fnmatch_line("*self._watch*")
    result.stdout.no_fnmatch_line("*Attach Request*")
    (capture,) = [line.split(" ", 1)[1] for line in result.outlines if line.startswith("capture ")]
    assert Path(capture).stat().st_size > 1000


def test_a_failure_on_sockets_has_the_same(tried: pytest.Pytester) -> None:
    """And the last words of a gateway under test."""
    tried.makepyfile("""
        import sys

        GATEWAY = (
            "import os, time;"
            "print('I am', os.environ['CORENET_ADDRESS'], os.environ['CORENET_RADIUS_PORT'],"
            " 'and listen', flush=True); time.sleep(600)"
        )

        def test_my_gateway(lab, gateway_under_test):
            config = gateway_under_test.write("my.conf", "control = {CORENET_CONTROL_URL}\\n")
            assert config.read_text() == f"control = {lab.core.url}\\n"
            assert gateway_under_test.radius.secret == "corenet"
            assert gateway_under_test.address == lab.address("127.0.10.5")
            process = gateway_under_test.start([sys.executable, "-c", GATEWAY], ready="and listen")
            assert process.poll() is None
            lab.core.activate("447700900001")
            lab.expect("Create PDP Context Request", within=0.2)
            lab.expect("Accounting-Response", within=0.2)

        def test_a_gateway_that_ends(gateway_under_test):
            gateway_under_test.start([sys.executable, "-c", "print('no licence')"], ready="ready")
    """)
    result = tried.runpytest_subprocess(
        "--corenet-time", "sockets", "--corenet-lab", "core", "-W", "error", timeout=900
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E*not seen within 0.2 s: Accounting-Response",
            "*corenet lab core*",
            "seed * (sockets)",
            "*gateway under test*",
            "*gateway-under-test.log",
            "  I am 127.*.5 1813 and listen",
            "E*GatewayFailedError*has ended with status 0; its last words:",
            "E*no licence",
        ]
    )


def test_the_lab_is_chosen_by_mark_option_or_setting(tried: pytest.Pytester) -> None:
    """In this order; files are found from the root folder."""
    tried.makefile(".yaml", mine="name: mine\nhlr: {address: 127.0.0.2}\n")
    tried.makepyfile("""
        import pytest

        def test_not_marked(lab):
            assert lab.name == "mine"

        @pytest.mark.corenet_lab("sms")
        def test_marked(lab, smsc):
            assert lab.name == "sms"
            assert smsc.port == 2775

        @pytest.mark.corenet_lab("name: here\\nhlr: {address: 127.0.0.2}\\n")
        def test_marked_with_a_lab(lab):
            assert lab.name == "here"
    """)
    tried.runpytest_inprocess("--corenet-lab", "mine.yaml").assert_outcomes(passed=3)
    tried.makeini("[pytest]\ncorenet_time = virtual\ncorenet_lab = mine.yaml\n")
    tried.runpytest_inprocess().assert_outcomes(passed=3)


def test_a_lab_is_built_in_python(tried: pytest.Pytester) -> None:
    """A fixture of the user's own says what the fixture ``lab`` is."""
    tried.makepyfile("""
        import pytest

        @pytest.fixture
        def lab_source():
            return {"name": "built", "hlr": {"address": "127.0.0.2"}}

        def test_built(lab):
            assert lab.name == "built"
    """)
    tried.runpytest_inprocess().assert_outcomes(passed=1)


def test_seeds_are_the_tests_own_unless_told(tried: pytest.Pytester) -> None:
    """Two tests have two, and the same ones each time; an option and a mark say others."""
    tried.makepyfile("""
        import pytest

        SEEN = []

        @pytest.mark.parametrize("number", range(2))
        def test_seed(lab_seed, number, pytestconfig):
            SEEN.append(lab_seed)
            asked = pytestconfig.getoption("corenet_seed")
            assert lab_seed == asked if asked else len(set(SEEN)) == len(SEEN)

        @pytest.mark.corenet_seed(9)
        def test_marked(lab_seed):
            assert lab_seed == 9
    """)
    tried.runpytest_inprocess().assert_outcomes(passed=3)
    tried.runpytest_inprocess("--corenet-seed", "7").assert_outcomes(passed=3)


def test_a_wrong_lab_file_is_an_error_with_its_place(tried: pytest.Pytester) -> None:
    """By file, line and column."""
    tried.makefile(".yaml", mine="hlr:\n  location: 127.0.0.2\n")
    tried.makepyfile("def test_lab(lab): pass")
    result = tried.runpytest_inprocess("--corenet-lab", "mine.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*mine.yaml:2:13: hlr.location: there is no such setting*"])


def test_a_lab_whose_mobiles_do_not_attach_is_shown(tried: pytest.Pytester) -> None:
    """The test has an error, and the report the ladder."""
    tried.makepyfile("""
        import pytest

        SUBSCRIBER = {"imsi": "234150000000001", "msisdn": "447700900001", "barring": "attach",
                      "apns": [{"name": "a"}]}
        LAB = {"name": "barred", "hlr": {"address": "127.0.0.2"}, "subscribers": [SUBSCRIBER],
               "sgsn": {"address": "127.0.0.3"},
               "ggsn": {"address": "127.0.0.4", "apns": [{"name": "a", "pool": "127.1.0.0/24"}]}}

        @pytest.mark.corenet_lab(LAB)
        def test_lab(lab): pass
    """)
    result = tried.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E*not every mobile of lab barred has attached*", "*corenet lab*", "*Attach Reject*"]
    )


@pytest.mark.parametrize(
    ("setting", "said"),
    [("corenet_time = never", "sockets, virtual"), ("corenet_within = soon", "number of seconds")],
)
def test_wrong_settings_are_refused(tried: pytest.Pytester, setting: str, said: str) -> None:
    """Before any test runs."""
    tried.makeini(f"[pytest]\n{setting}\n")
    result = tried.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])


def test_a_wrong_mark_is_refused(tried: pytest.Pytester) -> None:
    """It names what there is."""
    tried.makepyfile("""
        import pytest

        @pytest.mark.corenet_time("real")
        def test_lab(lab): pass
    """)
    result = tried.runpytest_inprocess()
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*'real' is none of sockets, virtual*"])
