"""Media types with parameters, as in Content-Type headers (RFC 2045 §5.1, RFC 9110 §8.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN_TEXT = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
TOKEN = re.compile(_TOKEN_TEXT)
_MEDIA = re.compile(rf"\s*({_TOKEN_TEXT}/{_TOKEN_TEXT})\s*")
_PARAMETER = re.compile(
    rf';\s*(?:({_TOKEN_TEXT})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*)?', re.DOTALL
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type and its parameters, in order; type and parameter names in lower case."""

    media: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the parameter's value without quotes, or None."""
        return next((value for key, value in self.parameters if key == name.lower()), None)

    def __str__(self) -> str:
        written = [self.media]
        for name, value in self.parameters:
            if TOKEN.fullmatch(value) is None:
                value = '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
            written.append(f"{name}={value}")
        return "; ".join(written)


@lru_cache(maxsize=256)
def parse(text: str) -> ContentType:
    """Read a Content-Type value; ValueError where it is none.

    An unquoted value may hold characters that ought to be quoted ("type=application/xml"), and
    a ";" may be left over, because initiators write so.
    """
    found = _MEDIA.match(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is not a media type")
    media = found[1].lower()
    parameters: list[tuple[str, str]] = []
    position = found.end()
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None:
            raise ValueError(f"{text[position : position + 80]!r} is not a parameter of {media}")
        name, quoted, bare = found.groups()
        if name is not None:
            value = bare if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
            if any(name.lower() == known for known, _ in parameters):
                raise ValueError(f"the parameter {name.lower()} occurs twice")
            parameters.append((name.lower(), value))
        position = found.end()
    return ContentType(media, tuple(parameters))
