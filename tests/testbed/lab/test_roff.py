"""Text for manual pages: nothing of it is taken for a command of roff."""

from __future__ import annotations

from testbed.lab.roff import escaped, inline, item, literal, page, paragraph


def test_what_means_something_to_roff_is_escaped() -> None:
    """A backslash is one, a hyphen can be copied, and what is not ASCII has its name."""
    assert escaped(r"--pcap C:\x … ‘a’") == r"\-\-pcap C:\ex \[u2026] \[u2018]a\[u2019]"


def test_marks_of_markdown_become_fonts() -> None:
    """Code is bold, a link is in italics, and all else is as it was."""
    said = "as [ota](#ota) says with `--wait`, or [so"
    assert inline(said) == r"as \fIota\fR says with \fB\-\-wait\fR, or [so"


def test_lines_that_look_like_macros_are_text() -> None:
    """A dot or an apostrophe at the beginning of a line."""
    assert paragraph(".so is this") == [r"\&.so is this"]
    assert literal("'tis\n.x") == [".nf", r"\&'tis", r"\&.x", ".fi"]


def test_each_sentence_begins_a_line() -> None:
    """And long ones go on in the next."""
    lines = paragraph("One. " + "word " * 30)
    assert lines[0] == "One."
    assert len(lines) == 3
    assert all(len(line) <= 80 for line in lines)


def test_an_entry_without_words_has_an_empty_body() -> None:
    """Else the next entry would be its body."""
    assert item("tag", "") == [".TP", "tag", r"\&"]


def test_a_page_leaves_empty_sections_out() -> None:
    """The name and what it is for come first."""
    text = page("a-b", 1, "does it", [("NOTHING", []), ("SOMETHING", ["x"])])
    assert ".SH NAME\na\\-b \\- does it\n.SH SOMETHING\nx\n" in text
    assert "NOTHING" not in text
