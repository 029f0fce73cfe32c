"""What can be asked of PDP contexts that are there: another QoS or template, one more, one less.

Each of these is answered when the SGSN has been asked; events tell what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from corenet.assembly import Core
from corenet.control.errors import ControlError, no_context
from corenet.control.flows import new_template, octets
from corenet.control.model import (
    Done,
    MobileActivation,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    QosRequest,
    SecondaryRequest,
    SgsnQosRequest,
    TemplateRequest,
)
from corenet.ggsn.node import Ggsn
from corenet.interfaces.node import Node
from corenet.mobile.errors import MobileError
from corenet.mobile.population import Mobiles

T = TypeVar("T")


class Command(Protocol):
    """Has a node do something, as ``CoreControl`` does: 503 where it is not in service."""

    def __call__(self, node: Node, action: Callable[[float], T], /) -> T:
        """Return what ``action`` does at the time of now."""
        ...


class Bearers:
    """Commands on the PDP contexts of every GGSN of a core."""

    def __init__(self, core: Core, command: Command) -> None:
        """Have the GGSNs of ``core`` do by ``command`` what is asked."""
        self._core = core
        self._command = command

    def change_qos(self, imsi: str, apn: str, request: QosRequest) -> Done:
        """Ask the SGSN for another QoS of a terminal's contexts on ``apn``, or of one.

        Raises:
            ControlError: 404, there is no context; 503, the GGSN is not in service.
        """
        qos = bytes.fromhex(request.qos)
        asked = self._at_each(
            lambda ggsn, now: ggsn.change_qos(imsi, apn, qos, now, request.nsapi), "qos"
        )
        return _asked(asked, no_context(imsi, apn, request.nsapi))

    def change_template(self, imsi: str, apn: str, nsapi: int, request: TemplateRequest) -> Done:
        """Ask the SGSN for another traffic flow template of one context.

        Raises:
            ControlError: 409, that cannot be done with the template of now; 404, there is no
                context; 503, the GGSN is not in service.
        """
        asked = self._at_each(
            lambda ggsn, now: ggsn.change_template(
                imsi, apn, nsapi, request.template.octets(), now
            ),
            "template",
        )
        return _asked(asked, no_context(imsi, apn, nsapi))

    def request_secondary(self, imsi: str, apn: str, request: SecondaryRequest) -> Done:
        """Ask the SGSN for one more context with a terminal's address (TS 23.060 §9.2.2.3).

        Raises:
            ControlError: 409, the filters cannot stand beside those that are there; 404, there is
                no context; 503, the GGSN is not in service.
        """
        qos = bytes.fromhex(request.qos)
        asked = self._at_each(
            lambda ggsn, now: ggsn.request_secondary(
                imsi, apn, qos, new_template(request.filters), now
            ),
            "filters",
        )
        return _asked(asked, no_context(imsi, apn))

    def deactivate(self, imsi: str, apn: str, nsapi: int) -> Done:
        """Delete one of a terminal's contexts on ``apn``; those that share its address go on.

        Raises:
            ControlError: 404, there is none; 503, the GGSN is not in service.
        """
        gone = self._at_each(
            lambda ggsn, now: ggsn.deactivate_bearer(imsi, apn, nsapi, now), "nsapi"
        )
        if not gone:
            raise no_context(imsi, apn, nsapi)
        return Done(done="1 PDP context deleted")

    def modify_by_sgsn(self, imsi: str, nsapi: int, request: SgsnQosRequest) -> Done:
        """Have the SGSN ask the GGSN, and then the mobile, for another QoS (TS 23.060 §9.2.3.1).

        Raises:
            ControlError: 404, no SGSN here has such an active context; 503, it is not in service.
        """
        qos = bytes.fromhex(request.qos)
        for sgsn in self._core.sgsns.values():
            if self._command(sgsn, partial(sgsn.modify, imsi, nsapi, qos)):
                return Done(done="asked for 1 PDP context")
        detail = f"no SGSN here has an active PDP context of {imsi} with NSAPI {nsapi}"
        raise ControlError(404, "No PDP context", detail, field="nsapi")

    def _at_each(self, action: Callable[[Ggsn, float], int], field: str) -> int:
        """Return how many contexts the GGSNs found; what they refuse is the client's fault."""
        found = 0
        try:
            for ggsn in self._core.ggsns.values():
                found += self._command(ggsn, partial(action, ggsn))
        except ValueError as error:
            raise ControlError(409, "That cannot be", str(error), field=field) from None
        return found


def _asked(contexts: int, otherwise: ControlError) -> Done:
    if not contexts:
        raise otherwise
    return Done(done=f"asked for {contexts} PDP context{'' if contexts == 1 else 's'}")


def drive_contexts(
    mobiles: Mobiles,
    imsi: str,
    body: MobileActivation | MobileDeactivation | MobileSecondary | MobileModification,
    now: float,
) -> None:
    """Have a mobile do what it can with its PDP contexts. Raises MobileError."""
    try:
        _drive(mobiles, imsi, body, now)
    except ValueError as error:
        raise MobileError(str(error)) from None


def _drive(
    mobiles: Mobiles,
    imsi: str,
    body: MobileActivation | MobileDeactivation | MobileSecondary | MobileModification,
    now: float,
) -> None:
    match body:
        case MobileActivation(apn=apn):
            mobiles.activate(imsi, apn, now)
        case MobileDeactivation(apn=apn, nsapi=nsapi):
            mobiles.deactivate(imsi, apn, now, nsapi=nsapi)
        case MobileSecondary() as wanted:
            mobiles.activate_secondary(
                imsi,
                wanted.apn,
                now,
                nsapi=wanted.nsapi,
                qos=octets(wanted.qos),
                tft=octets(wanted.tft) or new_template(wanted.filters),
            )
        case MobileModification() as wanted:
            template = wanted.template
            mobiles.modify(
                imsi,
                wanted.apn,
                now,
                nsapi=wanted.nsapi,
                qos=octets(wanted.qos),
                tft=octets(wanted.tft) or (None if template is None else template.octets()),
            )
