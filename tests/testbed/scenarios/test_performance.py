"""How scenarios are performed: steps, faults, and what is said of a failure."""

from __future__ import annotations

import pytest

from corenet.mobile.events import DatagramReceived


def said(report):
    return "\n".join(map(str, report.problems))


def count(report, name):
    return sum(seen.name == name for seen in report.observed.record)


def test_what_is_not_so_is_said_with_what_is(perform):
    """Each expectation that failed has its place, and what there was instead."""
    report = perform(
        """\
        act:
          - activate: {}
        expect:
          within: 1
          ladder:
            - {message: PDU Notification Request, with: {imsi: "1"}}
          never: [{event: PdpContextCreated}]
          count:
            - {message: Create PDP Context Request, is: 2}
            - {message: Echo Request, is: 1}
            - {message: PDU Notification Request, is: 0}
          activation: {outcome: failed, cause.number: 4}
          screen: [Hello]
          terminal: {online: false, contexts.0.nsapi: 6}
          counters:
            ggsn: {gtp requests: 5}
            nobody: {a: 1}
        """
    )
    assert not report.passed
    text = said(report)
    for part in (
        "written.yaml:9:7: PDU Notification Request with imsi 1: ggsn → sgsn  PDU Notification "
        "Request at 20.0 ms has imsi 234150000000401, not 1",
        "written.yaml:10:11: PdpContextCreated never: ggsn  PdpContextCreated at ",
        "Create PDP Context Request 2 times in all, not 1",
        "Echo Request 1 times in all, not 0: no message of that name was seen",
        "PDU Notification Request 0 times in all, not 1",
        "outcome is active, not failed",
        "there is no cause.number here; there is key, ",
        "the screen shows nothing, not “Hello”",
        "online is true, not false",
        "contexts.0.nsapi is 5, not 6",
        "there is no gtp requests here; is it gtp.requests_sent?",
        "no nobody counts anything; these do: ggsn, ",
    ):
        assert part in text, text


def test_what_was_never_asked_for_is_said(perform):
    """A step that failed leaves the ones behind it undone."""
    report = perform(
        """\
        act:
          - network: {do: deactivate}
          - activate: {}
        expect: {}
        """
    )
    assert "written.yaml:5:14: this step failed: " in said(report)
    assert report.observed.activations == {}


def test_waiting_in_vain_is_a_failure(perform):
    """What was waited for is said, and what there was instead."""
    report = perform(
        """\
        act:
          - activate: {}
          - until: {message: PDU Notification Response, with: {cause: 204}, within: 1}
        expect: {}
        """
    )
    assert "in vain for 1 s: PDU Notification Response with cause 204: sgsn → ggsn" in said(report)
    report = perform(
        """\
        act:
          - until_terminal: {has: {online: true, nowhere: 1}, within: 1}
        expect: {}
        """
    )
    assert "in vain for 1 s: online is False, nowhere is not there" in said(report)


def test_steps_can_have_their_times(perform):
    """Seconds after the first one; one whose time has come goes at once."""
    report = perform(
        """\
        act:
          - wait: 0.5
          - at: 0.2
            activate: {}
          - at: 2
            network: {do: deactivate}
        expect:
          ladder:
            - event: PdpContextCreated
            - {event: PdpContextDeleted, of: ggsn}
        """
    )
    assert report.passed, said(report)
    times = {
        seen.name: seen.time - report.began
        for seen in report.observed.record
        if seen.name in ("ActivationStarted", "PdpContextDeleted")
    }
    assert times["ActivationStarted"] == pytest.approx(0.5)
    assert times["PdpContextDeleted"] >= 2


@pytest.mark.parametrize(
    ("fault", "requests", "longest"),
    [
        ("lose: {message: PDU Notification Request}, times: 2", 3, 2.0),
        ("lose: {message: PDU Notification Request}, seconds: 0.1", 2, 1.0),
        ("delay: {message: PDU Notification Request}, by: 0.2, times: 1", 1, 0.5),
        ("repeat: {message: PDU Notification Request}, times: 1", 2, 0.2),
        ("lose: {message: PDU Notification Request}, skip: 1", 1, 0.2),
        ("cut: [ggsn, sgsn], seconds: 0.1", 2, 1.0),
    ],
)
def test_faults_do_what_they_say(perform, fault, requests, longest):
    """So many, after so many, for so long; then everything passes."""
    report = perform(
        f"""\
  faults: [{{{fault}}}]
act:
  - activate: {{}}
expect:
  count: [{{message: PDU Notification Request, is: {requests}, repeats: true}}]
  activation: {{outcome: active}}
"""
    )
    assert report.passed, said(report)
    assert report.seconds < longest + 0.5


def test_what_is_sent_again_counts_once(perform):
    """A retransmission is the same message; with ``repeats`` it is one more."""
    report = perform(
        """\
  faults: [{lose: {message: PDU Notification Request}, times: 1}]
act:
  - activate: {}
expect:
  activation: {outcome: active}
  count:
    - {message: PDU Notification Request, is: 1}
    - {message: PDU Notification Request, is: 2, repeats: true}
    - {message: Send Routeing Information for GPRS Request, is: 1, repeats: true}
"""
    )
    assert report.passed, said(report)


def test_an_answer_comes_as_from_whom_was_asked(perform):
    """It has the sequence number of the request and goes to the TEID that was given."""
    report = perform(
        """\
  faults:
    - answer: {message: Send Routeing Information for GPRS Request}
      values: {cause: 128, sgsn_address: 127.0.30.8}
act:
  - activate: {}
expect:
  ladder:
    - {message: Send Routeing Information for GPRS Response, from: hlr, to: ggsn}
    - {message: PDU Notification Request, to: sgsn-far}
"""
    )
    assert report.passed, said(report)


def test_the_network_can_be_told_what_to_do(perform):
    """Operations of the control interface on a terminal."""
    report = perform(
        """\
        act:
          - network: {do: reallocate_p_tmsi}
          - until: {event: PTmsiReallocated}
          - activate: {}
          - until: {event: ContextActivated, of: mobiles}
          - network: {do: change_qos, with: {qos: 020b921f7396fefe742bffff}}
          - until: {event: PdpContextUpdated}
          - network: {do: detach_terminal}
        expect:
          terminal: {attached: false}
        """
    )
    assert report.passed, said(report)


def test_a_datagram_can_go_to_any_address(perform):
    """To a terminal without a static one there is no way by itself."""
    report = perform(
        """\
        act:
          - datagram: {to: 127.30.0.101}
        expect:
          screen: [You have 4 new messages]
        """
    )
    assert report.passed, said(report)
    assert any(isinstance(seen.subject, DatagramReceived) for seen in report.observed.record)
    report = perform('act:\n  - datagram: {terminal: "447700900402"}\nexpect: {}\n')
    assert "the terminal has no static address" in said(report)


def test_pushes_and_activations_can_have_names(perform):
    """And screens and terminals can be of others."""
    report = perform(
        """\
        act:
          - name: one
            push: {}
          - name: other
            push: {terminal: "447700900402", text: Hello}
        expect:
          pushes:
            one: {state: delivered}
            other: {accepted: 1001, state: delivered}
          screens:
            - {shows: [You have 4 new messages]}
            - {terminal: "447700900402", shows: [Hello]}
          terminals:
            - {terminal: "447700900402", has: {online: true}}
        """
    )
    assert report.passed, said(report)


def test_the_same_seed_gives_the_same_course(perform):
    """To the millisecond and the TEID."""
    text = "act:\n  - push: {}\nexpect:\n  push: {state: delivered}\n"
    one, same, other = (perform(text, seed=seed) for seed in (1, 1, 2))
    assert one.ladder == same.ladder
    assert one.ladder != other.ladder


def test_a_restarted_ggsn_knows_nothing(perform):
    """Its contexts are gone; another terminal gets one."""
    report = perform(
        """\
        act:
          - name: before
            activate: {}
          - until: {event: ContextActivated, of: mobiles}
          - restart: ggsn
          - name: after
            activate: {terminal: "447700900402"}
        expect:
          activations:
            after: {outcome: active}
          terminal: {online: false}
        """
    )
    assert report.passed, said(report)


def test_a_lab_that_cannot_be_had_in_virtual_time_is_said(perform):
    """Before anything is done; so is one whose mobiles never attach."""
    report = perform(
        """\
  overrides: {sgsn: {hlr: {address: 127.0.0.9}}}
act:
  - activate: {}
expect: {}
"""
    )
    assert "virtual time has no place for it" in said(report)
    assert report.observed is None
    report = perform(
        """\
  overrides: {subscribers: {"447700900401": {barring: attach}}}
act:
  - activate: {}
expect: {}
"""
    )
    assert "not every mobile has attached" in said(report)


def test_connections_are_reset_and_lose_nothing(perform):
    """A client that is cut off binds anew; what is lost on SMPP comes when TCP sends it again."""
    head = """\
summary: what a test is about
arrange:
  lab: sms
  terminal: "447700900202"
  faults:
    - lose: {message: SMPP data_sm}
      times: 2
"""
    report = perform(
        """\
        act:
          - reset: smpp
          - wait: 12
          - push: {lifetime: 60}
        expect:
          ladder:
            - message: SMPP bind_transceiver
            - event: SmsSubmitted
            - message: SMPP data_sm
          count:
            - {message: SMPP data_sm, is: 1, repeats: true}
          push: {state: delivered}
        """,
        head=head,
    )
    assert report.passed, said(report)
    submitted, went = (
        next(seen.time for seen in report.observed.record if seen.name == name)
        for name in ("SmsSubmitted", "SMPP data_sm")
    )
    assert 3.0 <= went - submitted < 3.1
