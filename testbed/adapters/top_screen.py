"""The screen of ``corenet top``, in textual."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Footer, Log, Static
from textual.worker import Worker, WorkerState

from testbed.console.figures import Figures, Look, figures

LINES_KEPT = 500
"""Events that can be scrolled back to."""

BETWEEN_EVENTS = 0.1
"""Seconds; what comes within them is drawn at once."""

Lines = Callable[[str], None]


class TopScreen(App[None]):
    """Shows figures that are looked at again and again, and events as they come."""

    TITLE = "corenet top"
    CSS = """
    #status { height: 1; padding: 0 1; background: $primary; color: $text; }
    Horizontal { height: 3fr; }
    DataTable { height: 1fr; border: round $primary; scrollbar-size: 0 1; }
    Log { height: 1fr; max-height: 12; border: round $primary; scrollbar-size: 0 1; }
    #rates { height: 2fr; }
    Vertical { width: 3fr; }
    .numbers { width: 2fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("p", "pause", "Pause"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, look: Callable[[], Look], listen: Callable[[Lines], None], *, interval: float
    ) -> None:
        """``look`` is called in a thread every ``interval`` seconds; it may raise.

        ``listen`` is called once; it gives each line of the event log to what it is given, from
        whatever thread.
        """
        super().__init__()
        self._look = look
        self._listen = listen
        self._interval = interval
        self._first: Look | None = None
        self._before: Look | None = None
        self._paused = False
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)

    def compose(self) -> ComposeResult:
        """Return what is on the screen (textual calls this)."""
        yield Static("looking …", id="status")
        with Horizontal():
            with Vertical(classes="numbers"):
                yield _table("sizes", "now", "Thing", "Now")
                yield _table("pushes", "pushes by state", "State", "Pushes")
            with Vertical():
                yield _table("rates", "rates", "What", "1/s", "Total")
                yield _table("latencies", "latencies", "What", "Count", "Median", "95 %")
        events = Log(id="events", max_lines=LINES_KEPT, highlight=False)
        events.border_title = "events"
        yield events
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look and to listen (textual calls this)."""
        self.look_again()
        self.set_interval(self._interval, self.look_again)
        self.set_interval(BETWEEN_EVENTS, self.show_events)
        self._listen(self._lines.append)

    def show_events(self) -> None:
        """Show the events that have come meanwhile; of a burst, as many as can be seen."""
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if lines:
            self.query_one("#events", Log).write_lines(lines)

    def action_pause(self) -> None:
        """Hold the figures, or go on."""
        self._paused = not self._paused
        if self._paused:
            self._say("paused")

    def look_again(self) -> None:
        """Look in a thread, unless that is under way or paused."""
        if not self._paused:
            self.run_worker(self._look, thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what a look has found (textual calls this)."""
        found = event.worker.result
        if event.state is WorkerState.SUCCESS and isinstance(found, Look):
            self._first = self._first or found
            shown = figures(self._first, self._before or found, found)
            self._before = found
            self._show(shown)
        elif event.state is WorkerState.ERROR:
            self._say(str(event.worker.error))

    def _show(self, shown: Figures) -> None:
        sizes = dict(shown.sizes)
        attached, contexts = sizes.get("attached mobiles", 0), sizes.get("pdp contexts", 0)
        self._say(f"{attached} mobiles attached, {contexts} PDP contexts")
        self._fill("sizes", [(name, str(value)) for name, value in shown.sizes])
        self._fill("pushes", [(name, str(value)) for name, value in shown.pushes])
        self._fill(
            "rates",
            [(rate.name, f"{rate.per_second:.1f}", f"{rate.total:.0f}") for rate in shown.rates],
        )
        self._fill(
            "latencies",
            [
                (one.name, str(one.count), _seconds(one.median), _seconds(one.p95))
                for one in shown.latencies
            ],
        )

    def _fill(self, name: str, rows: list[tuple[str, ...]]) -> None:
        table: DataTable[str | Text] = self.query_one(f"#{name}", DataTable)
        table.clear()
        for first, *numbers in rows:
            table.add_row(first, *(Text(number, justify="right") for number in numbers))

    def _say(self, text: str) -> None:
        self.query_one("#status", Static).update(f"corenet top — {text}")


def _table(name: str, title: str, *columns: str) -> DataTable[str | Text]:
    table: DataTable[str | Text] = DataTable(id=name, cursor_type="none", show_cursor=False)
    table.border_title = title
    table.add_columns(*columns)
    return table


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
