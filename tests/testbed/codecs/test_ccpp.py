"""Capabilities of clients as CC/PP (UAProf), both ways."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import ccpp
from testbed.codecs.ccpp import NOTHING, Profile
from testbed.codecs.errors import ContentError

PHONE = b"""<?xml version="1.0"?>
<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:prf="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#">
 <rdf:Description rdf:ID="Phone">
  <prf:component>
   <rdf:Description rdf:ID="SoftwarePlatform">
    <rdf:type rdf:resource="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#Software"/>
    <prf:Defaults rdf:resource="http://wap.example/phone.rdf"/>
    <prf:CcppAccept>
     <rdf:Bag>
      <rdf:li>application/vnd.wap.wmlc</rdf:li>
      <rdf:li> Image/vnd.wap.WBMP;level=1 </rdf:li>
      <rdf:li>application/vnd.wap.wmlc</rdf:li>
     </rdf:Bag>
    </prf:CcppAccept>
    <prf:CcppAccept-Charset><rdf:Bag><rdf:li>utf-8</rdf:li></rdf:Bag></prf:CcppAccept-Charset>
   </rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:ID="BrowserUA">
    <prf:BrowserName>Nokia</prf:BrowserName><prf:BrowserVersion>7110/1.0</prf:BrowserVersion>
   </rdf:Description>
  </prf:component>
 </rdf:Description>
</RDF>"""

TOKENS = st.from_regex(r"[a-z0-9+.-]{1,8}", fullmatch=True)
PROFILES = st.builds(
    Profile,
    accept=st.lists(st.builds("{}/{}".format, TOKENS, TOKENS), unique=True).map(tuple),
    charsets=st.lists(TOKENS, unique=True).map(tuple),
    user_agent=st.from_regex(r"([!-.0-~]+(/[!-.0-~]+){0,2})?", fullmatch=True),
    url=st.from_regex(r"(http://[!-~]+)?", fullmatch=True),
)


def test_a_profile_is_read_as_manufacturers_write_it():
    """Each media type once, without parameters, in lower case."""
    assert ccpp.parse(PHONE) == Profile(
        accept=("application/vnd.wap.wmlc", "image/vnd.wap.wbmp"),
        charsets=("utf-8",),
        user_agent="Nokia/7110/1.0",
        url="http://wap.example/phone.rdf",
    )


def test_a_list_may_stand_without_a_container():
    """One value, or several with commas."""
    xml = b"<RDF><CcppAccept>text/html, text/vnd.wap.wml</CcppAccept></RDF>"
    assert ccpp.parse(xml).accept == ("text/html", "text/vnd.wap.wml")


def test_what_says_nothing_is_nothing():
    """An empty document is one."""
    assert ccpp.parse(b"<rdf:RDF/>") == NOTHING
    assert ccpp.parse(ccpp.build(NOTHING)) == NOTHING


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (b"", "no element"),
        (b"\n<rdf:RDF>", "line 2, column"),
        (b"<pap/>", "line 1, column 1: pap is not RDF"),
        (b"<RDF>\n <CcppAccept>html</CcppAccept></RDF>", "line 2, column 2: 'html' is not a media"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><RDF>&b;</RDF>', "declarations in the DOCTYPE"),
        (b"<RDF>" * 20 + b"</RDF>" * 20, "deeper than 16"),
    ],
)
def test_what_is_no_profile_is_refused_with_its_place(xml, text):
    """By line and column."""
    with pytest.raises(ContentError, match=text):
        ccpp.parse(xml)


@given(PROFILES)
def test_a_profile_reads_back(profile):
    """Whatever is said comes back."""
    assert ccpp.parse(ccpp.build(profile)) == profile


@given(PROFILES)
def test_a_profile_is_rdf_to_others(profile):
    """Namespaces are declared: a reader that minds them finds the same."""
    root = ET.fromstring(ccpp.build(profile))
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    prf = "{http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#}"
    assert root.tag == f"{rdf}RDF"
    items = root.findall(f".//{prf}CcppAccept/{rdf}Bag/{rdf}li")
    assert tuple(item.text for item in items) == profile.accept


DAMAGED = st.integers(0, len(PHONE) - 1).map(lambda place: PHONE[:place] + PHONE[place + 1 :])


@given(st.one_of(st.binary(), DAMAGED))
def test_only_content_errors_leave_the_reader(xml):
    """Random octets, and a profile that lacks one."""
    with suppress(ContentError):
        ccpp.parse(xml)


def test_a_range_stands_for_its_types():
    """A range itself is accepted by a range that is as wide."""
    profile = Profile(("text/*", "image/png"))
    assert [profile.accepts(one) for one in ("text/html", "text/*", "image/png", "*/*")] == [
        True,
        True,
        True,
        False,
    ]
    assert not profile.accepts("image/*")
    assert Profile(("*/*",)).accepts("a/b")
