"""What a scenario file may say, and how it is told what it may not."""

from __future__ import annotations

import pytest

from testbed.lab.yaml_source import SourceError
from testbed.scenarios.loading import load_scenario, shipped_scenarios, summary_of

ACT = "act:\n  - activate: {}\n"


def complaint(name):
    with pytest.raises(SourceError) as raised:
        load_scenario(name)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("act: []\nexpect: {}\n", "written.yaml:4:6: act: a list of at least 1 is expected"),
        (ACT, "expect: is missing"),
        (ACT + "expect: {wen: 1}\n", "written.yaml:6:15: expect.wen: there is no such setting"),
        (
            "act:\n  - {wait: 1, mend: everything}\nexpect: {}\n",
            "5:5: act.0: a step does one thing",
        ),
        (
            "act:\n  - {wait: 1, name: one}\nexpect: {}\n",
            "only activations and pushes have names",
        ),
        (
            ACT + "expect:\n  ladder: [{message: PDU Notification Requezt}]\n",
            "7:22: there is no message PDU Notification Requezt; is it PDU Notification",
        ),
        (
            ACT + "expect:\n  never: [{event: PdpContextCreate}]\n",
            "there is no event PdpContextCreate; is it PdpContextCreated?",
        ),
        (ACT + "expect:\n  never: [{event: Zebra}]\n", "7:19: there is no event Zebra"),
        (
            ACT + "expect:\n  never: [{message: Echo Request, with: {imsi: 1}}]\n",
            "Echo Request has no field imsi; it has ",
        ),
        (
            ACT + "expect:\n  never: [{event: PdusDropped, with: {what: 1}}]\n",
            "PdusDropped has no field what; it has ",
        ),
        (ACT + "expect:\n  never: [{}]\n", "say either message or event"),
        (
            ACT + "expect:\n  never: [{event: PdusDropped, to: ggsn}]\n",
            "an event is of a node",
        ),
        (
            ACT + "expect:\n  never: [{message: Echo Request, of: ggsn}]\n",
            "a message is from a node and to a node",
        ),
        (
            'act:\n  - activate: {terminal: "447700909999"}\nexpect: {}\n',
            "written.yaml:5:26: the lab has no subscriber 447700909999",
        ),
        (
            "act:\n  - mobile: {do: dance}\nexpect: {}\n",
            "5:18: a mobile has no verb dance; there is ",
        ),
        (
            "act:\n  - mobile: {do: move, with: {cell: far}}\nexpect: {}\n",
            "written.yaml:5:37: cell: a whole number is expected, not “far”",
        ),
        ("act:\n  - mobile: {do: attach, with: {a: 1}}\nexpect: {}\n", "this has nothing with it"),
        ("act:\n  - network: {do: change_qos}\nexpect: {}\n", "qos: is missing"),
        (
            "act:\n  - restart: smsc\nexpect: {}\n",
            "the lab has no GGSN, SGSN or HLR smsc; there is ggsn, hlr, ",
        ),
        (
            "act:\n  - restart: ggsm\nexpect: {}\n",
            "the lab has no GGSN, SGSN or HLR ggsm; is it ggsn?",
        ),
        ("act:\n\t- activate: {}\n", "written.yaml:5:1: not YAML: this is a tab; YAML is indented"),
        (
            "act:\n  - activvate: {}\nexpect: {}\n",
            "act.0.activvate: there is no such setting; is it ac",
        ),
        (ACT + "expekt: {}\n", "written.yaml:6:9: expekt: there is no such setting; is it expect?"),
        (
            "act: {activate: {}}\nexpect: {}\n",
            "4:6: act: a list is expected: items that each begin",
        ),
        (
            "act:\n  - wait: soon\nexpect: {}\n",
            "5:11: act.0.wait: a number is expected, not “soon”",
        ),
        ("act:\n  - wait: 5s\nexpect: {}\n", "without a unit: 5 is that many seconds"),
        ("act:\n  - push: {lifetime: 2 min}\nexpect: {}\n", "without a unit: 120 is that many sec"),
        (
            "act:\n  - push: {text: Hello: you}\nexpect: {}\n",
            "a text with a colon in it wants quotes",
        ),
        ("act:\n  - reset: gtp-c\nexpect: {}\n", "should be 'gsup' or 'smpp', not “gtp-c”"),
        (
            "act:\n  - push: {terminal: 447700900401}\nexpect: {}\n",
            "5:22: act.0.push.terminal: text was expected and this is a number; put it in quotes",
        ),
        (
            "act:\n  - mobile: {do: behaviour, with: {on_reqest: reject}}\nexpect: {}\n",
            "written.yaml:5:47: on_reqest: there is no such setting; is it on_request?",
        ),
        (
            "act:\n  - fault: {cut: [ggsn, sgns]}\nexpect: {}\n",
            "written.yaml:5:25: the lab has no node sgns; is it sgsn?",
        ),
        (
            ACT + "expect:\n  never: [{message: Echo Request, from: gsgn}]\n",
            "written.yaml:7:41: the lab has no node gsgn; is it sgsn?",
        ),
        (
            ACT + "expect:\n  never: [{message: Echo Request, on: gtpc}]\n",
            "written.yaml:7:39: expect.never.0.on: input should be 'gtp-c', ",
        ),
        (ACT + "expect:\n  never: [Echo Request]\n", "never.0: settings are expected: name: value"),
        (
            ACT + "expect: {activation: {outcome: activve}}\n",
            "written.yaml:6:32: outcome is never activve; is it active?",
        ),
        (
            ACT + "expect: {activation: {outcom: active}}\n",
            "written.yaml:6:31: there is no outcom here; is it outcome?",
        ),
        (
            "act:\n  - push: {}\nexpect: {push: {state: delivred}}\n",
            "written.yaml:6:24: state is never delivred; is it delivered?",
        ),
        (
            "act:\n  - fault: {answer: {message: Attach Request}}\nexpect: {}\n",
            "only GTP requests can be answered",
        ),
        (
            "act:\n  - fault: {answer: {message: Error Indication}}\nexpect: {}\n",
            "there is no response to Error Indication",
        ),
        (
            "act:\n  - fault: {answer: {message: PDU Notification Request}}\nexpect: {}\n",
            "PDU Notification Response needs a cause",
        ),
        (
            "act:\n  - fault: {answer: {message: PDU Notification Request}, values: {cause: bad}}\n"
            "expect: {}\n",
            "there is no GTP cause bad",
        ),
        (
            "act:\n  - fault: {answer: {message: PDU Notification Request}, values: "
            "{cause: no resourzes available}}\nexpect: {}\n",
            "there is no GTP cause no resourzes available; is it No resources available?",
        ),
        (
            "act:\n  - fault: {answer: {message: PDU Notification Request}, values: {imsi: 1}}\n"
            "expect: {}\n",
            "PDU Notification Response has no element imsi",
        ),
        (
            "act:\n  - fault: {by: 1}\nexpect: {}\n",
            "say one of lose, delay, repeat, answer and cut",
        ),
        (
            "act:\n  - fault: {lose: {event: PdusDropped}}\nexpect: {}\n",
            "only messages can be lost",
        ),
        (ACT + "  - activate: {}\nexpect: {activation: {}}\n", "there are 2 of them: give them"),
        (ACT + "expect: {activations: {first: {}}}\n", "no step has that name"),
        (ACT + "expect: {pushes: {first: {}}}\n", "no step has that name"),
    ],
)
def test_mistakes_are_found_with_their_places(written, text, says):
    """Names, numbers and combinations, before anything runs."""
    assert says in complaint(written(text))


def test_terminal_has_to_be_named_somewhere(written):
    """In the step, or for all of them."""
    text = "summary: a test of terminals\nact:\n  - activate: {}\nexpect: {screen: []}\n"
    said = complaint(written(text, head=""))
    assert said.count("which terminal?") == 2


def test_terminal_of_the_head_has_its_place(written):
    """It is complained of where it stands."""
    text = (
        'summary: a test of terminals\narrange: {terminal: "4477009999"}\n' + ACT + "expect: {}\n"
    )
    assert "written.yaml:2:21: the lab has no subscriber 4477009999" in complaint(
        written(text, head="")
    )


def test_mistakes_of_overrides_are_in_the_scenario_file(written):
    """A setting of the lab that was laid over it has its place there; others keep theirs."""
    text = "  overrides: {sgsn: {t3385: soon}}\n" + ACT + "expect: {}\n"
    assert "written.yaml:4:29: sgsn.t3385: " in complaint(written(text))
    text = '  overrides: {subscribers: {"447700900401": {imsy: 1}}}\n' + ACT + "expect: {}\n"
    assert "written.yaml:4:52: subscribers.0.imsy" in complaint(written(text))
    text = '  overrides: {subscribers: {"4477": {}}}\n' + ACT + "expect: {}\n"
    assert "written.yaml:4:37: the lab has no subscriber 4477; it has 447700900401" in complaint(
        written(text)
    )
    text = "  overrides: {ggsn: {apns: [{name: wap.example, pool: 127.31.0.0/24}]}}\n"
    said = complaint(written(text + ACT + "expect: {}\n"))
    assert said.startswith("quick.yaml:")
    assert "127.30.0.101 is not in the pool" in said


def test_a_lab_can_stand_in_the_file_or_beside_it(written, tmp_path):
    """In place, as a file beside the scenario, or one that comes along."""
    lab = "hlr: {address: 127.0.0.3}\nsgsn: {address: 127.0.0.2}\nsubscribers:\n"
    lab += '  - {imsi: "234150000000001", msisdn: "447700900001", apns: [{name: a}]}\n'
    inline = "\n".join(f"    {line}" for line in lab.splitlines())
    tail = "act:\n  - wait: 1\nexpect: {}\n"
    head = "summary: a test of labs\narrange:\n"
    scenario = load_scenario(written(f"{head}  lab:\n{inline}\n{tail}", head=""))
    assert scenario.lab.model.ggsn is None
    (tmp_path / "own.yaml").write_text(lab, encoding="utf-8")
    assert load_scenario(written(f"{head}  lab: own.yaml\n{tail}", head="")).lab.model.sgsn
    said = complaint(written(f"{head}  lab: other.yaml\n{tail}", head=""))
    assert "written.yaml:3:8: other.yaml cannot be read" in said
    assert "quick" in said
    said = complaint(written(f"{head}  lab: {{hlr: 1}}\n{tail}", head=""))
    assert "written.yaml:3:14: hlr" in said
    said = complaint(
        written(
            f"{head}  lab:\n{inline}\nact:\n  - push: {{terminal: '447700900001'}}\nexpect: {{}}",
            head="",
        )
    )
    assert "the lab has no gateway" in said


def test_files_that_cannot_be_read(tmp_path):
    """They are not there, or no text."""
    assert "corenet scenario --list" in complaint("nowhere.yaml")
    (tmp_path / "octets.yaml").write_bytes(b"\xff")
    assert "not UTF-8 text" in complaint(str(tmp_path / "octets.yaml"))


def test_scenarios_come_along():
    """Each has a sentence that says what it is."""
    assert "offline" in shipped_scenarios()
    assert summary_of("offline").startswith("no PDP context")
    assert load_scenario("offline").name == "offline"


def test_a_mistake_is_told_once(written):
    """What only follows from it is not: a list that is empty without its wrong item."""
    assert complaint(written("act:\n  - wait: soon\nexpect: {}\n")).count("\n") == 0


def test_on_is_the_name_of_a_setting(written):
    """YAML would have it true; of interfaces it says which."""
    text = ACT + "expect:\n  never: [{message: Echo Request, on: gtp-c}]\n"
    (part,) = load_scenario(written(text)).part.expect.never
    assert part.on == "gtp-c"
