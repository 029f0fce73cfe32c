"""Wireless Session Protocol: connectionless Push and the headers it carries.

Specs: WAP-230 §8 (WSP 1.x), encodings as Wireshark and Kannel implement them.
"""

from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.push import PUSH_PORT, SOURCE_PORT, Push, decode_push
from testbed.codecs.wsp.tables import DEFAULT_APPLICATION

__all__ = ["DEFAULT_APPLICATION", "PUSH_PORT", "SOURCE_PORT", "Push", "WspError", "decode_push"]
