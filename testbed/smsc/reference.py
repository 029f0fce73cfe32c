"""What the SMSC does for each operation of SMPP, with the test that shows it, for the docs.

``python -m testbed.smsc.reference > docs/reference/smsc.md`` writes it anew.
"""

from __future__ import annotations

from typing import Final

_SMSC: Final = "tests/testbed/smsc/test_smsc.py"
_ANCILLARY: Final = "tests/testbed/smsc/test_ancillary.py"
_ROOM: Final = "tests/testbed/smsc/test_room.py"
_OUTBINDS: Final = "tests/testbed/smsc/test_outbinds.py"
_TO_ESMES: Final = "tests/testbed/smsc/test_to_esmes.py"
_SUBMISSION: Final = "tests/testbed/smsc/test_submission.py"
_RESTART: Final = "tests/testbed/smsc/test_smsc_restart.py"
_SESSION: Final = "tests/testbed/smpp"

OPERATIONS: Final[tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]] = (
    (
        "bind_transmitter, bind_receiver, bind_transceiver",
        "yes",
        "By system_id and password; without accounts everybody. 3.3 and 5.0 are negotiated to what "
        "3.4 has. ESME_RINVSYSID, ESME_RINVPASWD; ESME_RBINDFAIL for one session too many.",
        (
            (_SMSC, "test_an_esme_binds_with_its_password"),
            (_SMSC, "test_without_accounts_everybody_may_bind"),
            (_SMSC, "test_an_esme_has_only_so_many_sessions"),
        ),
    ),
    (
        "outbind",
        "yes",
        "To an ESME whose account says where it listens, when a receipt is due or a mobile writes "
        "to it and it has no session that receives; again each minute while a receipt is due.",
        (
            (_OUTBINDS, "test_an_esme_is_called_when_a_receipt_is_due"),
            (_OUTBINDS, "test_an_esme_is_called_when_a_mobile_writes_to_it"),
            (_SESSION, "test_outbind_asks_for_a_bind"),
        ),
    ),
    (
        "unbind, enquire_link, generic_nack",
        "yes",
        "As the session has it; receipts that were not answered go to the next session.",
        (
            (_SMSC, "test_it_stops_in_good_order"),
            (_SESSION, "test_a_peer_that_unbinds_is_answered_and_left"),
            (_SESSION, "test_an_unknown_command_is_nacked_and_the_session_goes_on"),
        ),
    ),
    (
        "data_sm, transaction mode",
        "yes",
        "Answered with the outcome: delivery_failure_reason, network_error_code, "
        "additional_status_info_text (which segments), dpf_result. Submitted again with the same "
        "user_message_reference it is joined.",
        (
            (_SMSC, "test_the_answer_to_a_transaction_is_its_outcome"),
            (_SMSC, "test_a_failed_transaction_says_precisely_why"),
            (_SMSC, "test_a_transaction_is_known_on_a_new_connection"),
        ),
    ),
    (
        "submit_sm, transaction mode",
        "yes",
        "The same, but the command_status is all that the response has room for.",
        (
            (_SMSC, "test_a_transaction_over_submit_sm_succeeds"),
            (_SMSC, "test_submit_sm_has_but_its_status_for_an_outcome"),
        ),
    ),
    (
        "datagram mode",
        "yes",
        "Answered at once; each segment goes out once.",
        ((_SMSC, "test_a_datagram_is_answered_at_once"),),
    ),
    (
        "submit_sm, data_sm, store and forward",
        "yes",
        "Answered once written down. Validity, scheduled delivery, priority within a lane, "
        "replace_if_present, receipts for all ends or failures only; none for intermediate states. "
        "ESME_RMSGQFUL where too many wait: in all, of this ESME, or for this terminal.",
        (
            (_SMSC, "test_a_message_is_answered_when_it_is_written_down"),
            (_SMSC, "test_a_message_that_cannot_be_written_down_is_refused"),
            (_SMSC, "test_a_message_takes_the_place_of_one_that_waits"),
            (_SUBMISSION, "test_times_are_the_smscs"),
            (_ROOM, "test_what_is_too_much_is_refused"),
        ),
    ),
    (
        "submit_multi",
        "yes, without distribution lists",
        "A message for each destination, under one message_id; each has its receipt. query_sm, "
        "cancel_sm and replace_sm by that id are about all destinations. Those that are not taken "
        "are in unsuccess_sme.",
        (
            (_SMSC, "test_each_destination_is_a_message"),
            (_SMSC, "test_a_transaction_that_reaches_nobody_is_refused_as_a_whole"),
            (_SUBMISSION, "test_there_are_no_distribution_lists"),
            (_RESTART, "test_each_destination_of_submit_multi_has_its_receipt"),
            (_ANCILLARY, "test_all_destinations_are_queried"),
        ),
    ),
    (
        "deliver_sm",
        "yes",
        "Receipts, kept until the ESME has taken them, as long and as many as `receipt_lifetime` "
        "and `receipts` let. Messages of mobiles to one of the ESME's `numbers`, at once or not at "
        "all: the mobile is told RP cause 27 where it is not bound, 42 where it is behind or says "
        "ESME_RTHROTTLED or ESME_RMSGQFUL, 41 for ESME_RX_T_APPN and silence, 21 for other "
        "refusals.",
        (
            (_SMSC, "test_a_receipt_tells_the_end"),
            (_SMSC, "test_a_receipt_that_is_refused_comes_again"),
            (_SMSC, "test_receipts_go_out_as_the_esme_answers"),
            (_RESTART, "test_a_receipt_that_is_due_goes_out_after_the_restart"),
            (_ROOM, "test_a_receipt_is_not_kept_for_ever"),
            (_TO_ESMES, "test_a_mobile_writes_to_an_esme"),
            (_TO_ESMES, "test_an_esmes_refusal_is_the_mobiles"),
        ),
    ),
    (
        "query_sm",
        "yes",
        "Of messages stored and forwarded, until `retention` after their end. Of several "
        "destinations: ENROUTE while anything may still go out, then what is worst (UNDELIVERABLE, "
        "EXPIRED, DELETED, DELIVERED), with the error of the first destination that has one and "
        "the time of the last end.",
        (
            (_ANCILLARY, "test_the_worst_end_is_what_a_query_tells"),
            (_SMSC, "test_a_message_is_queried_also_after_its_end"),
            (_RESTART, "test_a_message_is_queried"),
        ),
    ),
    (
        "cancel_sm",
        "yes",
        "One message by its id, or all for a destination; not one that is just being sent "
        "(ESME_RCANCELFAIL). Of several destinations what waits is deleted; ESME_RCANCELFAIL "
        "says that another is just being sent, or that nothing waited.",
        (
            (_ANCILLARY, "test_all_destinations_that_wait_are_cancelled"),
            (_SMSC, "test_messages_are_cancelled"),
            (_RESTART, "test_a_message_that_waits_is_cancelled"),
        ),
    ),
    (
        "replace_sm",
        "yes",
        "Of a message of which nothing has gone out; else ESME_RREPLACEFAIL. All destinations or "
        "none.",
        (
            (_ANCILLARY, "test_all_destinations_are_replaced_or_none"),
            (_SMSC, "test_a_message_that_waits_is_replaced"),
            (_RESTART, "test_a_message_that_waits_is_replaced"),
        ),
    ),
    (
        "alert_notification",
        "yes",
        "When a terminal is back that a failed data_sm with set_dpf was for. Not kept over a "
        "restart.",
        ((_SMSC, "test_the_delivery_pending_flag_brings_an_alert"),),
    ),
)
"""Operation, whether it is supported, how, and the tests by file or folder and name."""


def reference() -> str:
    """Return the page, in Markdown."""
    lines = [
        "# The SMSC's operations",
        "",
        "Written from `testbed/smsc/reference.py` by `python -m testbed.smsc.reference`; do not "
        "edit.",
        "",
        "What the lab's SMSC does with each operation of SMPP 3.4, in the manner of a PICS, and",
        "the tests that show it. PDUs, states, timers and error statuses are on the page of",
        "[SMPP](smpp.md).",
        "",
        "| Operation | Supported | How | Shown by |",
        "|---|---|---|---|",
    ]
    for operation, supported, how, tests in OPERATIONS:
        shown = ", ".join(f"`{name}`" for _, name in tests)
        lines.append(f"| {operation} | {supported} | {how} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
