"""What the messages of the benchmark say: plain values that each contender turns into octets.

Every message differs in its identities, addresses, TEIDs and labels, so that remembering what
was seen before helps nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LABEL_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Notification:
    """The values of a PDU Notification Request."""

    sequence: int
    imsi: str
    teid_control: int
    address: str
    apn: str
    ggsn_address: str


@dataclass(frozen=True, slots=True)
class Creation:
    """The values of a Create PDP Context Request with 17 elements."""

    sequence: int
    imsi: str
    mcc: str
    mnc: str
    lac: int
    rac: int
    recovery: int
    teid_data: int
    teid_control: int
    nsapi: int
    address: str
    apn: str
    control_address: str
    user_address: str
    msisdn: str
    delay_class: int
    maximum_up: int
    maximum_down: int
    rat_type: int
    imei: str

    @property
    def pco(self) -> bytes:
        """DNS addresses asked for: containers 0x000D and 0x0003."""
        return bytes.fromhex("80000d00000300")

    @property
    def qos(self) -> bytes:
        """The QoS profile: allocation and retention priority, then twelve octets."""
        head = (2, self.delay_class << 3 | 3, 0x92, 0x1F, 0x73, 0x96)
        return bytes((*head, self.maximum_up, self.maximum_down, 0x74, 0x2B, 0xFF, 0xFF, 0))

    @property
    def rai(self) -> bytes:
        """The routeing area identity of a network with a two-digit MNC."""
        plmn = bytes.fromhex(self.mcc[1] + self.mcc[0] + "f" + self.mcc[2] + self.mnc[::-1])
        return plmn + self.lac.to_bytes(2, "big") + bytes((self.rac,))


def digits(random: Random, count: int) -> str:
    """Return a string of digits."""
    return "".join(random.choices("0123456789", k=count))


def address(random: Random) -> str:
    """Return an IPv4 address."""
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))


def apn(random: Random) -> str:
    """Return an APN of two or three labels."""
    return ".".join(
        "".join(random.choices(LABEL_LETTERS, k=random.randrange(2, 12)))
        for _ in range(random.randrange(2, 4))
    )


def notifications(random: Random, count: int) -> list[Notification]:
    """Return values for ``count`` PDU Notification Requests."""
    return [
        Notification(
            sequence=random.randrange(65536),
            imsi=digits(random, 15),
            teid_control=random.randrange(1, 2**32),
            address=address(random),
            apn=apn(random),
            ggsn_address=address(random),
        )
        for _ in range(count)
    ]


def creations(random: Random, count: int) -> list[Creation]:
    """Return values for ``count`` Create PDP Context Requests."""
    return [
        Creation(
            sequence=random.randrange(65536),
            imsi=digits(random, 15),
            mcc=digits(random, 3),
            mnc=digits(random, 2),
            lac=random.randrange(65536),
            rac=random.randrange(256),
            recovery=random.randrange(256),
            teid_data=random.randrange(1, 2**32),
            teid_control=random.randrange(1, 2**32),
            nsapi=random.randrange(5, 16),
            address=address(random),
            apn=apn(random),
            control_address=address(random),
            user_address=address(random),
            msisdn=digits(random, 12),
            delay_class=random.randrange(1, 5),
            maximum_up=random.randrange(1, 255),
            maximum_down=random.randrange(1, 255),
            rat_type=random.randrange(1, 7),
            imei=digits(random, 16),
        )
        for _ in range(count)
    ]
