"""Every arrow that is drawn for the SGSN and the mobile is taken, and none that is not drawn.

What the scenarios that come along do not bring about, the courses below do: the rarer crossings of
mobility with all else.
"""

from __future__ import annotations

from testbed.scenarios.loading import load_scenario, shipped_scenarios
from testbed.scenarios.reports import failure_text
from testbed.scenarios.virtual import perform_virtually
from tests.arrows import drawn, recorded

_HEAD = """\
summary: what a test is about
arrange:
"""

COURSES = {
    "power lost while asked": """
  overrides: {subscribers: {"447700900401": {mobile: {on_request: silent}}}}
act:
  - activate: {}
  - until: {message: Request PDP Context Activation}
  - mobile: {do: lose-power}
  - mobile: {do: power-on}
  - until: {event: MobileAttached, of: sgsn}
""",
    "power lost while the context is created": """
  faults: [{lose: {message: Create PDP Context Request}}]
act:
  - activate: {}
  - until: {message: Create PDP Context Request}
  - mobile: {do: lose-power}
  - mobile: {do: power-on}
  - until: {event: MobileAttached, of: sgsn}
""",
    "power lost while paged": """
  rest: 4
  overrides: {sgsn: {t3314: 2}}
  faults: [{lose: {message: Paging Request}}]
act:
  - activate: {}
  - until: {message: Paging Request}
  - mobile: {do: lose-power}
  - mobile: {do: power-on}
  - until: {event: MobileAttached, of: sgsn}
""",
    "activates by itself while paged": """
  rest: 4
  overrides: {sgsn: {t3314: 2}}
  faults: [{lose: {message: Paging Request}}]
act:
  - activate: {}
  - until: {message: Paging Request}
  - mobile: {do: activate, with: {apn: wap.example}}
  - until: {event: ContextActivated}
  - mobile: {do: deactivate, with: {apn: wap.example}}
  - until: {event: ContextDeactivated}
""",
    "detached while paged": """
  rest: 4
  overrides: {sgsn: {t3314: 2}}
act:
  - network: {do: detach_terminal}
  - until: {event: MobileDetached}
""",
    "attaches anew before its Detach Accept has arrived": """
  faults: [{lose: {message: Detach Accept}, times: 1}]
act:
  - network: {do: detach_terminal}
  - until: {message: Detach Accept}
  - mobile: {do: attach}
  - until: {event: MobileAttached, of: sgsn}
""",
    "changes its mind while it attaches": """
  terminal: "447700900403"
  faults: [{lose: {message: Attach Accept}}]
act:
  - mobile: {do: attach}
  - until: {message: Attach Accept}
  - mobile: {do: move, with: {cell: 12}}
  - mobile: {do: detach}
  - until: {message: Detach Accept}
""",
    "attaches anew before its Attach Complete has arrived": """
  faults: [{lose: {message: Attach Complete}, times: 1}]
act:
  - mobile: {do: lose-power}
  - mobile: {do: power-on}
  - until: {message: Attach Complete}
  - activate: {}
  - until: {message: PDU Notification Response}
  - mobile: {do: lose-power}
  - mobile: {do: power-on}
  - until: {event: ContextActivated}
  - mobile: {do: modify, with: {apn: wap.example, qos: 0b921f}}
  - until: {message: Modify PDP Context Accept}
""",
    "may not attach": """
  terminal: "447700900403"
  overrides: {subscribers: {"447700900403": {barring: attach}}}
act:
  - mobile: {do: attach}
  - until: {message: Attach Reject}
""",
    "attaches elsewhere": """
act:
  - mobile: {do: detach}
  - until: {event: MobileDetached}
  - mobile: {do: move, with: {cell: 21}}
  - mobile: {do: attach}
  - until: {event: LocationCancelled}
""",
    "does not move after all": """
  faults: [{lose: {message: SGSN Context Response}}]
act:
  - mobile: {do: move, with: {cell: 21}}
  - until: {message: SGSN Context Response}
  - mobile: {do: lose-power}
  - wait: 60
""",
    "attaches where it is leaving": """
  faults: [{lose: {message: SGSN Context Response}}]
act:
  - mobile: {do: move, with: {cell: 21}}
  - until: {message: SGSN Context Response}
  - mobile: {do: lose-power}
  - mobile: {do: move, with: {cell: 11}}
  - mobile: {do: power-on}
  - until: {event: MobileAttached, of: sgsn}
""",
}


def test_every_arrow_is_taken_and_every_step_is_drawn(tmp_path):
    """By the catalogue and the courses; beginnings and ends are arrows too."""
    written = []
    for number, course in enumerate(COURSES.values()):
        file = tmp_path / f"course-{number}.yaml"
        terminal = "" if "  terminal:" in course else '  terminal: "447700900401"'
        file.write_text(f"{_HEAD}{terminal}{course}expect: {{}}\n", encoding="utf-8")
        written.append(str(file))
    with recorded() as taken:
        for name in (*shipped_scenarios(), *written):
            report = perform_virtually(load_scenario(name), seed=1)
            assert report.passed, failure_text(report)
    assert taken <= drawn(), sorted(map(str, taken - drawn()))
    assert taken >= drawn(), sorted(map(str, drawn() - taken))
