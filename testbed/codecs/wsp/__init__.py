"""Wireless Session Protocol: connectionless Push and the headers it carries.

Specs: WAP-230 §8 (WSP 1.x), encodings as Wireshark and Kannel implement them.
"""

from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.push import Push, decode_push

__all__ = ["Push", "WspError", "decode_push"]
