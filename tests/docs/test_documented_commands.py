"""Every command that the documentation shows is run, and prints what the documentation says.

In a ``console`` block a line that begins with ``$ `` is a command, and what follows it is what
it prints, where ``…`` stands for any text. The commands of one page run in order in one shell,
in an empty folder; one that ends with ``&`` keeps running until the page ends. One that only looks
is repeated until it sees what the page says, as a reader would on a machine that is busy. A block
that is headed with the name of a file is that file. Commands that want more than a shell are in
``sh`` blocks, and are run by tests of their own.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import require_peer, with_plugin
from tests.pages import PAGES, ROOT, commands, lines, shell_commands, text_of

pytestmark = pytest.mark.docs

FILE = re.compile(r"^```[a-z]+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
READY = (
    "^Ready\\(:\\| to process requests\\)\\|MAIN: Start-up done\\|Connected to bearerbox\\|CTRL at"
    "\\|started, version"
)
"""What a program says that is ready: ours, FreeRADIUS, Kannel's, osmo-hlr, dnsmasq."""
READY_TOO = {"bearerbox": "wapboxc_run) maps to pid"}
"""What it says as well, in whichever order: that it is about to listen for wapbox."""
LOOKS = re.compile(r"^(?:sleep \d; )?(?:curl -s(?!.* -[dX])|tshark -r )(?!.*[>&] )")
"""Commands that change nothing."""
STARTING, LOOKING = 120, 60
"""Seconds that a program has to be ready, and that something may take to be seen."""
PEERS = {"curl": "curl", "tshark": "tshark", "openssl": "openssl"} | {
    "bearerbox": "kannel", "wapbox": "kannel", "radclient": "freeradius-utils",
    "osmo-hlr": "osmo-hlr", "sgsnemu": "osmo-ggsn", "unshare": "util-linux",
    "freeradius": "freeradius", "/usr/sbin/freeradius": "freeradius", "ping": "iputils-ping",
    "osmo-ggsn": "osmo-ggsn", "/usr/sbin/dnsmasq": "dnsmasq-base", "ip": "iproute2",
    "promtool": "prometheus",
}  # fmt: skip
"""Debian's packages by the programs that pages call."""
ELSEWHERE = {
    "docs/howto/compile.md": "tox.ini",
    "docs/howto/run-in-containers.md": "tests/interop/test_containers.py",
    "docs/howto/test-in-tox.md": "tests/docs/test_template.py",
    "docs/reference/benchmarks.md": "tests/docs/test_benchmarks_page.py",
}
"""Where the commands of ``sh`` blocks are run, by their pages."""
NO_COMMANDS = {"bash", "csv", "ini", "python", "sql", "text", "yaml"}
"""Kinds of further blocks: files, and what a program prints. A ``bash`` block is a file."""
FENCE = re.compile(r"^( *)```([^\n]*)\n.*?^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4,}(?:\$ )?([\w.-]+)", re.MULTILINE)
PROGRAMS = {"corenet", "python", "pip", "pytest", "tox", "make", "git", "podman", "docker", "sudo"}
SPAN = re.compile(r"`((?:corenet|make|python -m|tox run -e) [^`]+)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(#[^)]*)?\)")
CLI = text_of("docs/reference/cli.md")
LONGEST = 600
"""Seconds that one page's commands may take."""


def expected(line: str) -> str:
    """Return the pattern of a line that is printed; empty where it may be anything."""
    pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
    return pattern.replace(r"\ ", r"\s+") if line.strip(" …") else ""


def looking(command: str, patterns: list[str]) -> str:
    """Return a command that looks as one that is repeated until it has seen the patterns."""
    seen = " && ".join(f'grep -Pzq -- {shlex.quote(one)} <<<"$saw"' for one in patterns)
    return (
        f"for i in $(seq {LOOKING}); do saw=$({command}) && {seen} && break; sleep 1; done;"
        ' printf "%s\\n" "$saw"'
    )


def until_said(pattern: str, log: str) -> str:
    """Return a command that waits until the program that was started last has said something."""
    said = f"grep -q '{pattern}' {log}"
    return (
        f"for i in $(seq {10 * STARTING}); do {said} && break; kill -0 $! 2>/dev/null || break;"
        f" sleep 0.1; done; {said} || {{ cat {log}; false; }}"
    )


def script(page: Path) -> str:
    """Return the page's commands as one script of the shell."""
    printed: list[list[str]] = []
    for line in lines(page):
        if line.startswith("$ "):
            printed.append([])
        elif pattern := expected(line):
            printed[-1].append(pattern)
    parts = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT"]
    for number, (command, patterns) in enumerate(zip(commands(page), printed, strict=True)):
        if command.startswith("make "):
            continue  # run by CI itself; test_make_targets_do_what_the_readme_says
        if not command.endswith("&"):
            looks = patterns and LOOKS.match(command)
            parts.append(looking(command, patterns) if looks else command)
            continue
        log = f"background-{number}.log"
        parts.append(f"{command[:-1]} >{log} 2>&1 &")
        too = READY_TOO.get(command.split()[0])
        parts += [until_said(READY, log), *([until_said(too, log)] if too else []), f"cat {log}"]
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
    written = FILE.findall(text_of(page))
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
        if not line.startswith("$ "):
            assert re.search(expected(line), result.stdout), (
                f"{page} shows this, and it was not printed:\n{line}\n\n{result.stdout}"
            )


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_command_is_left_out(page: Path) -> None:
    """It is run above, or named by the test that runs it; none is in a block of another kind."""
    text = text_of(page)
    for command in shell_commands(page):
        assert command in text_of(ELSEWHERE[str(page)]), command
    for _, kind in FENCE.findall(text):
        name, _, file = kind.partition(" ")
        assert name in NO_COMMANDS | {"console", "sh"}
        assert name != "bash" or any(file in command for command in commands(page)), file
    assert not PROGRAMS.intersection(INDENTED.findall(FENCE.sub("", text)))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_within_sentences_are_known(page: Path) -> None:
    """What they call is there, and has the options that they give it."""
    for command in SPAN.findall(FENCE.sub("", text_of(page))):
        program, *words = command.split()
        if program == "corenet":
            assert re.search(rf"^## corenet {words[0]}$", CLI, re.MULTILINE), command
            for option in set(re.findall(r"--[a-z-]+", command)) - {"--help"}:
                assert f"| `{option}" in CLI, command
        elif program == "make":
            assert re.search(rf"^{words[0]}:", text_of("Makefile"), re.MULTILINE), command
        elif program == "python":
            assert find_spec(words[1]) is not None, command
        else:
            assert f"[testenv:{words[2]}]" in text_of("tox.ini"), command


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project names one that is there."""
    for target, _ in LINK.findall(text_of(page)):
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
