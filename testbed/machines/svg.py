"""A state machine as a picture (SVG): states around an ellipse, arrows with their numbers.

Everything follows from the machine, so that the same table gives the same picture. Two arrows
between the same states bend to different sides. Nothing is fetched from elsewhere, and the ground
is white in a dark page too.
"""

from __future__ import annotations

from html import escape
from math import cos, pi, sin
from typing import Final, NamedTuple

from testbed.machines.drawn import Drawn

_WIDTH: Final = 760
_MARGIN: Final = 95
_BOX: Final = 32
"""Height of a state's box."""
_PER_LETTER: Final = 7.6
_BEND: Final = 0.16
"""How far an arrow leaves the straight line, in parts of its length."""
_STUB: Final = 46
"""Length of an arrow from or to outside."""
_TURN: Final = 0.6
"""How far such an arrow turns from straight outwards, in radians."""
_STYLE: Final = (
    "text{font:14px sans-serif;text-anchor:middle;dominant-baseline:central}"
    ".n{font-size:11px}.s{fill:#eef4fb;stroke:#1f4e79}.a{fill:none;stroke:#555}"
    ".c{fill:#fff;stroke:#999}"
)
_TIP: Final = (
    '<defs><marker id="t" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>'
)


class _Point(NamedTuple):
    x: float
    y: float


class _Box(NamedTuple):
    """A state's place."""

    centre: _Point
    width: float
    out: _Point
    """The direction away from the middle of the picture, of length 1."""

    def edge(self, towards: _Point) -> _Point:
        """Return where a line from the centre leaves the box."""
        dx, dy = towards.x - self.centre.x, towards.y - self.centre.y
        scale = min(
            (self.width / 2 + 2) / abs(dx) if dx else 1e9, (_BOX / 2 + 2) / abs(dy) if dy else 1e9
        )
        return _Point(self.centre.x + dx * scale, self.centre.y + dy * scale)


def svg(drawn: Drawn, *, numbered: bool = True) -> str:
    """Return the picture; without numbers where no table explains them."""
    count = len(drawn.states)
    height = 190 if count <= 2 else 320 if count <= 4 else 250 + 34 * count
    boxes = {state: _box(state, number, count, height) for number, state in enumerate(drawn.states)}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{escape(drawn.title)}</title>",
        f"<style>{_STYLE}</style>{_TIP}",
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#fff"/>',
    ]
    numbers = []
    for number, arrow in enumerate(drawn.arrows, start=1):
        before, after = boxes.get(arrow.before or ""), boxes.get(arrow.after or "")
        if before is not None and after is not None:
            path, at = _loop(before) if before is after else _between(before, after)
        elif before is not None:
            path, at, end = _stub(before, inwards=False)
            lines.append(f'<circle cx="{end.x:.0f}" cy="{end.y:.0f}" r="6" class="a"/>')
        else:
            assert after is not None  # an arrow has an end
            path, at, end = _stub(after, inwards=True)
            lines.append(f'<circle cx="{end.x:.0f}" cy="{end.y:.0f}" r="5" fill="#555"/>')
        lines.append(f'<path class="a" marker-end="url(#t)" d="{path}"/>')
        numbers.append(
            f'<circle cx="{at.x:.0f}" cy="{at.y:.0f}" r="9" class="c"/>'
            f'<text class="n" x="{at.x:.0f}" y="{at.y:.0f}">{number}</text>'
        )
    for state, box in boxes.items():
        x, y = box.centre.x - box.width / 2, box.centre.y - _BOX / 2
        lines.append(
            f'<rect class="s" x="{x:.0f}" y="{y:.0f}" width="{box.width:.0f}" height="{_BOX}" '
            f'rx="8"/><text x="{box.centre.x:.0f}" y="{box.centre.y:.0f}">{escape(state)}</text>'
        )
    return "\n".join([*lines, *(numbers if numbered else ()), "</svg>", ""])


def _box(state: str, number: int, count: int, height: float) -> _Box:
    """Return the place of a state: the first one left, the others after it clockwise."""
    width = len(state) * _PER_LETTER + 26
    angle = pi + 2 * pi * number / count
    out = _Point(cos(angle), sin(angle))
    if count == 1:
        out = _Point(0.0, -1.0)
        return _Box(_Point(_WIDTH / 2, height / 2), width, out)
    rx, ry = _WIDTH / 2 - _MARGIN - 45, height / 2 - _MARGIN + 10
    middle = _Point(_WIDTH / 2 + rx * out.x, height / 2 + ry * out.y)
    return _Box(middle, width, out if count > 2 else _Point(0.0, -1.0))


def _between(before: _Box, after: _Box) -> tuple[str, _Point]:
    """Return an arrow that bends to the left of its direction, and its middle."""
    a, b = before.centre, after.centre
    bend = _Point((a.x + b.x) / 2 + _BEND * (b.y - a.y), (a.y + b.y) / 2 - _BEND * (b.x - a.x))
    start, end = before.edge(bend), after.edge(bend)
    middle = _Point(
        (start.x + 2 * bend.x + end.x) / 4,
        (start.y + 2 * bend.y + end.y) / 4,
    )
    return f"M{start.x:.0f} {start.y:.0f}Q{bend.x:.0f} {bend.y:.0f} {end.x:.0f} {end.y:.0f}", middle


def _loop(box: _Box) -> tuple[str, _Point]:
    """Return an arrow from a state to itself, on its outside."""
    up = -1 if box.out.y <= 0 else 1
    x, y = box.centre.x, box.centre.y + up * (_BOX / 2 + 1)
    top = y + up * 44
    path = (
        f"M{x - 12:.0f} {y:.0f}C{x - 26:.0f} {top:.0f} {x + 26:.0f} {top:.0f} {x + 12:.0f} {y:.0f}"
    )
    return path, _Point(x, y + up * 33)


def _stub(box: _Box, *, inwards: bool) -> tuple[str, _Point, _Point]:
    """Return an arrow from or to outside, its middle, and its end outside.

    One that begins a machine comes from the left, one that ends it leaves to the right.
    """
    turned = [
        _Point(box.out.x * cos(by) - box.out.y * sin(by), box.out.x * sin(by) + box.out.y * cos(by))
        for by in (_TURN, -_TURN)
    ]
    away = sorted(turned, key=lambda point: round(point.x, 6))[0 if inwards else 1]
    edge = box.edge(_Point(box.centre.x + away.x, box.centre.y + away.y))
    end = _Point(edge.x + _STUB * away.x, edge.y + _STUB * away.y)
    near = _Point(end.x - 7 * away.x, end.y - 7 * away.y)
    start, tip = (near, edge) if inwards else (edge, near)
    middle = _Point((edge.x + end.x) / 2, (edge.y + end.y) / 2)
    return f"M{start.x:.0f} {start.y:.0f}L{tip.x:.0f} {tip.y:.0f}", middle, end
