"""Routeing areas and user locations, taken apart and put together.

Specs: TS 29.060 §7.7.3 (Routeing Area Identity), §7.7.51 (User Location Information), TS 23.003
§4 for the identities. Messages carry these elements as octets; what these say is here, and what
``Message.parsed`` returns.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor
from gtp.ies.element import fixed_octets, octets
from gtp.ies.identity import decode_plmn, encode_plmn


class LocationType(IntEnum):
    """What kind of area a user location names (TS 29.060 §7.7.51)."""

    CELL = 0
    """CGI: a cell of GERAN."""
    SERVICE_AREA = 1
    """SAI: a service area of UTRAN."""
    ROUTEING_AREA = 2
    """RAI."""


class RouteingArea(NamedTuple):
    """A routeing area identity, six octets."""

    mcc: str
    mnc: str
    lac: int
    rac: int

    @classmethod
    def parse(cls, octets: bytes) -> RouteingArea:
        """Read the value of IE 3. Raises ValueError if it is none."""
        cursor = Cursor(octets)
        area = cls(*decode_plmn(cursor.take(3)), cursor.number(2), cursor.number())
        cursor.finish()
        return area

    def encode(self) -> bytes:
        """Return the value of IE 3. Raises ValueError or OverflowError for what does not fit."""
        return encode_plmn(self.mcc, self.mnc) + self.lac.to_bytes(2) + self.rac.to_bytes(1)

    def __str__(self) -> str:
        return f"MCC {self.mcc}, MNC {self.mnc}, LAC {self.lac:04x}, RAC {self.rac:02x}"


class UserLocation(NamedTuple):
    """Where an MS is: a location area, and in it a cell, service area or routeing area."""

    type: LocationType
    mcc: str
    mnc: str
    lac: int
    code: int
    """Cell identity, service area code, or routeing area code, by the type."""

    @classmethod
    def parse(cls, octets: bytes) -> UserLocation:
        """Read the value of IE 152. Raises ValueError if it is none, or of an unknown type."""
        cursor = Cursor(octets)
        location_type = LocationType(cursor.number())
        mcc, mnc = decode_plmn(cursor.take(3))
        lac = cursor.number(2)
        if location_type is LocationType.ROUTEING_AREA:
            # One octet, and behind it a filler that not everybody sends.
            code = cursor.number()
            cursor.rest()
        else:
            code = cursor.number(2)
            cursor.finish()
        return cls(location_type, mcc, mnc, lac, code)

    def encode(self) -> bytes:
        """Return the value of IE 152. Raises ValueError or OverflowError for what does not fit."""
        area = bytes((self.type,)) + encode_plmn(self.mcc, self.mnc) + self.lac.to_bytes(2)
        if self.type is LocationType.ROUTEING_AREA:
            return area + self.code.to_bytes(1) + b"\xff"
        return area + self.code.to_bytes(2)

    def __str__(self) -> str:
        size = 2 if self.type is LocationType.ROUTEING_AREA else 4
        code = f"{_CODES[self.type]} {self.code:0{size}x}"
        return f"MCC {self.mcc}, MNC {self.mnc}, LAC {self.lac:04x}, {code}"


_CODES: Final = {
    LocationType.CELL: "cell",
    LocationType.SERVICE_AREA: "service area",
    LocationType.ROUTEING_AREA: "RAC",
}
ROUTEING_AREA_IDENTITY: Final = fixed_octets(
    IEType.ROUTEING_AREA_IDENTITY, 6, parse=RouteingArea.parse
)
USER_LOCATION: Final = octets(IEType.USER_LOCATION, usually=(7, 8), parse=UserLocation.parse)
