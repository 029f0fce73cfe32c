"""SI, SL and CO as libwbxml's xml2wbxml writes them."""

import subprocess

import pytest

from testbed.codecs import co, si, sl
from tests.conftest import require_peer

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("libwbxml")]

SI_DOCTYPE = (
    '<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">'
)
SL_DOCTYPE = (
    '<!DOCTYPE sl PUBLIC "-//WAPFORUM//DTD SL 1.0//EN" "http://www.wapforum.org/DTD/sl.dtd">'
)

INDICATIONS = (
    '<indication href="http://www.example.com/mail/123" si-id="mail1@example.com"'
    ' created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z" action="signal-high">'
    "You have 4 new emails</indication>",
    '<indication action="signal-none" href="http://a.net/b.org/c.edu/d.com/">x</indication>',
    '<indication action="signal-low" href="https://www.example.com">\n  äöü €  \n</indication>',
    '<indication action="signal-medium" href="https://example.com/a">&lt;&amp;&gt;</indication>',
    '<indication action="delete" si-id="a.com/b.com/"/>',
    '<indication href="ftp://a.com/"/>',
    '<indication href="www.example.org/"></indication>',
    '<indication created="2000-01-01T00:00:00Z" si-expires="2010-10-10T10:10:00Z">y</indication>',
    "<indication>a</indication>"
    '<info><item class="x.com/">b.com/</item><item class="y">c</item></info>',
)
LOADINGS = (
    '<sl href="http://www.example.com/x" action="execute-high"/>',
    '<sl action="execute-low" href="https://www.a.edu/b"></sl>',
    '<sl href="http://a.com" action="cache"/>',
    '<sl href="mailto:a"/>',
)


CO_DOCTYPE = (
    '<!DOCTYPE co PUBLIC "-//WAPFORUM//DTD CO 1.0//EN" "http://www.wapforum.org/DTD/co_1.0.dtd">'
)
OPERATIONS = (
    '<co><invalidate-object uri="http://www.example.com/a"/></co>',
    '<co>\n<invalidate-service uri="https://www.a.org/"/>\n'
    '<invalidate-object uri="https://b.net/c.edu/"/></co>',
    '<co><invalidate-service uri="http://x"></invalidate-service></co>',
    '<co><invalidate-object uri="/relative"/></co>',
)


@pytest.fixture(scope="module")
def libwbxml():
    """See that both converters can be had."""
    for program in ("xml2wbxml", "wbxml2xml"):
        require_peer(program, package="libwbxml2-utils")


def peer(xml, folder):
    """Return what xml2wbxml makes of a document, as WBXML 1.2 and without a string table."""
    source, target = folder / "in.xml", folder / "out.wbxml"
    source.write_bytes(xml)
    command = ["xml2wbxml", "-n", "-v", "1.2", "-o", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return target.read_bytes()


@pytest.mark.parametrize("inner", INDICATIONS)
@pytest.mark.clause("WAP-167, WAP-168, WAP-175", "SI, SL, CO as WBXML")
def test_si_has_the_same_octets(inner, tmp_path):
    """Each token of SI is the peer's."""
    xml = f'<?xml version="1.0"?>\n{SI_DOCTYPE}\n<si>\n{inner}\n</si>'.encode()
    assert si.transcode(xml).hex() == peer(xml, tmp_path).hex()


@pytest.mark.parametrize("inner", LOADINGS)
def test_sl_has_the_same_octets(inner, tmp_path):
    """Each token of SL is the peer's."""
    xml = f'<?xml version="1.0"?>\n{SL_DOCTYPE}\n{inner}'.encode()
    assert sl.transcode(xml).hex() == peer(xml, tmp_path).hex()


@pytest.mark.parametrize("inner", OPERATIONS)
def test_co_has_the_same_octets(inner, tmp_path):
    """Each token of CO is the peer's."""
    xml = f'<?xml version="1.0"?>\n{CO_DOCTYPE}\n{inner}'.encode()
    assert co.transcode(xml).hex() == peer(xml, tmp_path).hex()


@pytest.mark.parametrize("inner", INDICATIONS)
def test_what_is_built_has_the_same_octets(inner, tmp_path):
    """XML that is written here means the same to the peer as to this encoder."""
    value = si.parse(f"<si>{inner}</si>".encode())
    assert si.encode(value).hex() == peer(si.build(value), tmp_path).hex()


@pytest.mark.parametrize("inner", INDICATIONS)
def test_peer_reads_what_is_written(inner, tmp_path):
    """What is written here, wbxml2xml turns into XML of the same meaning."""
    value = si.parse(f"<si>{inner}</si>".encode())
    source, target = tmp_path / "in.wbxml", tmp_path / "out.xml"
    source.write_bytes(si.encode(value))
    command = ["wbxml2xml", "-o", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    assert si.parse(target.read_bytes()) == value
