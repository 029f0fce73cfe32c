"""Bearer control mode: whether the network may ask for contexts and templates, too.

Specs: TS 23.060 §9.2.2.1 (how it is selected), §9.2.2.3 and §9.2.3.2 (what it allows); TS 24.008
§10.5.6.3 (container 0005); TS 29.060 §7.3.1-7.3.4, §7.7.48 (NRSN) and §7.7.83 (the mode).

Theory of operation. A mobile says in its options that it takes what the network asks for, an SGSN
with a common flag. Where both do, the mode is "MS and network", else "MS only"; the mobile is told
where it has said so, and the SGSN where it has. The mode holds for all contexts with one address.
Another SGSN, after the mobile has moved, says it anew, or not: where the mode is another one then,
the mobile is told by an Update PDP Context Request.
"""

from __future__ import annotations

from corenet.ggsn.contexts import ControlTunnel, PdpContext
from gtp.ies.session import MS_AND_NETWORK, NETWORK_REQUESTS_SUPPORTED


class BearerControlError(ValueError):
    """The network may not ask for this."""


def note_mobile(context: PdpContext, pco: bytes | None) -> None:
    """Take note of a mobile that takes the network's requests; who says nothing changes nothing.

    What its SGSN says has been noted before, for the mobile is told the mode of both.
    """
    if pco is not None and context.access.options.takes_network_requests(pco):
        for bearer in context.bearers:
            bearer.ms_takes_requests = True
            bearer.told_mode = context.bearer_control_mode


def note_sgsn(tunnel: ControlTunnel, common_flags: int | None, *, anew: bool) -> None:
    """Take note of what an SGSN says; with ``anew`` it is another one, whose silence counts."""
    if common_flags is not None:
        tunnel.network_requests = bool(common_flags & NETWORK_REQUESTS_SUPPORTED)
    elif anew:
        tunnel.network_requests = False


def mode_for_sgsn(context: PdpContext, common_flags: int | None) -> int | None:
    """Return what an SGSN is told that has sent ``common_flags``; None for nothing."""
    says = common_flags is not None and common_flags & NETWORK_REQUESTS_SUPPORTED
    return context.bearer_control_mode if says else None


def require_network(context: PdpContext) -> None:
    """Raise ``BearerControlError`` where only the mobile may ask."""
    if context.bearer_control_mode == MS_AND_NETWORK:
        return
    who = "mobile" if context.tunnel.network_requests else "SGSN"
    raise BearerControlError(
        f'the bearer control mode is "MS only": the {who} has not said that it takes such requests'
    )
