"""One line of text per message on the radio link, for ladders and logs. Nothing here raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces import llc, paging, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.causes import gmm_cause_text, sm_cause_text
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.sms.describe import cp_summary
from gtp.ies import TrafficFlowTemplate

SM_NAMES: Final = MappingProxyType(
    {
        0x41: "Activate PDP Context Request",
        0x42: "Activate PDP Context Accept",
        0x43: "Activate PDP Context Reject",
        0x44: "Request PDP Context Activation",
        0x45: "Request PDP Context Activation Reject",
        0x46: "Deactivate PDP Context Request",
        0x47: "Deactivate PDP Context Accept",
        0x48: "Modify PDP Context Request",
        0x49: "Modify PDP Context Accept",
        0x4A: "Modify PDP Context Request",
        0x4B: "Modify PDP Context Accept",
        0x4C: "Modify PDP Context Reject",
        0x4D: "Activate Secondary PDP Context Request",
        0x4E: "Activate Secondary PDP Context Accept",
        0x4F: "Activate Secondary PDP Context Reject",
        0x55: "SM Status",
        0x5B: "Request Secondary PDP Context Activation",
        0x5C: "Request Secondary PDP Context Activation Reject",
    }
)
GMM_NAMES: Final = MappingProxyType(
    {
        0x01: "Attach Request",
        0x02: "Attach Accept",
        0x03: "Attach Complete",
        0x04: "Attach Reject",
        0x05: "Detach Request",
        0x06: "Detach Accept",
        0x08: "Routing Area Update Request",
        0x09: "Routing Area Update Accept",
        0x0A: "Routing Area Update Complete",
        0x0B: "Routing Area Update Reject",
        0x10: "P-TMSI Reallocation Command",
        0x11: "P-TMSI Reallocation Complete",
        0x12: "Authentication and Ciphering Request",
        0x13: "Authentication and Ciphering Response",
        0x14: "Authentication and Ciphering Reject",
        0x15: "Identity Request",
        0x16: "Identity Response",
        0x1C: "Authentication and Ciphering Failure",
        0x20: "GMM Status",
    }
)
_UPLINK_ONLY = (0x01, 0x03, 0x08, 0x0A, 0x11, 0x13, 0x16, 0x1C)
_DOWNLINK_ONLY = (0x02, 0x04, 0x09, 0x0B, 0x10, 0x12, 0x14, 0x15)


def summary(octets: bytes, *, uplink: bool | None = None) -> str:
    """Return a SM or GMM message's name and what matters in it.

    ``uplink`` says that the MS sent it, which only tells the two kinds of detach apart.
    """
    discriminator = octets[0] & 0x0F if octets else None
    if discriminator == sm.PROTOCOL_DISCRIMINATOR:
        return _sm_summary(octets)
    if discriminator == gmm.PROTOCOL_DISCRIMINATOR:
        return _gmm_summary(octets, uplink)
    return f"unknown layer 3 message of {len(octets)} octets"


def frame_summary(frame: bytes) -> str:
    """Return what an LLC frame carries: a NAS or short message's summary, or whose user data.

    So for a paging, which comes in no LLC frame.
    """
    if paging.is_paging(frame):
        return _paging_summary(frame)
    try:
        ui = llc.decode_ui(frame)
    except llc.LlcError as error:
        return f"malformed LLC frame: {error}"
    if ui.ciphered:
        return f"ciphered LLC frame, SAPI {ui.sapi}, {len(ui.payload)} octets"
    if not ui.payload:
        return "LLC frame without information, to be heard"
    if ui.sapi == llc.Sapi.MOBILITY_MANAGEMENT:
        return summary(ui.payload, uplink=ui.uplink)
    if ui.sapi == llc.Sapi.SMS:
        return cp_summary(ui.payload, uplink=ui.uplink)
    try:
        nsapi, packet = sndcp.decode(ui.payload)
    except sndcp.SndcpError as error:
        return f"LLC SAPI {ui.sapi}: {error}"
    return f"User Data, NSAPI {nsapi}, {len(packet)} octets"


def _paging_summary(octets: bytes) -> str:
    try:
        return f"Paging Request, P-TMSI {paging.decode(octets):08x}"
    except paging.PagingError as error:
        return f"Paging Request, {error}"


def _sm_summary(octets: bytes) -> str:
    try:
        message = sm.decode(octets)
    except NasError as error:
        name = SM_NAMES.get(error.message_type or 0, "SM message")
        return f"{name}, malformed: {error}"
    number = octets[2] if octets[0] & 0x70 == 0x70 else octets[1]
    details = _DETAILS.get(type(message))
    return ", ".join((SM_NAMES[number], *(details(message) if details else ())))


def _gmm_summary(octets: bytes, uplink: bool | None) -> str:
    number = octets[1] if len(octets) > 1 else 0
    name = GMM_NAMES.get(number, "GMM message")
    if uplink is None:
        if number not in _UPLINK_ONLY + _DOWNLINK_ONLY:
            return name
        uplink = number in _UPLINK_ONLY
    try:
        message = gmm.decode(octets, uplink=uplink)
    except NasError as error:
        return f"{name}, malformed: {error}"
    details = _DETAILS.get(type(message))
    return ", ".join((name, *(details(message) if details else ())))


def _sm_cause(message: Any) -> tuple[str, ...]:
    return (f"{sm_cause_text(message.cause)} (sm {message.cause})",)


def _gmm_cause(message: Any) -> tuple[str, ...]:
    if message.cause is None:
        return ()
    return (f"{gmm_cause_text(message.cause)} (gmm {message.cause})",)


def _apn(apn: str | None) -> tuple[str, ...]:
    return () if apn is None else (f"APN {apn}",)


def _activate_request(message: sm.ActivatePdpContextRequest) -> tuple[str, ...]:
    return (str(message.pdp_address), *_apn(message.apn), f"NSAPI {message.nsapi}")


def _activate_accept(message: sm.ActivatePdpContextAccept) -> tuple[str, ...]:
    address = () if message.pdp_address is None else (str(message.pdp_address),)
    return address if message.cause is None else (*address, *_sm_cause(message))


def _request_activation(message: sm.RequestPdpContextActivation) -> tuple[str, ...]:
    return (str(message.pdp_address), *_apn(message.apn))


def _deactivate_request(message: sm.DeactivatePdpContextRequest) -> tuple[str, ...]:
    return _sm_cause(message) + (("teardown",) if message.teardown else ())


def _tft(octets: bytes | None) -> tuple[str, ...]:
    if octets is None:
        return ()
    try:
        template = TrafficFlowTemplate.parse(octets)
    except ValueError:
        return ("malformed TFT",)
    numbers = [each.identifier for each in template.filters] or list(template.deleted)
    filters = f" of filters {', '.join(map(str, numbers))}" if numbers else ""
    return (f"TFT {template.operation.name.lower().replace('_', ' ')}{filters}",)


def _modify_request(message: Any) -> tuple[str, ...]:
    qos = () if message.qos is None else (f"QoS {message.qos.hex()}",)
    return qos + _tft(message.tft)


def _modify_accept(message: sm.ModifyPdpContextAcceptDownlink) -> tuple[str, ...]:
    return () if message.qos is None else (f"QoS {message.qos.hex()}",)


def _secondary_request(message: sm.ActivateSecondaryPdpContextRequest) -> tuple[str, ...]:
    return (f"linked {message.linked_ti}", f"NSAPI {message.nsapi}", *_tft(message.tft))


def _request_secondary(message: sm.RequestSecondaryPdpContextActivation) -> tuple[str, ...]:
    return (f"linked {message.linked_ti}", *_tft(message.tft))


def _attach_request(message: gmm.AttachRequest) -> tuple[str, ...]:
    return (str(message.identity),)


def _update_request(message: gmm.RoutingAreaUpdateRequest) -> tuple[str, ...]:
    periodic = message.update_type == gmm.UpdateType.PERIODIC
    return ("periodic",) if periodic else (f"from {gmm.area_text(message.old_rai)}",)


def _update_accept(message: gmm.RoutingAreaUpdateAccept) -> tuple[str, ...]:
    p_tmsi = () if message.p_tmsi is None else (f"P-TMSI {message.p_tmsi:08x}",)
    return (gmm.area_text(message.rai), *p_tmsi, *_gmm_cause(message))


def _reallocation(message: gmm.PTmsiReallocationCommand) -> tuple[str, ...]:
    return (f"P-TMSI {message.p_tmsi:08x}",)


def _identity(message: gmm.IdentityResponse) -> tuple[str, ...]:
    return (str(message.identity),)


def _challenge(message: gmm.AuthenticationRequest) -> tuple[str, ...]:
    if message.rand is None:
        return ("ciphering only",)
    return ("gsm",) if message.autn is None else ("umts",)


def _attach_accept(message: gmm.AttachAccept) -> tuple[str, ...]:
    p_tmsi = () if message.p_tmsi is None else (f"P-TMSI {message.p_tmsi:08x}",)
    return p_tmsi + _gmm_cause(message)


def _detach_request(message: gmm.DetachRequestUplink) -> tuple[str, ...]:
    return ("power off",) if message.power_off else ()


def _network_detach_request(message: gmm.DetachRequestDownlink) -> tuple[str, ...]:
    again = message.detach_type == gmm.NetworkDetachType.REATTACH_REQUIRED
    return (("re-attach required",) if again else ()) + _gmm_cause(message)


_DETAILS: Final[Mapping[type, Callable[[Any], tuple[str, ...]]]] = MappingProxyType(
    {
        sm.ActivatePdpContextRequest: _activate_request,
        sm.ActivatePdpContextAccept: _activate_accept,
        sm.ActivatePdpContextReject: _sm_cause,
        sm.RequestPdpContextActivation: _request_activation,
        sm.RequestPdpContextActivationReject: _sm_cause,
        sm.DeactivatePdpContextRequest: _deactivate_request,
        sm.ModifyPdpContextRequestDownlink: _modify_request,
        sm.ModifyPdpContextRequestUplink: _modify_request,
        sm.ModifyPdpContextAcceptDownlink: _modify_accept,
        sm.ModifyPdpContextReject: _sm_cause,
        sm.ActivateSecondaryPdpContextRequest: _secondary_request,
        sm.ActivateSecondaryPdpContextReject: _sm_cause,
        sm.RequestSecondaryPdpContextActivation: _request_secondary,
        sm.RequestSecondaryPdpContextActivationReject: _sm_cause,
        sm.SmStatus: _sm_cause,
        gmm.AttachRequest: _attach_request,
        gmm.AttachAccept: _attach_accept,
        gmm.AttachReject: _gmm_cause,
        gmm.DetachRequestUplink: _detach_request,
        gmm.DetachRequestDownlink: _network_detach_request,
        gmm.RoutingAreaUpdateRequest: _update_request,
        gmm.RoutingAreaUpdateAccept: _update_accept,
        gmm.RoutingAreaUpdateReject: _gmm_cause,
        gmm.PTmsiReallocationCommand: _reallocation,
        gmm.IdentityResponse: _identity,
        gmm.AuthenticationRequest: _challenge,
        gmm.AuthenticationFailure: _gmm_cause,
        gmm.GmmStatus: _gmm_cause,
    }
)
