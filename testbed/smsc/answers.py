"""What the SMSC answers: outcomes as SMPP has them.

Specs: SMPP 3.4 §4.4.2 (submit_sm_resp), §4.7.2 (data_sm_resp), §5.1.3 (command_status). The
outcome of a transaction has its place in data_sm_resp; submit_sm_resp has but the command_status.
"""

from __future__ import annotations

from testbed.codecs.smpp import (
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliveryFailureReason,
    NetworkErrorCode,
    NetworkType,
    Response,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from testbed.codecs.smpp import parameters as p
from testbed.codecs.smpp.parameters import Tlv
from testbed.smsc.failures import NO_CAPACITY, Failure, Prospect
from testbed.smsc.transaction import Outcome

_LONGEST_TEXT = 255


def accepted(pdu: SubmitSm | SubmitMulti | DataSm, message_id: str) -> Response:
    """Return that a message was taken, or has arrived."""
    match pdu:
        case SubmitSm():
            return SubmitSmResp(message_id=message_id)
        case SubmitMulti():
            return SubmitMultiResp(message_id=message_id)
        case DataSm():
            return DataSmResp(message_id=message_id)


def refused(pdu: SubmitSm | SubmitMulti | DataSm, status: int) -> Response:
    """Return that a message was not taken."""
    match pdu:
        case SubmitSm():
            return SubmitSmResp(status=status)
        case SubmitMulti():
            return SubmitMultiResp(status=status)
        case DataSm():
            return DataSmResp(status=status)


def ended(
    pdu: SubmitSm | SubmitMulti | DataSm, message_id: str, outcome: Outcome, *, dpf: bool
) -> Response:
    """Return how a transaction ended; ``dpf`` says that the ESME will be told of the terminal."""
    if outcome.failure is None:
        return accepted(pdu, message_id)
    if not isinstance(pdu, DataSm):
        return refused(pdu, submit_status(outcome.failure))
    return DataSmResp(
        status=data_status(outcome.failure),
        message_id=message_id,
        tlvs=_failure(outcome, dpf=dpf),
    )


def submit_status(failure: Failure) -> CommandStatus:
    """Return the command_status that says most where nothing else can be said."""
    if failure is NO_CAPACITY:
        return CommandStatus.RMSGQFUL
    if failure.reason is DeliveryFailureReason.DESTINATION_ADDRESS_INVALID:
        return CommandStatus.RINVDSTADR
    if failure.prospect is Prospect.NEVER:
        return CommandStatus.RSUBMITFAIL
    return CommandStatus.RX_T_APPN


def data_status(failure: Failure) -> CommandStatus:
    """Return the command_status of a transaction that failed."""
    return CommandStatus.RMSGQFUL if failure is NO_CAPACITY else CommandStatus.RDELIVERYFAILURE


def _failure(outcome: Outcome, *, dpf: bool) -> tuple[Tlv, ...]:
    failure = outcome.failure
    assert failure is not None
    tlvs = [p.DELIVERY_FAILURE_REASON(int(failure.reason))]
    if failure.map_error is not None:
        tlvs.append(p.NETWORK_ERROR_CODE(NetworkErrorCode(NetworkType.GSM, failure.map_error)))
    tlvs.append(p.ADDITIONAL_STATUS_INFO_TEXT(str(outcome)[:_LONGEST_TEXT]))
    if dpf:
        tlvs.append(p.DPF_RESULT(1))
    return tuple(tlvs)
