"""The page of state machines, its pictures, and the machines themselves."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from testbed.machines.__main__ import main
from testbed.machines.catalogue import machines, push
from testbed.machines.page import files
from testbed.machines.svg import svg

DOCS = Path(__file__).parents[3] / "docs"
MACHINES = [*machines(), push()]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.docs
def test_page_and_pictures_are_what_the_tables_say():
    """They are generated anew whenever a table changes."""
    written = files()
    for name, text in written.items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, name
    pictures = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("images/machines/*")}
    assert pictures == {name for name in written if name.endswith(".svg")}


@pytest.mark.parametrize("drawn", MACHINES, ids=lambda drawn: drawn.name)
def test_every_state_can_be_reached_and_left(drawn):
    """From where the machine begins; and nothing is drawn twice."""
    assert len({(arrow.before, arrow.after) for arrow in drawn.arrows}) == len(drawn.arrows)
    reached = {None}
    for _ in drawn.states:
        reached |= {arrow.after for arrow in drawn.arrows if arrow.before in reached}
    assert reached >= set(drawn.states)
    for arrow in drawn.arrows:
        assert arrow.reasons
        assert len(set(arrow.reasons)) == len(arrow.reasons)


@pytest.mark.parametrize("drawn", MACHINES, ids=lambda drawn: drawn.name)
def test_a_picture_has_all_states_and_arrows(drawn):
    """It is well-formed, and everything is inside of it."""
    picture = ElementTree.fromstring(svg(drawn))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts[: len(drawn.states)] == drawn.states
    assert texts[len(drawn.states) :] == [str(n + 1) for n in range(len(drawn.arrows))]
    assert len([path for path in picture.iter(f"{SVG}path") if path.get("class") == "a"]) == len(
        drawn.arrows
    )
    width, height = float(picture.get("width")), float(picture.get("height"))
    for circle in picture.iter(f"{SVG}circle"):
        assert 9 <= float(circle.get("cx")) <= width - 9
        assert 9 <= float(circle.get("cy")) <= height - 9


def test_the_command_writes_all_and_takes_old_pictures_away(tmp_path):
    """What no machine is drawn in any more goes."""
    old = tmp_path / "images/machines/old.svg"
    old.parent.mkdir(parents=True)
    old.touch()
    main(tmp_path)
    assert not old.exists()
    assert (tmp_path / "reference/state-machines.md").exists()
