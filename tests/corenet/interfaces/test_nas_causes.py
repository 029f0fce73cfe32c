"""Causes in words and how they turn into one another."""

from __future__ import annotations

import pytest

from corenet.interfaces.nas import causes
from corenet.interfaces.nas.causes import GmmCause, SmCause


def test_causes_have_words() -> None:
    """Names keep the acronyms that the specifications write in capitals."""
    assert SmCause.INSUFFICIENT_RESOURCES.text == "insufficient resources"
    assert SmCause.LLC_OR_SNDCP_FAILURE.text == "LLC or SNDCP failure"
    assert SmCause.QOS_NOT_ACCEPTED.text == "QoS not accepted"
    assert GmmCause.IMSI_UNKNOWN_IN_HLR.text == "IMSI unknown in HLR"


def test_numbers_without_name_have_words_too() -> None:
    """Any number may be received."""
    assert causes.sm_cause_text(200) == "SM cause 200"
    assert causes.gmm_cause_text(200) == "GMM cause 200"


@pytest.mark.parametrize(
    ("gtp", "expected"),
    [
        (None, SmCause.NETWORK_FAILURE),
        (193, SmCause.NETWORK_FAILURE),
        (199, SmCause.INSUFFICIENT_RESOURCES),
        (209, SmCause.USER_AUTHENTICATION_FAILED),
        (219, SmCause.MISSING_OR_UNKNOWN_APN),
        (220, SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE),
        (222, SmCause.SERVICE_OPTION_NOT_SUBSCRIBED),
        (240, SmCause.ACTIVATION_REJECTED_UNSPECIFIED),
    ],
)
def test_refusal_by_the_ggsn_becomes_an_sm_cause(gtp: int | None, expected: SmCause) -> None:
    """The MS learns why in its own numbers; without an answer it is a network failure."""
    assert causes.sm_cause_for_refused_create(gtp) is expected


def test_deletion_by_the_ggsn_becomes_an_sm_cause() -> None:
    """Only a GGSN that wants the MS back says something else than regular."""
    assert causes.sm_cause_for_delete(None) is SmCause.REGULAR_DEACTIVATION
    assert causes.sm_cause_for_delete(6) is SmCause.REACTIVATION_REQUESTED


def test_failed_request_becomes_a_gtp_cause() -> None:
    """The GGSN learns only whether the MS refused or did not answer."""
    assert causes.gtp_cause_for_failed_request(SmCause.INSUFFICIENT_RESOURCES) == 4
    assert causes.gtp_cause_for_failed_request(None) == 5
