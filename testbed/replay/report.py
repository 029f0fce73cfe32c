"""A replay in lines for people and plain values for programs, with what is different."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from corenet.interfaces.node import Event
from gtp.describe import element_texts
from testbed.replay.dialogue import Step, name_of_type
from testbed.replay.differences import Difference, Kind, differences
from testbed.replay.player import Besides, StepCame, StepLeftOut, StepMissed, StepSent


class Report:
    """Tells what a ``Player`` does, and what is not as it was."""

    def __init__(
        self, tell: Callable[[str], None], *, strict: bool = False, ignored: Collection[int] = ()
    ) -> None:
        """Give each line to ``tell``; for ``strict`` and ``ignored`` see ``differences``."""
        self._tell = tell
        self._strict = strict
        self._ignored = ignored
        self._steps: list[dict[str, Any]] = []
        self.different = 0
        """Steps of the peer that were not as in the recording."""

    def take(self, event: Event) -> None:
        """Take what has happened."""
        match event:
            case StepSent(step=step, data=data, transmission=1):
                self._line(step, "→", step.text)
                self._note(step, sent=data.hex())
            case StepSent(step=step):
                self._line(step, "→", f"{step.text}, again")
            case StepCame(step=step, data=data, seconds=seconds):
                self._came(step, data, seconds)
            case StepMissed(step=step):
                self.different += 1
                self._line(step, "←", f"{step.text}: did not come")
                self._note(step, came=None)
            case StepLeftOut(step=step):
                self._line(step, "→", f"{step.text}: left out, as what it answers did not come")
                self._note(step, sent=None)
            case Besides(data=data, answers=answers):
                self._besides(data, answers)

    def plain(self) -> dict[str, Any]:
        """Return it all as values that JSON has."""
        return {"steps": self._steps, "different": self.different}

    def _came(self, step: Step, data: bytes, seconds: float | None) -> None:
        found = differences(step.data, data, strict=self._strict, ignored=self._ignored)
        self.different += bool(found)
        after = "" if seconds is None else f" after {seconds * 1000:.1f} ms"
        judged = "differs" if found else "as recorded"
        self._line(step, "←", f"{name_of_type(data[1])}{after}: {judged}")
        for difference in found:
            self._tell(f"          {difference}")
        self._note(step, came=data.hex(), differences=[_plain(one) for one in found])

    def _besides(self, data: bytes, answers: Step | None) -> None:
        name = name_of_type(data[1])
        if answers is None:
            self._tell(f"     ←  {name}: not in the recording")
        else:
            self.different += 1
            self._line(answers, "←", f"{name}: answered, and was not in the recording")
            for _, element, _, text in element_texts(data):
                self._tell(f"          {element}: {text}")
        number = None if answers is None else answers.number
        self._steps.append({"step": None, "answers": number, "message": name, "came": data.hex()})

    def _line(self, step: Step, arrow: str, text: str) -> None:
        self._tell(f"{step.number:4d} {arrow}  {text}")

    def _note(self, step: Step, **more: Any) -> None:
        self._steps.append({"step": step.number, "message": step.text, **more})


def _plain(difference: Difference) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": difference.kind.value, "element": difference.name}
    if difference.kind is not Kind.MORE:
        plain["recorded"] = difference.recorded
    if difference.kind is not Kind.MISSING:
        plain["now"] = difference.now
    return plain
