"""Manual pages: of the ``corenet`` command and each of its commands, and of lab files.

``python -m testbed.lab.man_pages`` writes them to ``packaging/man``, from where wheels take them to
``share/man``. They are made from the parsers and from the model of lab files, as the pages of the
reference are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from testbed.lab.cli import COMMANDS, whole_parser
from testbed.lab.cli_reference import arguments, help_of, words_of
from testbed.lab.model import Lab
from testbed.lab.reference import default_of, models, type_of
from testbed.lab.roff import bold, inline, italic, item, literal, page, paragraph, section

FOLDER: Final = Path("packaging/man")

_STATUS: Final = (
    ("0", "It ended as it should."),
    ("1", "It did not: a push was not delivered, a lab file has mistakes, a test failed."),
    ("2", "The command was not called as it should be."),
    ("130", "It was interrupted, and is not one that runs until then."),
)
_ENVIRONMENT: Final = (
    ("CORENET_URL", "The control interface that commands ask, where `--url` says nothing."),
    ("CORENET_TOKEN", "What the control interface asks for."),
    ("CORENET_GATEWAY", "The gateway that commands ask."),
    ("CORENET_SMSC", "The SMSC whose metrics commands ask for."),
    ("XDG_STATE_HOME", "Where labs keep their state, instead of `~/.local/state`."),
)
_FILES: Final = (
    (
        "~/.local/state/corenet/NAME",
        "The restart counter, accepted pushes and messages, and unanswered accounting records of "
        "the lab with that name.",
    ),
)
_LAB_FILES: Final = (
    "A lab file is YAML. `corenet validate FILE` checks one and names what is wrong by line and "
    "column; `corenet run FILE` starts it. Times are seconds. Numbers such as IMSIs stand in "
    "quotes: YAML would read `0467012` as octal. Every part is optional, so that a file describes "
    "a whole network, a core for a gateway of yours, a GGSN alone, or an SGSN with mobiles in "
    "front of a foreign GGSN."
)
_LAB_EXAMPLE: Final = """\
ggsn:
  address: 127.0.10.1
  apns: [{name: wap.example, pool: 127.10.0.0/16}]
sgsn: {address: 127.0.10.2}
hlr: {address: 127.0.10.3}
subscribers:
  - {imsi: "234150000000001", msisdn: "447700900001", apns: [{name: wap.example}]}
control: {address: 127.0.10.4}"""


def pages() -> dict[str, str]:
    """Return the text of each page by its place below the folder of manual pages."""
    parser = whole_parser()
    offered = _verbs(parser)
    made = {"man1/corenet.1": _main_page(parser), "man5/corenet-lab.5": _lab_page()}
    for name, purpose in COMMANDS.items():
        made[f"man1/corenet-{name}.1"] = _command_page(offered[name], purpose)
    return made


def _main_page(parser: argparse.ArgumentParser) -> str:
    commands = [
        line
        for name, purpose in COMMANDS.items()
        for line in item(f"{bold(f'corenet-{name}')}(1)", f"{purpose[0].upper()}{purpose[1:]}.")
    ]
    return page(
        "corenet",
        1,
        "a GPRS core network on one machine, and offline push",
        [
            ("SYNOPSIS", [f"{bold('corenet')} {italic('COMMAND')} [{italic('ARGUMENT')} ...]"]),
            ("DESCRIPTION", paragraph(inline(parser.description or ""))),
            ("COMMANDS", commands),
            ("EXIT STATUS", _list(_STATUS)),
            ("ENVIRONMENT", _list(_ENVIRONMENT)),
            ("FILES", _list(_FILES)),
            ("EXAMPLES", literal("corenet demo\ncorenet run default\ncorenet push +447700900001")),
            ("SEE ALSO", [f"{bold('corenet-lab')}(5)"]),
        ],
    )


def _command_page(parser: argparse.ArgumentParser, purpose: str) -> str:
    described = [parser.description or ""] if parser.epilog is None else [parser.epilog]
    verbs = [line for sub in _verbs(parser).values() for line in _verb(sub)]
    return page(
        parser.prog.replace(" ", "-"),
        1,
        purpose,
        [
            ("SYNOPSIS", _synopsis(parser)),
            ("DESCRIPTION", [line for text in described for line in _told(text)]),
            ("ARGUMENTS", _listed(parser)),
            ("VERBS", verbs),
            ("EXIT STATUS", _list(_STATUS)),
            ("SEE ALSO", [f"{bold('corenet')}(1), {bold('corenet-lab')}(5)"]),
        ],
    )


def _verb(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield what a verb does, or those below it."""
    below = _verbs(parser)
    if below:
        for sub in below.values():
            yield from _verb(sub)
        return
    yield section(parser.prog.removeprefix("corenet "))
    yield from _synopsis(parser)
    for text in filter(None, (parser.description, parser.epilog)):
        yield ".PP"
        yield from _told(text)
    yield from _listed(parser)


def _synopsis(parser: argparse.ArgumentParser) -> list[str]:
    """Return how a command is called; argparse says it otherwise from one Python to the next."""
    words = [bold(parser.prog)]
    alone = {
        id(each) for group in parser._mutually_exclusive_groups for each in group._group_actions
    }
    options = [each for each in arguments(parser) if each.option_strings]
    words += [_called(each) for each in options if id(each) not in alone]
    for group in parser._mutually_exclusive_groups:
        offered = " | ".join(_tag(each) for each in group._group_actions)
        words.append(offered if group.required else f"[{offered}]")
    words += [_called(each) for each in arguments(parser) if not each.option_strings]
    if _verbs(parser):
        words.append(f"{italic('VERB')} ...")
    return paragraph(" ".join(words))


def _tag(action: argparse.Action) -> str:
    option, value = words_of(action)
    return " ".join(filter(None, (option and bold(option), value and italic(value))))


def _called(action: argparse.Action) -> str:
    word = _tag(action)
    if action.nargs in ("*", "+"):
        word += " ..."
    needed = action.required and action.nargs != "*"
    return word if needed else f"[{word}]"


def _listed(parser: argparse.ArgumentParser) -> list[str]:
    lines = []
    for action in arguments(parser):
        lines += item(_tag(action), inline(help_of(action)))
    return lines


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _told(text: str) -> list[str]:
    return literal(text) if "\n" in text else paragraph(inline(text))


def _list(entries: tuple[tuple[str, str], ...]) -> list[str]:
    return [line for name, says in entries for line in item(bold(name), inline(says))]


def _lab_page() -> str:
    settings = []
    for model in models(Lab):
        settings.append(
            section("The file" if model is Lab else model.__name__.removesuffix("Part"))
        )
        settings += paragraph(inline(str(model.__doc__).split("\n")[0]))
        for name, field in model.model_fields.items():
            default = default_of(field)
            known = f"; {default}" if default == "required" else default and f"; default: {default}"
            kind = f"({inline(type_of(field))}{inline(known)})"
            says = inline(field.description or "")
            settings += item(bold(field.alias or name), f"{kind} {says}".rstrip())
    return page(
        "corenet-lab",
        5,
        "the file that describes a lab",
        [
            ("DESCRIPTION", paragraph(inline(_LAB_FILES))),
            ("SETTINGS", settings),
            ("EXAMPLES", literal(_LAB_EXAMPLE)),
            ("SEE ALSO", [f"{bold('corenet-run')}(1), {bold('corenet-validate')}(1)"]),
        ],
    )


def main() -> None:
    """Write every page, and take out those of commands that are no more."""
    made = pages()
    for old in FOLDER.glob("man?/*"):
        if old.relative_to(FOLDER).as_posix() not in made:
            old.unlink()
    for place, text in made.items():
        (FOLDER / place).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / place).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
