"""The pytest plugin (entry point ``corenet`` of group ``pytest11``): fixtures, marks, options.

It is imported by every pytest of an environment that has Corenet, whether tests use it or not, and
before coverage is measured: so nothing of Corenet is imported before a test asks for a lab.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from testbed.bench.lab import Lab, LabSource
    from testbed.bench.mobile import Mobile, Mobiles
    from testbed.bench.parts import Core, Gateway, Initiator, Smsc
    from testbed.bench.reactor_thread import ReactorThread
    from testbed.bench.under_test import GatewayUnderTest
    from testbed.bench.watch import Events

DEFAULT_LAB: Final = "demo"
DEFAULT_WITHIN: Final = 10.0
TIMES: Final = ("sockets", "virtual")
RUNGS_REPORTED: Final = 200
MARKS: Final = (
    "corenet_lab(source): the lab of the fixture `lab`: a file, or the name of one that comes "
    "along",
    "corenet_time(*times): 'sockets' or 'virtual'; with both the test runs in each",
    "corenet_seed(number): where a lab takes chance from",
)
_LABS: Final = pytest.StashKey[list["Lab"]]()
_UNDER_TEST: Final = pytest.StashKey["GatewayUnderTest"]()
"""The labs of a test, in the order in which they were opened."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what can be chosen for all tests."""
    group = parser.getgroup("corenet", "labs of Corenet")
    group.addoption(
        "--corenet-lab", metavar="LAB", help="the lab of tests that are not marked with one"
    )
    group.addoption(
        "--corenet-time", choices=TIMES, help="where the labs of tests run that are not marked"
    )
    group.addoption(
        "--corenet-seed", type=int, metavar="NUMBER", help="of all labs; else each test has its own"
    )
    parser.addini("corenet_lab", "the lab of tests that are not marked", default=DEFAULT_LAB)
    parser.addini("corenet_time", "sockets or virtual", default=TIMES[0])
    parser.addini(
        "corenet_within", "seconds that an expectation waits", default=str(DEFAULT_WITHIN)
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks; refuse what the configuration file cannot mean."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    if config.getini("corenet_time") not in TIMES:
        raise pytest.UsageError(f"corenet_time is one of {', '.join(TIMES)}")
    try:
        float(config.getini("corenet_within"))
    except ValueError:
        raise pytest.UsageError("corenet_within is a number of seconds") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test run once for each kind of time that it is marked with."""
    mark = metafunc.definition.get_closest_marker("corenet_time")
    if mark is None or "lab_time" not in metafunc.fixturenames:
        return
    for time in mark.args:
        if time not in TIMES:
            raise pytest.UsageError(f"corenet_time: {time!r} is none of {', '.join(TIMES)}")
    metafunc.parametrize("lab_time", mark.args, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failing test's report what its labs saw."""
    report = yield
    if report.failed and call.when in ("setup", "call"):
        for lab in item.stash.get(_LABS, []):
            report.sections.append((f"corenet lab {lab.name}", _told(lab)))
        under_test = item.stash.get(_UNDER_TEST, None)
        if under_test is not None:
            said = [str(under_test.log), *(f"  {line}" for line in under_test.last_lines())]
            report.sections.append(("gateway under test", "\n".join(said)))
    return report


def _told(lab: Lab) -> str:
    """Return what is known of a lab when its test has failed."""
    lines = [f"seed {lab.seed} ({'virtual time' if lab.is_virtual else 'sockets'})"]
    if lab.capture is not None:
        lines.append(f"capture {lab.capture}")
    counted = ", ".join(f"{number} {what}" for what, number in lab.world.counters.items())
    if counted:
        lines.append(f"datagrams {counted}")
    lines.append("ladder, in milliseconds since the lab was ready:")
    return "\n".join(lines) + "\n" + (lab.ladder(RUNGS_REPORTED) or "nothing passed")


# What a test can say of its lab, by fixtures of its own


@pytest.fixture
def lab_source(request: pytest.FixtureRequest) -> LabSource:
    """Say which lab the fixture ``lab`` is.

    As the mark ``corenet_lab`` says, else the option ``--corenet-lab``, else the setting
    ``corenet_lab``; files are looked for from pytest's root folder. A fixture of the same name
    can return a lab that is built in Python: what a lab file would hold, as a dictionary.
    """
    mark = request.node.get_closest_marker("corenet_lab")
    asked = request.config.getoption("corenet_lab") or request.config.getini("corenet_lab")
    source: LabSource = mark.args[0] if mark is not None else asked
    if isinstance(source, str) and "\n" not in source:
        file = request.config.rootpath / source
        return file if file.is_file() else source
    return source


@pytest.fixture
def lab_time(request: pytest.FixtureRequest) -> str:
    """Say where labs run: "sockets" or "virtual"."""
    asked: str = getattr(request, "param", None) or request.config.getoption("corenet_time")
    return asked or str(request.config.getini("corenet_time"))


@pytest.fixture
def lab_seed(request: pytest.FixtureRequest) -> int:
    """Say where labs take chance from: the same for a test each time, unless it is told."""
    mark = request.node.get_closest_marker("corenet_seed")
    if mark is not None:
        return int(mark.args[0])
    asked: int | None = request.config.getoption("corenet_seed")
    return zlib.crc32(request.node.nodeid.encode()) if asked is None else asked


# Labs


@pytest.fixture(scope="session")
def corenet_reactor() -> Iterator[Callable[[], ReactorThread]]:
    """Return what returns the thread of labs on sockets, which is there when first asked for.

    From then on what they log is captured by pytest, unless structlog was configured before.
    """
    threads: list[ReactorThread] = []

    def thread() -> ReactorThread:
        if not threads:
            import structlog

            from testbed.bench.reactor_thread import ReactorThread
            from testbed.lab.logs import log_to_logging

            if not structlog.is_configured():
                log_to_logging()
            threads.append(ReactorThread())
        return threads[0]

    yield thread
    for one in threads:
        one.stop()


@pytest.fixture
def open_lab(
    request: pytest.FixtureRequest,
    lab_time: str,
    lab_seed: int,
    tmp_path: Path,
    corenet_reactor: Callable[[], ReactorThread],
) -> Iterator[Callable[[LabSource], Lab]]:
    """Return what opens labs: each call starts one more, and all end with the test."""
    from testbed.bench.lab import Options
    from testbed.bench.lab import open_lab as opened

    labs = request.node.stash.setdefault(_LABS, [])
    with ExitStack() as stack:

        def start(source: LabSource) -> Lab:
            folder = tmp_path / f"lab-{len(labs) + 1}"
            folder.mkdir()
            options = Options(
                seed=lab_seed,
                folder=folder,
                within=float(request.config.getini("corenet_within")),
                first_block=_worker() * 8,
            )
            thread = corenet_reactor() if lab_time == "sockets" else None
            return stack.enter_context(
                opened(source, options=options, thread=thread, opened=labs.append)
            )

        yield start


def _worker() -> int:
    """Return the number of this process among those of pytest-xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)


@pytest.fixture
def lab(open_lab: Callable[[LabSource], Lab], lab_source: LabSource) -> Lab:
    """Return a lab whose mobiles have attached."""
    return open_lab(lab_source)


@pytest.fixture
def core(lab: Lab) -> Core:
    """Return the lab's core network."""
    return lab.core


@pytest.fixture
def mobiles(lab: Lab) -> Mobiles:
    """Return the lab's mobiles, by position, MSISDN or IMSI."""
    return lab.mobiles


@pytest.fixture
def mobile(lab: Lab) -> Mobile:
    """Return the lab's first mobile."""
    return lab.mobiles[0]


@pytest.fixture
def gateway(lab: Lab) -> Gateway:
    """Return the lab's own push gateway."""
    return lab.gateway


@pytest.fixture
def initiator(lab: Lab) -> Initiator:
    """Return the lab's push initiator."""
    return lab.initiator


@pytest.fixture
def smsc(lab: Lab) -> Smsc:
    """Return where the lab's SMSC listens."""
    return lab.smsc


@pytest.fixture
def events(lab: Lab) -> Events:
    """Return what the lab's nodes say has happened."""
    return lab.events


@pytest.fixture
def capture(lab: Lab) -> Path:
    """Return the pcapng of everything that passes; it can be read at any time."""
    assert lab.capture is not None
    return lab.capture


@pytest.fixture
def gateway_under_test(
    request: pytest.FixtureRequest, lab: Lab, tmp_path: Path
) -> Iterator[GatewayUnderTest]:
    """Return what a gateway of yours needs to know of the lab, and what starts and ends it."""
    from testbed.bench.under_test import GatewayUnderTest

    with GatewayUnderTest(lab, tmp_path) as under_test:
        request.node.stash[_UNDER_TEST] = under_test
        yield under_test
