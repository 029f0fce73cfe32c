"""PAP documents from XML, strictly."""

from __future__ import annotations

from testbed.codecs.pap.documents import Document, Envelope


def parse(xml: bytes) -> Document:
    """Read a PAP document; PapError where it breaks its definition."""
    return parse_envelope(xml).document


def parse_envelope(xml: bytes) -> Envelope:
    """Read a PAP document with its version and product name; PapError as for ``parse``."""
    raise NotImplementedError
