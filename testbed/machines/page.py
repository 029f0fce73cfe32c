"""The page of state machines: each as a picture, and what its arrows are."""

from __future__ import annotations

from typing import Final

from testbed.machines.catalogue import machines, push
from testbed.machines.drawn import Drawn
from testbed.machines.svg import svg

PAGE: Final = "reference/state-machines.md"
_PICTURES: Final = "images/machines"
_HEAD: Final = """\
# State machines

Written from the tables that the nodes run by, with `python -m testbed.machines docs`; do not edit.

A dot is where a machine begins, a ring where it is forgotten. What the SGSN and the mobile do is
spread over a procedure each; for them the table says which moves there are and what makes them, and
any other move is refused as it is made; tests take every arrow of theirs, and none that is not
drawn. The other machines run by their tables alone: what is not in them changes nothing, or cannot
happen. A timer expires *for the last time* after as many transmissions as are configured. The
states of a push have [a page of their own](push-states.md).
"""


def files() -> dict[str, str]:
    """Return the page and its pictures, by their names below ``docs``."""
    drawn = list(machines())
    written = {f"{_PICTURES}/{one.name}.svg": svg(one) for one in drawn}
    written[f"{_PICTURES}/push.svg"] = svg(push(), numbered=False)
    written[PAGE] = "\n".join([_HEAD, *(_section(one) for one in drawn)])
    return written


def _section(drawn: Drawn) -> str:
    lines = [
        f"## {drawn.title}",
        "",
        drawn.says,
        "",
        f"![{drawn.title}](../{_PICTURES}/{drawn.name}.svg)",
        "",
        "| | From | To | When |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {number} | {arrow.before or ''} | {arrow.after or ''} | {'<br>'.join(arrow.reasons)} |"
        for number, arrow in enumerate(drawn.arrows, start=1)
    ]
    return "\n".join([*lines, ""])
