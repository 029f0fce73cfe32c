"""Plots of experiments, as SVG: the same octets for the same numbers.

Matplotlib is needed for them alone (``pip install 'corenet[experiments]'``), so it is imported when
a plot is drawn. Colours are those of Okabe and Ito, which people tell apart who don't see all
colours; each line has a marker and a dash of its own besides, and each bar a
hatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = ("#D55E00", "#E69F00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9")
MARKERS: Final = "osD^vP"
HATCHES: Final = ("", "//", "xx")
_FEW: Final = 3
"""Panels side by side that are as wide as they like."""
DASHES: Final = ("-", "--", "-", "--", "-.", ":")


class NoPlotsError(Exception):
    """Matplotlib is not installed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: what it is, and its points, with half the confidence interval of each."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    half: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes with lines; labels name the units."""

    x: str
    y: str
    lines: tuple[Line, ...]
    floor: float | None = 0.0
    """Where the y-axis begins; None: logarithmic."""
    ceiling: float | None = None
    """Where it ends; None: above the highest point."""
    ticks: tuple[str, ...] = ()
    """Names of x = 0, 1, 2 …: then there are bars, not lines."""
    decades: bool = False
    """Whether the x-axis is logarithmic."""
    levels: tuple[float, ...] = ()
    """What is expected of each line at the most: dotted, in its colour."""


def save(title: str, panels: Sequence[Panel], path: Path, *, columns: int) -> None:
    """Draw panels side by side into an SVG file. Raises NoPlotsError."""
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
        from matplotlib.ticker import LogLocator, NullFormatter
    except ImportError:
        raise NoPlotsError("plots need matplotlib: pip install 'corenet[experiments]'") from None
    rows = -(-len(panels) // columns)
    with rc_context({"svg.hashsalt": "corenet", "svg.fonttype": "path", "font.size": 9.0}):
        figure = Figure(
            figsize=((4.2 if columns <= _FEW else 3.2) * columns, 3.1 * rows + 0.7),
            layout="constrained",
        )
        FigureCanvasSVG(figure)
        figure.suptitle(title)
        axes = [figure.add_subplot(rows, columns, place + 1) for place in range(len(panels))]
        for ax, panel in zip(axes, panels, strict=True):
            ax.set_xlabel(panel.x)
            ax.set_ylabel(panel.y)
            ax.grid(visible=True, alpha=0.3)
            if panel.ticks:
                _bars(ax, panel)
            else:
                _lines(ax, panel)
            for number, level in enumerate(panel.levels):
                ax.axhline(level, color=COLOURS[number % len(COLOURS)], linestyle=":", linewidth=1)
            if panel.decades:
                ax.set_xscale("log")
                ax.xaxis.set_major_formatter("{x:,.10g}")
                ax.xaxis.set_minor_formatter(NullFormatter())
            if panel.floor is None:
                ax.set_yscale("log")
                ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                ax.yaxis.set_major_formatter("{x:g}")
                ax.yaxis.set_minor_formatter(NullFormatter())
            else:
                ax.set_ylim(panel.floor, panel.ceiling)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
        figure.savefig(path, format="svg", metadata={"Date": None})


def _lines(ax: Axes, panel: Panel) -> None:
    for number, line in enumerate(panel.lines):
        ax.errorbar(
            line.x,
            line.y,
            yerr=_known(line.half),
            label=line.label,
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            linestyle=DASHES[number % len(DASHES)],
            markersize=7.5 - number,  # What is drawn later does not hide what it lies on.
            linewidth=1.4,
            capsize=2.0,
        )


def _bars(ax: Axes, panel: Panel) -> None:
    width = 0.8 / len(panel.lines)
    for number, line in enumerate(panel.lines):
        ax.bar(
            [x + (number - (len(panel.lines) - 1) / 2) * width for x in line.x],
            line.y,
            width,
            yerr=_known(line.half),
            label=line.label,
            color=COLOURS[number % len(COLOURS)],
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            capsize=1.5,
        )
    ax.set_xticks(range(len(panel.ticks)), panel.ticks, rotation=40)


def _known(halves: Sequence[float]) -> list[float]:
    return [0.0 if isnan(half) else half for half in halves]
