"""What a method and a path name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.control.errors import ControlError
from corenet.control.routes import Routes

ROUTES = Routes()
ROUTES.add("GET", "/v1/things", "list")
ROUTES.add("POST", "/v1/things", "make")
ROUTES.add("GET", "/v1/things/{name}", "show")
ROUTES.add("DELETE", "/v1/things/{name}/{part}", "break")


@pytest.mark.parametrize(
    ("method", "path", "target", "parts"),
    [
        ("GET", b"/v1/things", "list", {}),
        ("HEAD", b"/v1/things", "list", {}),
        ("POST", b"/v1/things", "make", {}),
        ("GET", b"/v1/things/a", "show", {"name": "a"}),
        ("GET", b"/v1/things/a%2Fb%20c", "show", {"name": "a/b c"}),
        ("GET", b"/v1/things/%C3%A9", "show", {"name": "é"}),
        ("GET", b"/%761/things", "list", {}),
        ("DELETE", b"/v1/things/a/b", "break", {"name": "a", "part": "b"}),
    ],
)
def test_path_names_its_target(method, path, target, parts):
    """Segments are split before they are decoded, so that a slash may be part of one."""
    assert ROUTES.find(method, path) == (target, parts)


@pytest.mark.parametrize(
    "path", [b"", b"/", b"/v1", b"/v1/things/", b"/v1/things/a/", b"//v1/things", b"/v1/nothing"]
)
def test_unknown_path_is_not_found(path):
    """404, also where only a segment is empty."""
    with pytest.raises(ControlError) as refused:
        ROUTES.find("GET", path)
    assert refused.value.status == 404


def test_other_method_is_told_which_are_allowed():
    """405 says what the path takes."""
    with pytest.raises(ControlError) as refused:
        ROUTES.find("PUT", b"/v1/things")
    assert refused.value.status == 405
    assert refused.value.headers == {"Allow": "GET, HEAD, POST"}


def test_path_that_is_not_utf8_is_refused():
    """400 names the path."""
    with pytest.raises(ControlError) as refused:
        ROUTES.find("GET", b"/v1/things/%FF")
    assert (refused.value.status, refused.value.field) == (400, "path")


@given(st.text(alphabet="GETPOSU", max_size=5), st.binary(max_size=60))
def test_any_octets_are_found_or_refused(method, path):
    """Nothing but a ControlError comes out of what a client sends."""
    with suppress(ControlError):
        ROUTES.find(method, path)
