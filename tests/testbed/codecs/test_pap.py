"""PAP documents, both ways."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import pap
from testbed.codecs.markup import is_character_data
from testbed.codecs.pap import (
    DeliveryMethod,
    MessageState,
    PapError,
    Priority,
    ReplaceMethod,
    StatusCode,
    Version,
)

ADDRESS = "WAPPUSH=+447700900123/TYPE=PLMN@ppg.example"
PAP_1_0 = (
    '<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 1.0//EN" "http://www.wapforum.org/DTD/pap_1.0.dtd">'
)


def refusal(xml):
    with pytest.raises(PapError) as caught:
        pap.parse(xml if isinstance(xml, bytes) else xml.encode())
    return caught.value


def push(attributes="", inner=f'<address address-value="{ADDRESS}"/>'):
    return f'<pap>\n<push-message push-id="1@pi" {attributes}>{inner}</push-message></pap>'


def test_push_message_with_everything():
    """Each attribute of push-message and quality-of-service lands in its field."""
    xml = f"""<?xml version="1.0"?>
<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "http://www.wapforum.org/DTD/pap_2.0.dtd"
  [<?wap-pap-ver supported-versions="2.0,1.*"?>]>
<pap product-name="pi 1.0">
  <push-message push-id="1@pi.example" replace-push-id="0@pi.example"
      replace-method="pending-only"
      deliver-before-timestamp="1999-06-25T15:23:15Z"
      deliver-after-timestamp="1970-01-01T00:00:01Z" source-reference="who"
      ppg-notify-requested-to="http://pi.example/n?a=1&amp;b=2" progress-notes-requested="true">
    <address address-value="{ADDRESS}"/>
    <address address-value="WAPPUSH=10.45.0.7/TYPE=IPv4@ppg.example"/>
    <quality-of-service priority="high" delivery-method="preferconfirmed" network="GSM"
      network-required="true" bearer="GPRS" bearer-required="false"/>
  </push-message>
</pap>"""
    envelope = pap.parse_envelope(xml.encode())
    assert envelope.version is Version.V2_0
    assert envelope.product_name == "pi 1.0"
    assert envelope.supported_versions == "2.0,1.*"
    assert envelope.document == pap.PushMessage(
        push_id="1@pi.example",
        addresses=(ADDRESS, "WAPPUSH=10.45.0.7/TYPE=IPv4@ppg.example"),
        deliver_before=930_324_195.0,
        deliver_after=1.0,
        source_reference="who",
        notify_url="http://pi.example/n?a=1&b=2",
        progress_notes=True,
        replace_push_id="0@pi.example",
        replace_method=ReplaceMethod.PENDING_ONLY,
        quality_of_service=pap.QualityOfService(
            priority=Priority.HIGH,
            delivery_method=DeliveryMethod.PREFER_CONFIRMED,
            network="GSM",
            network_required=True,
            bearer="GPRS",
        ),
    )


def test_absent_attributes_have_the_dtd_s_defaults():
    """What a push-message leaves out has the default of the DTD, or is None."""
    message = pap.parse(
        push(inner=f'<address address-value="{ADDRESS}"/><quality-of-service/>').encode()
    )
    assert message == pap.PushMessage("1@pi", (ADDRESS,), quality_of_service=pap.QualityOfService())
    assert message.progress_notes is False
    assert message.replace_method is ReplaceMethod.ALL
    assert message.quality_of_service.priority is Priority.MEDIUM
    assert message.quality_of_service.delivery_method is DeliveryMethod.NOT_SPECIFIED


def test_push_message_is_written_with_the_doctype_of_2_0():
    """The document is PAP 2.0 unless another version is asked for; defaults are left out."""
    message = pap.PushMessage(
        "1@pi",
        (ADDRESS,),
        deliver_before=0,
        quality_of_service=pap.QualityOfService(bearer="GPRS", bearer_required=True),
    )
    assert pap.build(message, product_name="a & b").decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN"'
        ' "http://www.wapforum.org/DTD/pap_2.0.dtd">\n'
        '<pap product-name="a &amp; b">'
        '<push-message push-id="1@pi" deliver-before-timestamp="1970-01-01T00:00:00Z">'
        f'<address address-value="{ADDRESS}"/>'
        '<quality-of-service bearer="GPRS" bearer-required="true"/>'
        "</push-message></pap>\n"
    )


def test_result_notification_is_written_field_by_field():
    """A result notification names push, address, state, code and times."""
    notification = pap.ResultNotification(
        push_id="1@pi",
        address=ADDRESS,
        state=MessageState.DELIVERED,
        code=StatusCode.OK,
        desc="done",
        sender_name="ppg",
        event_time=1,
    )
    assert pap.build(notification, version=Version.V1_0).decode().splitlines()[1:] == [
        PAP_1_0,
        '<pap><resultnotification-message push-id="1@pi" sender-name="ppg"'
        ' event-time="1970-01-01T00:00:01Z" message-state="delivered" code="1000" desc="done">'
        f'<address address-value="{ADDRESS}"/></resultnotification-message></pap>',
    ]


def test_pap_2_1_has_the_oma_doctype():
    """Version 2.1 is OMA's."""
    xml = pap.build(pap.CancelMessage("1@pi"), version=Version.V2_1)
    assert b'"-//OMA//DTD PAP 2.1//EN"' in xml
    assert b'"http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd"' in xml
    assert pap.parse_envelope(xml).version is Version.V2_1


def test_other_instructions_say_nothing_about_versions():
    """Only wap-pap-ver lists supported versions."""
    xml = b"<?other x?><?wap-pap-ver nothing?>" + push().encode()
    assert pap.parse_envelope(xml).supported_versions is None


def test_version_is_unknown_without_doctype():
    """A document may lack its DOCTYPE, or the DOCTYPE its public identifier."""
    assert pap.parse_envelope(push().encode()).version is None
    assert pap.parse_envelope(b'<!DOCTYPE pap SYSTEM "x">' + push().encode()).version is None


@pytest.mark.parametrize("public_id", ["-//WAPFORUM//DTD PAP 3.0//EN", "-//OMA//DTD PAP 2.2//EN"])
def test_other_versions_are_answered_with_3002(public_id):
    """A version that is not supported gets its own code, with the push-id for the answer."""
    error = refusal(f'<!DOCTYPE pap PUBLIC "{public_id}" "x">{push()}')
    assert error.code == StatusCode.VERSION_NOT_SUPPORTED
    assert error.push_id == "1@pi"
    assert "only 1.0, 2.0, 2.1" in error.text


@pytest.mark.parametrize(
    "doctype", ['pap PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "x"', "si", 'si SYSTEM "x"']
)
def test_doctype_of_something_else_is_refused(doctype):
    """The DOCTYPE has to be PAP's."""
    error = refusal(f"<!DOCTYPE {doctype}>{push()}")
    assert error.code == StatusCode.BAD_REQUEST
    assert "DOCTYPE" in error.text


@pytest.mark.parametrize(
    ("xml", "element", "text"),
    [
        ("<pop/>", "pop", "the root element is pop, not pap"),
        ("<pap/>", "pap", "pap holds one document, not 0"),
        ("<pap> x </pap>", "pap", "pap holds text"),
        ('<pap name="x"/>', "pap", "pap has no attribute name"),
        ("<pap><address/></pap>", "address", "address is not a PAP document"),
        ("<pap><new-message/></pap>", "new-message", "new-message is not a PAP document"),
        ("<pap><push-message/></pap>", "push-message", "push-message lacks its push-id"),
        (push(inner=""), "push-message", "push-message lacks its address"),
        (push(inner="<address/>"), "address", "address lacks its address-value"),
        (push('x="1"'), "push-message", "push-message has no attribute x"),
        (push(inner='<address address-value="a">b</address>'), "address", "address holds text"),
        (
            push(inner='<quality-of-service/><address address-value="a"/>'),
            "push-message",
            "push-message lacks its address",
        ),
        (
            push(inner='<address address-value="a"/><quality-of-service/><quality-of-service/>'),
            "quality-of-service",
            "quality-of-service is not allowed here in push-message",
        ),
        (
            push('progress-notes-requested="yes"'),
            "push-message",
            "progress-notes-requested: 'yes' is neither true nor false",
        ),
        (
            push('replace-method="none"'),
            "push-message",
            "replace-method: 'none' is none of all, pending-only",
        ),
        (
            push('deliver-before-timestamp="tomorrow"'),
            "push-message",
            "deliver-before-timestamp: 'tomorrow' is not YYYY-MM-DDThh:mm:ssZ",
        ),
        ('<pap><push-message push-id=" "/></pap>', "push-message", "push-id: it is empty"),
        (
            '<pap><badmessage-response code="ok"/></pap>',
            "badmessage-response",
            "code: 'ok' is not a status code of four digits",
        ),
    ],
)
def test_what_breaks_the_dtd_is_refused_with_its_place(xml, element, text):
    """A document that breaks the DTD is a bad request; the element and the reason are named."""
    error = refusal(xml)
    assert (error.code, error.element, error.text) == (StatusCode.BAD_REQUEST, element, text)
    assert error.fragment.startswith(f"<{element}")
    assert error.line is not None


def test_error_has_line_column_fragment_and_push_id():
    """All that a badmessage-response needs is in the error."""
    error = refusal(push(inner='\n  <address address-valu="a"/>'))
    assert str(error) == "line 3, column 3: address has no attribute address-valu"
    assert error.fragment == '<address address-valu="a"/>'
    assert error.push_id == "1@pi"


def test_xml_errors_are_bad_requests():
    """What is not well-formed, and what declares entities, is a bad request."""
    error = refusal(b"<pap><push-message></pap>")
    assert (error.code, error.line, error.column) == (StatusCode.BAD_REQUEST, 1, 22)
    assert error.fragment == "</pap>"
    assert refusal(b"").fragment is None
    bomb = '<!DOCTYPE pap [<!ENTITY a "aaaa">]>' + push('source-reference="&a;&a;"')
    assert "refused" in refusal(bomb).text


def test_thousands_of_addresses_are_read():
    """A push may have many recipients."""
    addresses = tuple(f"WAPPUSH=+4477009{n:05}/TYPE=PLMN@p" for n in range(5000))
    assert pap.parse(pap.build(pap.PushMessage("1@pi", addresses))).addresses == addresses


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (pap.PushMessage("1@pi", ()), "push-message lacks its address"),
        (pap.PushMessage(" ", (ADDRESS,)), "push-id: it is empty"),
        (pap.PushMessage("1@pi", ("\0",)), "address-value: a character that XML does not have"),
        (pap.BadMessageResponse(7), "code: 7 is not a status code of four digits"),
        (pap.CancelResponse("1@pi", ()), "cancel-response lacks its cancel-result"),
        (
            pap.PushMessage("1@pi", (ADDRESS,), deliver_after=1e20),
            "deliver-after-timestamp: 1e+20 is outside the years 1 to 9999",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(document, text):
    """A value that no document can hold is the caller's error."""
    with pytest.raises(ValueError) as caught:
        pap.build(document)
    assert str(caught.value) == text


def test_replacement_needs_2_0():
    """PAP 1.0 has no replace-push-id."""
    message = pap.PushMessage("1@pi", (ADDRESS,), replace_push_id="0@pi")
    with pytest.raises(ValueError) as caught:
        pap.build(message, version=Version.V1_0)
    assert str(caught.value) == "PAP 1.0 has no replace-push-id"


def test_every_code_and_state_has_a_text():
    """Codes and states can be described."""
    assert all(code.text for code in StatusCode)
    assert all(state.text for state in MessageState)
    assert StatusCode.ACCEPTED.text == "accepted for processing"


def test_pending_and_unknown_are_not_final():
    """Of the states only these two may change."""
    assert [state for state in MessageState if not state.final] == [
        MessageState.PENDING,
        MessageState.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("code", "known"),
    [(1001, 1001), (1999, 1000), (2500, 2000), (3012, 3000), (4002, 4000), (5236, 5000)],
)
def test_unknown_codes_count_as_their_class(code, known):
    """A code that is not defined means what its first digit means."""
    assert pap.known_code(code) == known


@pytest.mark.parametrize("code", [0, 999, 6000])
def test_codes_outside_the_classes_are_refused(code):
    """There are five classes."""
    with pytest.raises(ValueError):
        pap.known_code(code)


texts = st.text(max_size=20).filter(is_character_data)
names = texts.filter(str.strip)
optional = st.none() | texts
times = st.none() | st.integers(0, 4_000_000_000).map(float)
codes = st.integers(1000, 5999)
states = st.sampled_from(MessageState)
some_addresses = st.lists(texts, max_size=3).map(tuple)
qualities = st.none() | st.builds(
    pap.QualityOfService,
    priority=st.sampled_from(Priority),
    delivery_method=st.sampled_from(DeliveryMethod),
    network=optional,
    network_required=st.booleans(),
    bearer=optional,
    bearer_required=st.booleans(),
)
notes = st.builds(pap.ProgressNote, stage=texts, note=optional, time=times)
cancel_results = st.builds(pap.CancelResult, codes, optional, some_addresses)
query_results = st.builds(
    pap.StatusQueryResult, states, codes, optional, times, some_addresses, qualities
)
documents = st.one_of(
    st.builds(
        pap.PushMessage,
        push_id=names,
        addresses=st.lists(texts, min_size=1, max_size=3).map(tuple),
        deliver_before=times,
        deliver_after=times,
        source_reference=optional,
        notify_url=st.none() | names,
        progress_notes=st.booleans(),
        replace_push_id=st.none() | names,
        replace_method=st.sampled_from(ReplaceMethod),
        quality_of_service=qualities,
    ),
    st.builds(
        pap.PushResponse,
        push_id=names,
        code=codes,
        desc=optional,
        sender_address=optional,
        sender_name=optional,
        reply_time=times,
        progress_notes=st.lists(notes, max_size=3).map(tuple),
    ),
    st.builds(pap.CancelMessage, names, some_addresses),
    st.builds(
        pap.CancelResponse, names, st.lists(cancel_results, min_size=1, max_size=2).map(tuple)
    ),
    st.builds(
        pap.ResultNotification,
        push_id=names,
        address=texts,
        state=states,
        code=codes,
        desc=optional,
        sender_address=optional,
        sender_name=optional,
        received_time=times,
        event_time=times,
        quality_of_service=qualities,
    ),
    st.builds(pap.ResultNotificationResponse, names, texts, codes, optional),
    st.builds(pap.StatusQuery, names, some_addresses),
    st.builds(
        pap.StatusQueryResponse, names, st.lists(query_results, min_size=1, max_size=2).map(tuple)
    ),
    st.builds(pap.CcqMessage, texts, optional, optional),
    st.builds(pap.CcqResponse, texts, codes, optional, optional),
    st.builds(pap.BadMessageResponse, codes, optional, optional),
)


@given(documents)
def test_documents_come_back_as_they_were(document):
    """Whatever is written reads back, field by field."""
    read = pap.parse(pap.build(document))
    assert type(read) is type(document)
    for field in fields(document):
        assert getattr(read, field.name) == getattr(document, field.name)


@given(documents, st.data())
def test_damaged_documents_raise_only_pap_errors(document, data):
    """A document with octets changed is read or refused, nothing else."""
    xml = bytearray(pap.build(document))
    for _ in range(3):
        xml[data.draw(st.integers(0, len(xml) - 1))] = data.draw(st.integers(0, 255))
    try:
        pap.parse(bytes(xml))
    except PapError as error:
        assert error.code in (StatusCode.BAD_REQUEST, StatusCode.VERSION_NOT_SUPPORTED)  # noqa: PT017


@given(st.binary())
def test_random_octets_raise_only_pap_errors(octets):
    """Nothing but PapError leaves the reader."""
    with pytest.raises(PapError):
        pap.parse(octets)
