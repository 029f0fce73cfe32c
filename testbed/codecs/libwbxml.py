"""libwbxml2, the WBXML library of Debian, through its own interface.

The library is looked for when it is first wanted; without it there is none, and that is no error.
It is given only XML that has been found well-formed and within bounds.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_uint, c_void_p
from functools import cache
from typing import Final

from testbed.codecs.errors import ContentError

_FILE: Final = "libwbxml2.so.1"
_OK: Final = 0


class Libwbxml:
    """The library's conversion of XML to WBXML."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Declare the functions that are called (wbxml_conv.h, wbxml_errors.h, wbxml_mem.h)."""
        self._create = library.wbxml_conv_xml2wbxml_create
        self._create.argtypes = [POINTER(c_void_p)]
        self._set_version = library.wbxml_conv_xml2wbxml_set_version
        self._set_version.argtypes = [c_void_p, c_int]
        self._set_version.restype = None
        self._keep_white_space = library.wbxml_conv_xml2wbxml_enable_preserve_whitespaces
        self._keep_white_space.argtypes = [c_void_p]
        self._keep_white_space.restype = None
        self._no_string_table = library.wbxml_conv_xml2wbxml_disable_string_table
        self._no_string_table.argtypes = [c_void_p]
        self._no_string_table.restype = None
        self._run = library.wbxml_conv_xml2wbxml_run
        self._run.argtypes = [c_void_p, c_char_p, c_uint, POINTER(c_void_p), POINTER(c_uint)]
        self._destroy = library.wbxml_conv_xml2wbxml_destroy
        self._destroy.argtypes = [c_void_p]
        self._destroy.restype = None
        self._free = library.wbxml_free
        self._free.argtypes = [c_void_p]
        self._free.restype = None
        self._error_text = library.wbxml_errors_string
        self._error_text.argtypes = [c_int]
        self._error_text.restype = c_char_p

    def encode(self, xml: bytes, version: int) -> bytes:
        """Return WBXML with inline strings and all white space.

        ContentError where the vocabulary is unknown, or lacks an element.
        """
        conversion = c_void_p()
        if self._create(byref(conversion)) != _OK:
            raise MemoryError("libwbxml2 has no memory for a conversion")
        try:
            self._set_version(conversion, version)
            self._keep_white_space(conversion)
            self._no_string_table(conversion)
            octets, length = c_void_p(), c_uint()
            error = self._run(conversion, xml, len(xml), byref(octets), byref(length))
            if error != _OK:
                text = self._error_text(error).decode("ascii", "replace")
                raise ContentError(f"libwbxml2: {text}", line=1, column=1)
            try:
                return ctypes.string_at(octets, length.value)
            finally:
                self._free(octets)
        finally:
            self._destroy(conversion)


@cache
def libwbxml() -> Libwbxml | None:
    """Return the library, or None where this machine has none."""
    try:
        return Libwbxml(ctypes.CDLL(_FILE))
    except OSError:
        return None
