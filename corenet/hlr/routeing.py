"""What the HLR answers GGSNs that look for a subscriber.

Specs: TS 29.060 §7.4.1 to §7.4.4 (Send Routeing Information for GPRS, Failure Report);
TS 23.060 §9.2.2.2.1 (how the HLR answers); TS 29.002 §8.1.5, §17.6.6 (MAP errors).
"""

from __future__ import annotations

from corenet.hlr.events import FailureReported, RouteingInformationGiven
from corenet.hlr.reachability import Reachability
from corenet.hlr.register import Record, Register
from corenet.interfaces.node import Event
from gtp.codes import MapCause, MsNotReachableReason
from gtp.constants import Cause
from gtp.endpoint import Endpoint, RequestReceived
from gtp.messages import (
    FailureReportRequest,
    FailureReportResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
)

NOT_PAGED = frozenset(
    {MsNotReachableReason.NO_PAGING_RESPONSE_SGSN, MsNotReachableReason.NO_PAGING_RESPONSE_MSC}
)
"""Reasons with which the GGSN tries all the same: the SGSN still serves the MS."""


class Routeing:
    """Answers messages 32 and 34."""

    def __init__(
        self,
        register: Register,
        endpoint: Endpoint,
        reachability: Reachability,
        events: list[Event],
    ) -> None:
        self._register = register
        self._endpoint = endpoint
        self._reachability = reachability
        self._events = events

    def send_routeing_information(
        self, received: RequestReceived, request: SendRouteingInformationRequest, now: float
    ) -> None:
        """Say which SGSN serves the subscriber, or why none can be asked (TS 29.060 §7.4.2)."""
        ggsn = received.peer[0]
        record = self._register.find(request.imsi)
        response = self._routeing_information(request.imsi, record)
        self._endpoint.respond(received, response, now)
        if record is not None:
            record.note_told(ggsn)
            if response.map_cause is not None or not (
                record.reason is None or record.reason in NOT_PAGED
            ):
                self._reachability.expect(record, ggsn)
        self._events.append(
            RouteingInformationGiven(
                imsi=request.imsi,
                ggsn=ggsn,
                cause=response.cause,
                sgsn=response.sgsn_address,
                reason=record.reason if record else None,
                map_cause=MapCause(response.map_cause) if response.map_cause else None,
            )
        )

    def _routeing_information(
        self, imsi: str, record: Record | None
    ) -> SendRouteingInformationResponse:
        if record is None:
            return SendRouteingInformationResponse(
                cause=Cause.IMSI_NOT_KNOWN, imsi=imsi, map_cause=MapCause.UNKNOWN_SUBSCRIBER
            )
        if record.sgsn is None:
            return SendRouteingInformationResponse(
                cause=Cause.REQUEST_ACCEPTED,
                imsi=imsi,
                map_cause=MapCause.ABSENT_SUBSCRIBER,
                ms_not_reachable_reason=record.reason,
            )
        return SendRouteingInformationResponse(
            cause=Cause.REQUEST_ACCEPTED,
            imsi=imsi,
            ms_not_reachable_reason=record.reason,
            sgsn_address=record.sgsn[0],
        )

    def failure_report(
        self, received: RequestReceived, request: FailureReportRequest, now: float
    ) -> None:
        """Set the flag and list the GGSN (TS 29.060 §7.4.3).

        Where the MS has come back since the GGSN asked for it, the report is out of date: the
        flag would never be cleared, for nothing follows. The GGSN is told at once instead.
        """
        ggsn = received.peer[0]
        record = self._register.find(request.imsi)
        if record is None:
            response = FailureReportResponse(
                cause=Cause.IMSI_NOT_KNOWN, map_cause=MapCause.UNKNOWN_SUBSCRIBER
            )
            self._endpoint.respond(received, response, now)
            return
        response = FailureReportResponse(cause=Cause.REQUEST_ACCEPTED)
        self._endpoint.respond(received, response, now)
        self._events.append(FailureReported(request.imsi, ggsn))
        self._reachability.expect(record, ggsn)
        overtaken = record.take_overtaken(ggsn)
        if record.reason is not None:
            return
        if overtaken:
            self._reachability.regain(record, now)
        else:
            self._reachability.lose(record, MsNotReachableReason.GPRS_DETACHED)
