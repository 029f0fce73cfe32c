"""What a client can do, as CC/PP: the few attributes of a UAProf document that matter here.

Specs: WAP-248 (UAProf) §8 (components), W3C CC/PP. RDF is read by the names of its elements alone,
wherever they stand, as UAProf documents are written; namespaces, ``rdf:about`` and references to
other documents are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from testbed.codecs import markup, media
from testbed.codecs.errors import ContentError
from testbed.codecs.markup import Element, Limits, MarkupError

MEDIA_TYPES: Final = frozenset({"application/xml", "text/xml", "application/rdf+xml"})
"""What a document in XML may be called."""
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SCHEMA: Final = "http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#"
_LIMITS: Final = Limits(depth=16)
_CONTAINERS: Final = frozenset({"Bag", "Seq", "Alt"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What is said of a client; empty where nothing is."""

    accept: tuple[str, ...] = ()
    """Media types and ranges, in lower case, without parameters (CcppAccept)."""
    charsets: tuple[str, ...] = ()
    """CcppAccept-Charset."""
    user_agent: str = ""
    """BrowserName and BrowserVersion, with a slash between."""
    url: str = ""
    """Where the client's own profile is (Defaults)."""

    def accepts(self, media_type: str) -> bool:
        """Return whether a media type, or a range as a whole, is among those accepted."""
        kind = media_type.partition("/")[0]
        return not {"*/*", f"{kind}/*", media_type}.isdisjoint(self.accept)

    def __or__(self, other: Profile) -> Profile:
        """Join what both accept; where both name the client, this one does."""
        return Profile(
            tuple(dict.fromkeys(self.accept + other.accept)),
            tuple(dict.fromkeys(self.charsets + other.charsets)),
            self.user_agent or other.user_agent,
            self.url or other.url,
        )

    def or_else(self, other: Profile) -> Profile:
        """Fill in from ``other`` what this one does not say."""
        return Profile(
            self.accept or other.accept,
            self.charsets or other.charsets,
            self.user_agent or other.user_agent,
            self.url or other.url,
        )


NOTHING: Final = Profile()


def parse(xml: bytes) -> Profile:
    """Read a document; ContentError with line and column where it is none."""
    try:
        root = markup.read(xml, _LIMITS).root
    except MarkupError as error:
        raise ContentError(error.text, line=error.line, column=error.column) from None
    if _name(root) != "RDF":
        raise root.error(f"{root.name} is not RDF")
    said: dict[str, list[str]] = {}
    url = ""
    for element in _all(root):
        match _name(element):
            case "CcppAccept":
                said.setdefault("accept", []).extend(_media_types(element))
            case "CcppAccept-Charset" | "BrowserName" | "BrowserVersion" as name:
                said.setdefault(name, []).extend(_values(element))
            case "Defaults":
                url = url or _resource(element)
    return Profile(
        tuple(dict.fromkeys(said.get("accept", ()))),
        tuple(dict.fromkeys(said.get("CcppAccept-Charset", ()))),
        "/".join(said.get("BrowserName", [])[:1] + said.get("BrowserVersion", [])[:1]),
        url,
    )


def build(profile: Profile) -> bytes:
    """Write a document in UTF-8 with the components of which something is said.

    ValueError where XML lacks one of the characters.
    """
    software = ""
    if profile.url:
        software += f'<prf:Defaults rdf:resource="{markup.escape(profile.url)}"/>'
    software += _bag("CcppAccept", profile.accept)
    software += _bag("CcppAccept-Charset", profile.charsets)
    name, _, version = profile.user_agent.partition("/")
    browser = _literal("BrowserName", name) + _literal("BrowserVersion", version)
    components = _component("SoftwarePlatform", software) + _component("BrowserUA", browser)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<rdf:RDF xmlns:rdf="{_RDF}" xmlns:prf="{_SCHEMA}">'
        f'<rdf:Description rdf:ID="Profile">{components}</rdf:Description></rdf:RDF>\n'
    ).encode()


def _component(name: str, attributes: str) -> str:
    if not attributes:
        return ""
    return (
        f'<prf:component><rdf:Description rdf:ID="{name}">'
        f'<rdf:type rdf:resource="{_SCHEMA}{name}"/>{attributes}'
        "</rdf:Description></prf:component>"
    )


def _bag(name: str, values: tuple[str, ...]) -> str:
    if not values:
        return ""
    items = "".join(f"<rdf:li>{markup.escape(value)}</rdf:li>" for value in values)
    return f"<prf:{name}><rdf:Bag>{items}</rdf:Bag></prf:{name}>"


def _literal(name: str, value: str) -> str:
    return f"<prf:{name}>{markup.escape(value)}</prf:{name}>" if value else ""


def _name(element: Element) -> str:
    """Return the name without its prefix."""
    return element.name.rpartition(":")[2]


def _all(root: Element) -> Iterator[Element]:
    """Return an element and all within, in the order of the document."""
    left = [root]
    while left:
        element = left.pop()
        yield element
        left += reversed(element.children)


def _values(element: Element) -> list[str]:
    """Return the items of a container, or what stands there itself."""
    items = [
        item.text
        for container in element.children
        if _name(container) in _CONTAINERS
        for item in container.children
    ]
    return [value.strip() for value in items or [element.text] if value.strip()]


def _media_types(element: Element) -> Iterator[str]:
    for value in _values(element):
        for one in value.split(","):
            try:
                yield media.parse(one).media
            except ValueError as error:
                raise element.error(str(error)) from None


def _resource(element: Element) -> str:
    return next(
        (value for name, value in element.attributes.items() if name.endswith("resource")), ""
    )
