"""Every command that the documentation shows is run, and prints what the documentation says.

In a ``console`` block a line that begins with ``$ `` is a command, and what follows it is what
it prints, where ``…`` stands for any text. The commands of one page run in order in one shell,
in an empty folder; one that ends with ``&`` keeps running until the page ends. A block that
is headed with the name of a file is that file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require_peer, with_plugin

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
)
BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```[a-z]+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
READY = (
    "^Ready\\(:\\| to process requests\\)\\|MAIN: Start-up done\\|Connected to bearerbox\\|CTRL at"
    "\\|started, version"
)
"""What a program says that is ready: ours, FreeRADIUS, Kannel's, osmo-hlr, dnsmasq."""
PEERS = {"curl": "curl", "tshark": "tshark", "openssl": "openssl"} | {
    "bearerbox": "kannel", "wapbox": "kannel", "radclient": "freeradius-utils",
    "osmo-hlr": "osmo-hlr", "sgsnemu": "osmo-ggsn", "unshare": "util-linux",
    "freeradius": "freeradius", "/usr/sbin/freeradius": "freeradius", "ping": "iputils-ping",
    "osmo-ggsn": "osmo-ggsn", "/usr/sbin/dnsmasq": "dnsmasq-base", "ip": "iproute2",
}  # fmt: skip
"""Debian's packages by the programs that pages call."""
ELSEWHERE = {
    "CORENET_COMPILE=1 pip install .": "tox's environment `compiled`",
    "tox run               # 1.0-plain, 1.0-slow, 1.1-plain, 1.1-slow": "test_template.py",
    "podman build -f packaging/container/Containerfile -t corenet .": "test_containers.py",
    "podman-compose up                     # the core, for a gateway of yours": "the same",
    "corenet push +447700900001 --gateway http://127.0.0.1:8081/pap --follow": "the same",
}
"""Blocks of commands, by their first lines, that are not run here, and what runs them."""
SHELL = re.compile(r"^ *```(?:sh|bash|shell)\n *(.*?)\n", re.MULTILINE)
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(#[^)]*)?\)")
LONGEST = 300
"""Seconds that one page's commands may take."""


def lines(page: Path) -> Iterator[str]:
    """Yield every line of the page's console blocks, without the block's indentation."""
    for indentation, block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        for line in block.splitlines():
            yield line.removeprefix(indentation)


def commands(page: Path) -> list[str]:
    return [line[2:] for line in lines(page) if line.startswith("$ ")]


def script(page: Path) -> str:
    """Return the page's commands as one script of the shell."""
    parts = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT"]
    for number, command in enumerate(commands(page)):
        if command.startswith("make "):
            continue  # run by CI itself; test_make_targets_do_what_the_readme_says
        if not command.endswith("&"):
            parts.append(command)
            continue
        log = f"background-{number}.log"
        parts.append(f"{command[:-1]} >{log} 2>&1 &")
        parts.append(
            f"for i in $(seq 200); do grep -q '{READY}' {log} && break;"
            " kill -0 $! 2>/dev/null || break; sleep 0.1; done;"
            f" cat {log}; grep -q '{READY}' {log}"
        )
    return "\n".join(parts) + "\n"


def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    homes = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    return os.environ | homes | {"PATH": path, "NO_COLOR": "1"} | with_plugin()


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=str)
def test_commands_of_a_page_run_and_print_what_it_says(page: Path, tmp_path: Path) -> None:
    """A reader who types a page's commands sees what the page shows."""
    written = FILE.findall((ROOT / page).read_text(encoding="utf-8"))
    scripts = [line for name, text in written if name.endswith(".sh") for line in text.splitlines()]
    words = {word for line in [*commands(page), *scripts] for word in line.split()}
    for program in words.intersection(PEERS):
        require_peer(program, package=PEERS[program])
    for name, text in written:
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
    )
    assert result.returncode == 0, result.stdout
    for line in lines(page):
        if not line.startswith("$ ") and line.strip(" …"):
            pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
            assert re.search(pattern.replace(r"\ ", r"\s+"), result.stdout), (
                f"{page} shows this, and it was not printed:\n{line}\n\n{result.stdout}"
            )


def test_no_command_is_left_out() -> None:
    """A block of commands is one that is run above, or its test is named."""
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    assert {line for text in texts for line in SHELL.findall(text)} == set(ELSEWHERE)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project names one that is there."""
    for target, _ in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if "://" not in target:
            assert (ROOT / page.parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("section", ["explanation", "howto", "reference"])
def test_a_section_lists_its_pages(section: str) -> None:
    """Its README does, and gives them their order on the site."""
    folder = ROOT / "docs" / section
    listed = LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert pages <= {target for target, _ in listed}


def test_make_targets_do_what_the_readme_says() -> None:
    """``make demo`` runs the demo, and ``make test`` runs tox."""
    makes = [command for command in commands(Path("README.md")) if command.startswith("make ")]
    assert makes == ["make demo", "make test"]
    for target, expected in (("demo", "corenet demo"), ("test", "tox run")):
        shown = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert expected in shown.stdout
