"""What MkDocs is told about our pages: their order, the README in front, links out of them.

The pages are written to be read in the repository too, so that they link to files beside
``docs``, as the README links into it; on the site these are links to the repository, and pages.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
SECTIONS: Final = {
    "Tutorial": "tutorial",
    "How to": "howto",
    "Reference": "reference",
    "Explanation": "explanation",
    "Decisions": "decisions",
}
"""Folders of pages by the titles of their sections, in order."""

_README: Final = "README.md"
_LISTED: Final = re.compile(r"^\*\*(.+)\*\*$|\]\(([\w-]+\.md)\)", re.MULTILINE)
"""A group of pages in a README, or a page."""
_FILE: Final = re.compile(r"^(\s*```[a-z]+) (\S+)$")
"""The beginning of a block that is a file, with its name."""
_LINK: Final = re.compile(r"(\]\()([^)\s#:]+)([)#])")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the sections in order."""
    nav: list[Any] = [{"Corenet": "index.md"}]
    config.nav = nav + [{title: contents(ROOT / "docs" / at)} for title, at in SECTIONS.items()]
    return config


def contents(folder: Path) -> list[Any]:
    """Return a section's pages, in the order and the groups of its README, where it has one.

    A page that the README does not link comes last.
    """
    pages = {path.name: f"{folder.name}/{path.name}" for path in sorted(folder.glob("*.md"))}
    if _README not in pages:
        return list(pages.values())
    listed: list[Any] = [pages.pop(_README)]
    group = listed
    for heading, name in _LISTED.findall((folder / _README).read_text(encoding="utf-8")):
        if heading:
            group = []
            listed.append({heading: group})
        elif name in pages:
            group.append(pages.pop(name))
    return listed + list(pages.values())


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make the README the first page."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "index.md", content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to what is no page into links to the repository."""
    source = PurePosixPath("docs", page.file.src_uri)
    here = PurePosixPath(".") if page.file.src_uri == "index.md" else source.parent
    pages = {file.src_uri for file in files}

    def link(found: re.Match[str]) -> str:
        opening, target, end = found.groups()
        path = normpath(str(here / target))
        inside = path.removeprefix("docs/")
        if inside in SECTIONS.values():
            inside = min(page for page in pages if page.startswith(f"{inside}/"))
            target = relpath(f"docs/{inside}", here)
        if inside == path or inside not in pages:
            kind = "tree" if (ROOT / path).is_dir() else "blob"
            return f"{opening}{config.repo_url}/{kind}/main/{path}{end}"
        return f"{opening}{inside if here == PurePosixPath('.') else target}{end}"

    lines = markdown.split("\n")
    code = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            code = not code
            lines[number] = _FILE.sub(r'\1 title="\2"', line)
        if not code:
            lines[number] = _LINK.sub(link, line)
    return "\n".join(lines)
