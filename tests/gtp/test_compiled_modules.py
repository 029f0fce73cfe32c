"""The modules that a compiled build has in C."""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path

COMPILED = (".so", ".pyd")
SOURCE = Path(__file__).parents[2] / "build_hooks" / "compiling.py"


def test_either_all_are_compiled_or_none() -> None:
    """A build has each of them as it was asked for; CORENET_REQUIRE_COMPILED=1 wants them in C."""
    modules = re.findall(r'^    "(\S+)\.py",$', SOURCE.read_text("utf-8"), re.MULTILINE)
    assert modules
    files = {module: import_module(module.replace("/", ".")).__file__ for module in modules}
    in_c = {module for module, file in files.items() if file and file.endswith(COMPILED)}
    if os.environ.get("CORENET_REQUIRE_COMPILED", "0") not in ("", "0"):
        assert in_c == set(modules), "these run in the interpreter"
    assert in_c in (set(), set(modules))
