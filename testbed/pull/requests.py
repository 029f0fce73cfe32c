"""From a WSP request to an HTTP request: methods and headers (WAP-230 §8.4.1, RFC 9110 §7.6).

Theory of operation. The headers of a session count for each of its methods, unless the method has
headers of the same name. What describes one hop only is dropped; so is what could say in the
terminal's name who it is, however it is spelled, since many servers take "_" for "-". Who the
terminal is, is said to listed hosts alone, and by what the network knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from testbed.codecs.wsp.pdus import Get, Headers, Method, Post
from testbed.pull import preferences
from testbed.pull.conversions import SOURCES
from testbed.pull.effects import HttpHeaders
from testbed.pull.preferences import Preferences

METHODS: Final[Mapping[int, str]] = {
    Method.GET: "GET",
    Method.OPTIONS: "OPTIONS",
    Method.HEAD: "HEAD",
    Method.DELETE: "DELETE",
    Method.POST: "POST",
    Method.PUT: "PUT",
}
"""What is passed on. Trace is not: it would tell the terminal what origins are told about it."""

HOP_BY_HOP: Final = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_OURS: Final = frozenset(
    (
        *("accept", "accept-charset", "accept-encoding", "content-length", "content-type"),
        *("expect", "host", "max-forwards", "via", "profile", "profile-diff"),
    )
)
"""Headers of a request that the gateway writes itself, or that mean something else over HTTP."""
_SESSION: Final = frozenset(
    ("accept-application", "bearer-indication", "encoding-version", "push-flag", "x-wap-tod")
)
"""Headers about the session, which are for the gateway."""
_IDENTITY: Final = ("x-wap-network-", "x-wap-client", "x-wap-msisdn", "x-msisdn", "x-imsi")
_IDENTITY_PARTS: Final = ("msisdn", "imsi", "calling-line-id", "subscriber-id", "forwarded")
"""How names begin, and what is in names, that say who a terminal is or where it is."""

MSISDN: Final = "X-WAP-Network-Client-MSISDN"
ADDRESS: Final = "X-WAP-Network-Client-IP"


def join(session: Headers, request: Headers) -> Headers:
    """Return the headers that count for a method."""
    own = {name.lower() for name, _ in request}
    return (*(pair for pair in session if pair[0].lower() not in own), *request)


def headers(
    request: Get | Post, said: Headers, liked: Preferences, *, via: str, identity: HttpHeaders
) -> HttpHeaders:
    """Return the headers for the origin server.

    ``said`` are those that count for the request, ``liked`` what they accept; ``identity`` goes
    along as it is.
    """
    named = set(preferences.values(said, "connection"))
    hop = HOP_BY_HOP | {name.lower() for name in named}
    passed = [
        (name, value)
        for name, value in said
        if not _is_kept_back(name.lower(), hop) and _is_text(value)
    ]
    if isinstance(request, Post):
        passed.append(("Content-Type", str(request.content_type)))
    for name, value in said:
        if name.lower() == "profile" and _is_text(value):
            passed.append(("X-Wap-Profile", f'"{value.strip(chr(34))}"'))
    return (
        *_accept(liked),
        *_accept_charset(liked),
        ("Accept-Encoding", "identity"),
        *passed,
        ("Via", f"WSP/1.0 {via}"),
        *identity,
    )


def _is_kept_back(name: str, hop: frozenset[str] | set[str]) -> bool:
    folded = name.replace("_", "-")
    return (
        name in hop
        or folded in _OURS
        or folded in _SESSION
        or name.startswith(("header-", "page-"))
        or folded.startswith(_IDENTITY)
        or any(part in folded for part in _IDENTITY_PARTS)
    )


def _is_text(value: str) -> bool:
    """Return whether a value was text, and not octets that nobody here could read."""
    return value.isprintable() and not value.startswith("0x")


def _accept(liked: Preferences) -> HttpHeaders:
    """Return Accept: what the client takes, and what can be made into that."""
    texts = [one.text for one in liked.media]
    if not texts:
        return ()
    for source, conversion in SOURCES.items():
        quality = liked.accepts(conversion.media)
        if quality > 0 and conversion.is_available() and not liked.accepts(source):
            texts.append(source if quality == 1 else f"{source}; q={quality:.3g}")
    return (("Accept", ", ".join(texts)),)


def _accept_charset(liked: Preferences) -> HttpHeaders:
    """Return Accept-Charset: text in another charset is rewritten in UTF-8."""
    texts = [one.text for one in liked.charsets]
    if not texts:
        return ()
    if liked.accepts_charset("utf-8") == 0:
        return (("Accept-Charset", ", ".join(texts)),)
    names = {one.name for one in liked.charsets}
    for name, quality in (("utf-8", "1"), ("*", "0.1")):
        if name not in names:
            texts.append(f"{name}; q={quality}")
    return (("Accept-Charset", ", ".join(texts)),)
