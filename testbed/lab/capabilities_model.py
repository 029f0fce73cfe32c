"""What a lab file may say of what clients can do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from testbed.codecs import media
from testbed.codecs.ccpp import NOTHING, Profile
from testbed.codecs.markup import is_character_data
from testbed.gateway.config import ClientProfiles
from testbed.lab.parts import Msisdn, Part


def _media_range(value: str) -> str:
    parsed = media.parse(value)
    if parsed.parameters:
        raise ValueError(f"{value}: parameters do not count, leave them out")
    return parsed.media


def _text(value: str) -> str:
    if not is_character_data(value):
        raise ValueError("a character that XML does not have")
    return value


MediaRange = Annotated[str, AfterValidator(_media_range), Field(strict=True)]
Charset = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", strict=True)]


class ClientPart(Part):
    """What one client can do, or any of which nothing else is known."""

    accept: tuple[MediaRange, ...] = Field(
        default=(), description='media types and ranges that it accepts, such as "text/*"'
    )
    charsets: tuple[Charset, ...] = Field(default=(), description="such as utf-8")
    user_agent: Annotated[str, AfterValidator(_text)] = Field(
        default="", description="name and version, such as Nokia7110/1.0"
    )
    profile: str = Field(
        default="", pattern=r"^(https?://[!-~]+)?$", description="URL of its UAProf document"
    )

    def known(self) -> Profile:
        """Return it as the gateway has it."""
        return Profile(self.accept, self.charsets, self.user_agent, self.profile)


class CapabilitiesPart(Part):
    """What clients can do, beside what they say themselves in the headers of their sessions."""

    default: ClientPart | None = Field(
        default=None, description="fills in what is known of a client from nowhere else"
    )
    clients: dict[Msisdn, ClientPart] = Field(default_factory=dict, description="by MSISDN")
    matching: Literal["if-known", "required"] = Field(
        default="if-known",
        description="what becomes of a push with a capabilities entity for a client of which it is "
        "not known what it accepts: it is accepted, or refused with 3004",
    )

    def profiles(self) -> ClientProfiles:
        """Return them as the gateway has them."""
        return ClientProfiles(
            NOTHING if self.default is None else self.default.known(),
            {msisdn: client.known() for msisdn, client in self.clients.items()},
            must_match=self.matching == "required",
        )
