"""Media types with parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import media
from testbed.codecs.media import ContentType


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text/plain", ContentType("text/plain")),
        (
            " Text/VND.wap.si ; CharSet = UTF-8 ; ",
            ContentType("text/vnd.wap.si", (("charset", "UTF-8"),)),
        ),
        (
            'multipart/related; boundary=asdf; type="application/xml"',
            ContentType("multipart/related", (("boundary", "asdf"), ("type", "application/xml"))),
        ),
        (
            "multipart/related;type=application/xml;boundary=a",
            ContentType("multipart/related", (("type", "application/xml"), ("boundary", "a"))),
        ),
        (r'a/b; x="q\"u;o\\te"', ContentType("a/b", (("x", r'q"u;o\te'),))),
        ("a/b;;x=1", ContentType("a/b", (("x", "1"),))),
    ],
)
def test_content_types_are_read(text, expected):
    """Names become lower case, quotes and escapes go away, initiators' habits are borne."""
    assert media.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "text", "/x", "a/b c", "a/b; x", 'a/b; x="y', "a/b; x=1; X=2", "a/b; =1", "a/b,c"]
)
def test_other_texts_are_refused(text):
    """What is no media type, or repeats a parameter, is refused."""
    with pytest.raises(ValueError):
        media.parse(text)


def test_parameters_are_found_in_any_case():
    """A parameter is found by its name in any case."""
    kind = media.parse("a/b; charset=utf-8")
    assert kind.parameter("CharSet") == "utf-8"
    assert kind.parameter("boundary") is None


tokens = st.from_regex(r"[a-z0-9!#$.+-]{1,10}", fullmatch=True)
parameters = st.dictionaries(tokens, st.text(st.characters(codec="utf-8")), max_size=4)


@given(tokens, tokens, parameters)
def test_content_types_come_back(kind, subtype, values):
    """Whatever is written reads back."""
    value = ContentType(f"{kind}/{subtype}", tuple(values.items()))
    assert media.parse(str(value)) == value
