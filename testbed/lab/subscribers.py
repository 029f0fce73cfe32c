"""A lab file's subscribers, ranges counted out, and what their mobiles are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from random import Random
from typing import Final

from corenet.authentication.secrets import Secret
from corenet.interfaces.nas.elements import PdpType
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from corenet.mobile.config import MobileConfig
from testbed.handset.settings import HandsetSettings
from testbed.lab import access, gsup
from testbed.lab.card_model import CardPart
from testbed.lab.handsets import handset, usual_handset
from testbed.lab.mobiles_model import MobilePart
from testbed.lab.model import Lab
from testbed.lab.subscribers_model import SubscriberPart
from testbed.lab.yaml_source import Source, SourceError

_PREFIX_BITS: Final = 64
_PDP_TYPES: Final = {
    "ipv4": PdpType.IPV4,
    "ipv6": PdpType.IPV6,
    "ipv4v6": PdpType.IPV4V6,
}


@dataclass(frozen=True, slots=True)
class Numbered:
    """One subscriber of a range."""

    part: SubscriberPart
    mobile: MobilePart | None
    """What is behind it, drawn where the range is a mix."""
    path: tuple[str | int, ...]
    """Where the range stands in the lab file."""
    imsi: str
    msisdn: str
    index: int
    """From 0."""

    def address(self, first: str | None) -> str | None:
        """Return this one's static address, counted up from the range's first.

        Of IPv6 each subscriber has a prefix of its own.
        """
        if first is None:
            return None
        address = ip_address(first)
        return str(address + (self.index if address.version == 4 else self.index << _PREFIX_BITS))


def counted_out(lab: Lab, source: Source) -> Iterator[Numbered]:
    """Return every subscriber; raise ``SourceError`` where a range has too long numbers."""
    for position, part in enumerate(lab.subscribers):
        path = ("subscribers", position)
        last_imsi = str(int(part.imsi) + part.count - 1).zfill(len(part.imsi))
        last_msisdn = str(int(part.msisdn) + part.count - 1).zfill(len(part.msisdn))
        if len(last_imsi) > 15 or len(last_msisdn) > 15:
            text = f"counting {part.count} up from here ends in a number of more than 15 digits"
            raise SourceError((source.problem((*path, "count"), text),))
        drawn = _drawn(part, Random(f"{lab.seed} {part.imsi}"))
        for index, mobile in enumerate(drawn):
            yield Numbered(
                part,
                mobile,
                path,
                str(int(part.imsi) + index).zfill(len(part.imsi)),
                str(int(part.msisdn) + index).zfill(len(part.msisdn)),
                index,
            )


def _drawn(part: SubscriberPart, random: Random) -> Sequence[MobilePart | None]:
    """Return the mobile of each subscriber of a range."""
    if not part.mix:
        return [part.mobile] * part.count
    weights = [one.weight for one in part.mix]
    return random.choices([one.mobile for one in part.mix], weights, k=part.count)


def of_process(numbered: tuple[Numbered, ...], process: str | None) -> tuple[Numbered, ...]:
    """Return the subscribers whose mobiles are in a process, None for the network's."""
    return tuple(
        one for one in numbered if one.mobile is not None and one.mobile.process == process
    )


def mobiles(lab: Lab, numbered: tuple[Numbered, ...]) -> tuple[MobileConfig, ...]:
    """Return the configurations of the subscribers' mobiles."""
    centre = gsup.centre_of_mobiles(lab)
    return tuple(_mobile(lab, one, one.mobile, centre) for one in numbered if one.mobile)


def self_activating(numbered: tuple[Numbered, ...]) -> dict[str, tuple[str, ...]]:
    """Return the APNs that mobiles activate by themselves, by IMSI; those that do."""
    return {
        one.imsi: one.mobile.activate
        for one in numbered
        if one.mobile is not None and one.mobile.activate
    }


def secret_and_sqn(card: CardPart | None) -> tuple[Secret | None, int]:
    """Return a card's secret and its sequence number."""
    return (None, 0) if card is None else (card.secret, card.sqn)


def _mobile(lab: Lab, one: Numbered, part: MobilePart, centre: str) -> MobileConfig:
    secret, sqn = secret_and_sqn(part.card or one.part.card)
    return MobileConfig(
        imsi=one.imsi,
        msisdn=one.msisdn,
        behaviour=part.behaviour(),
        sms_behaviour=SmsBehaviour(
            SmsAnswer(part.on_sms), part.rp_cause, part.sms_answer_after, part.sms_refused
        ),
        reassembly=part.sms_reassembly,
        service_centre=centre,
        secret=secret,
        sqn=sqn,
        apns=tuple(apn.name for apn in one.part.apns) if part.apns is None else part.apns,
        only_own_apns=part.apns is not None,
        pdp_type=_PDP_TYPES[part.pdp_type],
        most_contexts=part.most_contexts,
        ready_timer=part.ready_timer,
        cell=access.first_cell(lab) if part.cell is None else part.cell,
        moves=tuple((move.after, move.cell) for move in part.moves),
        outages=tuple(period for each in part.outages for period in each.periods()),
        terminal=part.tun is not None,
        attach_at_start=part.attached,
    )


def handsets(lab: Lab, numbered: tuple[Numbered, ...]) -> dict[str, HandsetSettings]:
    """Return the settings that are not the usual ones; a range shares one object."""
    usual = usual_handset(lab.gateway)
    by_kind = {
        kind: handset(kind, lab.gateway) for part in lab.subscribers for _, kind in part.kinds()
    }
    return {
        one.imsi: own
        for one in numbered
        if one.mobile is not None and (own := by_kind[one.mobile]) != usual
    }
