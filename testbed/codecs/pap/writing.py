"""PAP documents to XML."""

from __future__ import annotations

from testbed.codecs.pap.documents import Document
from testbed.codecs.pap.status import Version


def build(
    document: Document, *, version: Version = Version.V2_0, product_name: str | None = None
) -> bytes:
    """Write a PAP document in UTF-8 with the DOCTYPE of ``version``.

    ValueError where the document has what that version lacks, or a character that XML lacks.
    """
    raise NotImplementedError
