"""The screen of ``corenet top``, driven by textual's pilot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from testbed.adapters.api_client import ApiClient, ApiError
from testbed.console.figures import Look
from testbed.console.samples import Samples
from testbed.lab.cli import run
from testbed.lab.commands.top import look

pytest.importorskip("textual")

from textual.pilot import Pilot
from textual.widgets import DataTable, Log, Static

from testbed.adapters.top_screen import TopScreen

EXPOSED = """\
# TYPE corenet_size gauge
corenet_size{thing="pdp_contexts"} 3
# TYPE corenet_node_events counter
corenet_node_events_total{node="ggsn",name="contexts_created"} 5
# TYPE corenet_gateway_deliveries gauge
corenet_gateway_deliveries{state="held"} 2
# TYPE corenet_gateway_delivery_seconds histogram
corenet_gateway_delivery_seconds_bucket{le="0.1"} 0
corenet_gateway_delivery_seconds_bucket{le="+Inf"} 0
"""


class Looks:
    """Metrics that say what the test wants, or an error."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    def __call__(self) -> Look:
        self.count += 1
        if self.error is not None:
            raise self.error
        return Look(float(self.count), Samples.read(EXPOSED))


def watch(looks: Looks, act: Callable[[TopScreen, Pilot[None]], Awaitable[None]]) -> None:
    """Run the screen without a terminal, and act on it."""

    async def session() -> None:
        # Looks are taken when the test asks for them.
        screen = TopScreen(looks, lambda tell: tell("an event"), interval=3600.0)
        async with screen.run_test(size=(110, 40)) as pilot:
            screen.show_events()
            await settle(screen, pilot)
            await act(screen, pilot)

    asyncio.run(session())


async def settle(screen: TopScreen, pilot: Pilot[None]) -> None:
    await screen.workers.wait_for_complete()
    await pilot.pause()


def cells(screen: TopScreen, name: str) -> list[list[str]]:
    table = screen.query_one(f"#{name}", DataTable)
    return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]


def status(screen: TopScreen) -> str:
    return str(screen.query_one("#status", Static).render())


def test_figures_and_events_are_shown(tmp_path: Path) -> None:
    """After a look every table has its rows, the log its event, and a picture has both."""

    async def act(screen: TopScreen, _pilot: Pilot[None]) -> None:
        assert cells(screen, "sizes") == [["pdp contexts", "3"]]
        assert cells(screen, "pushes") == [["held", "2"]]
        assert cells(screen, "rates") == [["ggsn: contexts created", "0.0", "5"]]
        assert cells(screen, "latencies") == [["push: accepted to delivered", "0", "-", "-"]]
        assert screen.query_one("#events", Log).lines[0] == "an event"
        assert "0 mobiles attached, 3 PDP contexts" in status(screen)
        picture = Path(screen.save_screenshot("top.svg", str(tmp_path))).read_text("utf-8")
        for words in ("contexts", "held", "rates", "latencies"):
            assert words in picture

    watch(Looks(), act)


def test_everything_has_room_on_a_small_terminal() -> None:
    """80 columns and 24 lines: of each table the head and some rows, and some events."""

    async def session() -> None:
        screen = TopScreen(Looks(), lambda tell: tell("an event"), interval=3600.0)
        async with screen.run_test(size=(80, 24)) as pilot:
            await settle(screen, pilot)
            tables = [table.content_region.height for table in screen.query(DataTable)]
            assert len(tables) == 4
            assert min(tables) >= 3
            assert screen.query_one(Log).content_region.height >= 3

    asyncio.run(session())


def test_a_pause_holds_the_figures() -> None:
    """p holds them, and p again goes on."""
    looks = Looks()

    async def act(screen: TopScreen, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        screen.look_again()
        await settle(screen, pilot)
        assert looks.count == 1
        assert "paused" in status(screen)
        await pilot.press("p")
        screen.look_again()
        await settle(screen, pilot)
        assert looks.count == 2

    watch(looks, act)


def test_whoever_does_not_answer_is_named_until_it_does() -> None:
    """An error stands in the first line, the figures stay, and the next look takes it away."""
    looks = Looks()

    async def act(screen: TopScreen, pilot: Pilot[None]) -> None:
        looks.error = ApiError("http://x cannot be asked")
        screen.look_again()
        with pytest.raises(Exception, match="cannot be asked"):
            await screen.workers.wait_for_complete()
        await pilot.pause()
        assert "cannot be asked" in status(screen)
        assert cells(screen, "pushes") == [["held", "2"]]
        looks.error = None
        screen.look_again()
        await settle(screen, pilot)
        assert "cannot" not in status(screen)

    watch(looks, act)


def test_q_ends_it() -> None:
    """q leaves the screen."""

    async def act(screen: TopScreen, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        await pilot.pause()
        assert not screen.is_running

    watch(Looks(), act)


def test_wrong_use_needs_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """An interval that nobody could read, and an address that is none, are refused at once."""
    assert run(["top", "--interval", "0"]) == 2
    assert "at least 0.1" in capsys.readouterr().err
    assert run(["top", "--url", "ftp://x"]) == 1
    assert "no HTTP URL" in capsys.readouterr().err


def test_nobody_there_is_an_error() -> None:
    """Where neither core nor gateway answers there is nothing to show."""
    with pytest.raises(ApiError, match="cannot be asked"):
        look([ApiClient("127.0.0.1:1"), ApiClient("127.0.0.1:2")], lambda: 0.0)
