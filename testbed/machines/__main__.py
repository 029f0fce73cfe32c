"""Write the page of state machines, and its pictures.

``python -m testbed.machines docs`` writes them anew below ``docs``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.machines.page import files


def main(folder: Path) -> None:
    """Write every file, and take away pictures that nothing draws any more."""
    written = files()
    for name in written:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    for picture in (folder / "images/machines").glob("*.svg"):
        if picture.relative_to(folder).as_posix() not in written:
            picture.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
