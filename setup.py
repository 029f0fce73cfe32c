"""The part of the build that is not data: extension modules, where they are asked for."""

import os
import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).parent / "build_hooks"))

# The steps that only want to know name and requirements run before mypyc is there.
BUILDS = {"bdist_wheel", "editable_wheel", "build_ext"}

if os.environ.get("CORENET_COMPILE") == "1" and BUILDS.intersection(sys.argv):
    from compiling import extensions

    # A folder of its own, so that wheels with and without can be built at the same time.
    setup(ext_modules=extensions(), options={"build": {"build_base": "build/with-mypyc"}})
else:
    setup()
