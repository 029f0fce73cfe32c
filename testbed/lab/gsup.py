"""Which nodes of a lab speak GSUP with other processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from corenet.gr.config import GsupServerConfig, HlrOutsideConfig
from corenet.gr.hlr_outside import place_of
from corenet.interfaces.gsup import GSUP_PORT
from corenet.interfaces.node import Address
from testbed.lab.model import Lab
from testbed.lab.parts import HlrLinkPart


def hlr_place(lab: Lab, link: HlrLinkPart | None) -> Address:
    """Return where a node finds its HLR on Gr: the lab's own, or where its ``link`` leads."""
    if link is not None:
        return place_of(_name(lab, (link.address, link.port)))
    assert lab.hlr is not None
    return lab.hlr.address, GSUP_PORT


def hlrs_outside(lab: Lab) -> Mapping[str, HlrOutsideConfig]:
    """Return the HLRs of other processes by the names of their nodes.

    Raise ``ValueError`` where two nodes are known to one HLR by the same unit name.
    """
    units: dict[Address, dict[Address, str]] = {}
    for link, address, unit in _links(lab):
        units.setdefault((link.address, link.port), {})[address, GSUP_PORT] = unit
    return {_name(lab, hlr): HlrOutsideConfig(hlr, asking) for hlr, asking in units.items()}


def gsup_server(lab: Lab) -> GsupServerConfig | None:
    """Return the port for clients of other processes, None where the HLR is the lab's alone."""
    if lab.hlr is None or not lab.hlr.listen:
        return None
    return GsupServerConfig(
        (lab.hlr.address, GSUP_PORT),
        (lab.hlr.address, lab.hlr.port),
        names={unit: place_of(unit) for unit in lab.hlr.service_centres.values()},
    )


def service_centres(lab: Lab) -> Mapping[str, Address]:
    """Return where the lab's HLR finds service centres on Gr, by their numbers."""
    centres: dict[str, Address] = {}
    if lab.hlr is not None:
        centres = {number: place_of(unit) for number, unit in lab.hlr.service_centres.items()}
    if lab.smsc is not None and lab.smsc.hlr is None:
        centres[lab.smsc.number] = (lab.smsc.address, GSUP_PORT)
    return centres


def centre_of_mobiles(lab: Lab) -> str:
    """Return the number to which mobiles send their short messages, "" where there is none."""
    if lab.smsc is not None:
        return lab.smsc.number
    return "" if lab.hlr is None else next(iter(lab.hlr.service_centres), "")


def _links(lab: Lab) -> Iterator[tuple[HlrLinkPart, str, str]]:
    for default, part in (*lab.all_sgsns().items(), ("smsc", lab.smsc)):
        if part is not None and part.hlr is not None:
            yield part.hlr, part.address, part.hlr.unit_name or default


def _name(lab: Lab, hlr: Address) -> str:
    """Return an outside HLR's name here: hlr, where that tells enough."""
    known = {(link.address, link.port) for link, _, _ in _links(lab)}
    return "hlr" if lab.hlr is None and len(known) == 1 else f"hlr-{hlr[0]}-{hlr[1]}"
