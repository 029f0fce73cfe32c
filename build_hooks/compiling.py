"""Which modules are compiled, and what the compiler is given of them.

mypyc gives each class of a compiled module a fixed layout, which is what ``slots`` are for with the
interpreter; as it cannot make a class anew, which is how ``dataclass(slots=True)`` works, the
compiler reads copies without that word.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

MODULES: Final = (
    "corenet/ggsn/accounting.py",
    "corenet/ggsn/contexts.py",
    "corenet/ggsn/core.py",
    "corenet/ggsn/deletion.py",
    "corenet/ggsn/destinations.py",
    "corenet/ggsn/forwarding.py",
    "corenet/ggsn/ipcp.py",
    "corenet/ggsn/node.py",
    "corenet/ggsn/ordering.py",
    "corenet/ggsn/pco.py",
    "corenet/ggsn/pools.py",
    "corenet/ggsn/ppp.py",
    "corenet/ggsn/sessions.py",
    "corenet/ggsn/traffic.py",
    "corenet/schedule.py",
    "gtp/endpoint.py",
    "gtp/messages/codec.py",
    "gtp/path.py",
    "gtp/transactions.py",
    "gtp/wire.py",
)
"""What a Create or Delete PDP Context Request passes through on its way to the answer.

Not the messages and elements: what is made of their tables, regular expressions and functions in
source text, runs in the interpreter anyhow.
"""

_SLOTS: Final = re.compile(r"(@dataclass\([^)\n]*?)(?:, slots=True|slots=True, |slots=True)")


def extensions(build: Path = Path("build/compiled")) -> list[Any]:
    """Return the extension modules, translated to C below ``build``."""
    from mypyc.build import mypycify  # only where it is wanted

    shutil.rmtree(build, ignore_errors=True)
    for package in ("gtp", "corenet"):
        shutil.copytree(package, build / package, ignore=shutil.ignore_patterns("*.so", "*.pyc"))
    for module in MODULES:
        source = build / module
        source.write_text(_SLOTS.sub(r"\1", source.read_text("utf-8")), "utf-8")
    words = ["--config-file=", "--ignore-missing-imports", "--no-warn-no-return"]
    paths = [str(build / module) for module in MODULES]
    return list(mypycify([*words, *paths], opt_level="2", group_name="corenet"))
