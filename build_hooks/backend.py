"""The build backend: setuptools, and mypyc where ``CORENET_COMPILE`` asks for it.

Whoever builds without a word gets pure Python and needs no compiler. With ``CORENET_COMPILE=1`` in
the environment the modules that GTP passes through are translated to C besides (``compiling``);
mypy, which brings mypyc, is then a requirement of the build, and a C compiler has to be there.
"""

from __future__ import annotations

import os
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - every hook that is not replaced below

MYPY = "mypy[mypyc]>=1.14,<2.5"


def _with_mypyc(requirements: list[str]) -> list[str]:
    return [*requirements, MYPY] if os.environ.get("CORENET_COMPILE") == "1" else requirements


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what building a wheel needs."""
    return _with_mypyc(build_meta.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """Return what building an editable installation needs."""
    return _with_mypyc(build_meta.get_requires_for_build_editable(config_settings))
