"""What pages show of a lab file, without its being whole, has settings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.lab.model import Lab
from testbed.lab.yaml_source import read, validate
from testbed.scenarios.overrides import overlaid

pytestmark = pytest.mark.docs

DOCS = Path(__file__).parents[2] / "docs"
FRAGMENT = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAGMENTS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("**/*.md"))
    for number, text in enumerate(FRAGMENT.findall(page.read_text(encoding="utf-8")))
]
REST = """
hlr: {address: 127.0.20.3}
control: {address: 127.0.20.4}
"""
"""What a gateway and an SMSC want beside them."""


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_fragment_fits_into_a_lab(fragment: str) -> None:
    """With an HLR and a control interface it is one."""
    validate(Lab, overlaid(read(REST, "rest"), read(fragment, "fragment")))
