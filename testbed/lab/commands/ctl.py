"""``corenet ctl``: ask a core and a gateway what is there, and have them do things.

Exit status: 0 done, 1 refused or nobody there (the sentence says who, and why), 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import quote

from corenet.control.operations import OPERATIONS, Operation
from corenet.interfaces.attachments import OVER_TCP
from corenet.interfaces.node import Interface
from testbed.adapters.api_client import ApiError
from testbed.console import views
from testbed.console.fields import FieldError, body, members
from testbed.console.samples import Samples, SamplesError, queues
from testbed.console.tables import table
from testbed.lab.interfaces import add_interfaces, core, gateway, running_here, smsc

Show = Callable[[Any], Iterable[str]]
MOBILE_VERBS: Mapping[str, Operation] = {
    operation.path.rpartition("/")[2]: operation
    for operation in OPERATIONS
    if operation.path.startswith("/v1/mobiles/")
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_interfaces(parser)
    parser.add_argument("--json", action="store_true", help="print what is answered as JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_looks(verbs)
    _add_deeds(verbs)
    _add_faults(verbs)
    _add_mobile(verbs)
    _repeat_options(parser, parser._actions)


def run(options: argparse.Namespace) -> int:
    """Do it, and print what is answered."""
    try:
        status: int = _VERBS[options.verb](options)
    except FieldError as error:
        print(f"corenet ctl: {error}", file=sys.stderr)
        return 2
    except (ApiError, SamplesError) as error:
        problem = error.problem if isinstance(error, ApiError) else None
        if problem is not None and (options.json or "steps" in problem):
            # An activation that failed says of itself what one that succeeds does.
            _say(options, problem, views.activation)
        told = [str(error)]
        if isinstance(error, ApiError) and error.status is None:
            told += running_here()
        print(*(f"corenet ctl: {line}" for line in told), sep="\n", file=sys.stderr)
        return 1
    return status


# What it takes


def _add_looks(verbs: Any) -> None:
    terminals = _verb(verbs, "terminals", "look terminals up, or list them")
    for name in ("msisdn", "imsi", "address"):
        terminals.add_argument(f"--{name}")
    contexts = _verb(verbs, "contexts", "list PDP contexts")
    for listing in (terminals, contexts):
        listing.add_argument("--offset", type=int, help="leave out so many")
        listing.add_argument("--limit", type=int, help="list so many at most (default: 100)")
    _terminal(_verb(verbs, "terminal", "show all of one terminal"))
    pushes = _verb(verbs, "pushes", "list the gateway's pushes, newest first")
    pushes.add_argument("--state", help="such as delivered, held")
    pushes.add_argument("--address", help="of the terminal, as in the push")
    pushes.add_argument("--limit", type=int)
    push = _verb(verbs, "push", "show one push with its timeline")
    push.add_argument("push_id", metavar="PUSH-ID")
    waiting = _verb(verbs, "queues", "say how much waits where, in core, gateway and SMSC")
    waiting.add_argument("--all", action="store_true", help="what is empty, too")
    events = _verb(verbs, "events", "show what happens in the core, as it happens")
    events.add_argument(
        "--since", type=int, metavar="NUMBER", help="what came after it, too; 0: all"
    )
    events.add_argument("--name", action="append", help="only events with this name")
    events.add_argument("--imsi", help="only what is about this terminal")
    events.add_argument("--count", type=int, metavar="EVENTS", help="end after so many")


def _add_deeds(verbs: Any) -> None:
    activate = _verb(verbs, "activate", "have the network request a PDP context activation")
    deactivate = _verb(verbs, "deactivate", "delete PDP contexts; SGSN and mobile are told")
    for one in (activate, deactivate):
        _terminal(one)
        one.add_argument("apn", metavar="APN")
    activate.add_argument("--deadline", type=float, metavar="SECONDS", help="wait no longer")
    activate.add_argument("--key", help="the same key again is the same activation")
    deactivate.add_argument("--nsapi", type=int, help="one of them; all when absent")
    detach = _verb(verbs, "detach", "have the network detach a terminal")
    _terminal(detach)
    detach.add_argument("--reattach", action="store_true", help="it is to attach again at once")


def _add_faults(verbs: Any) -> None:
    fault = _verb(verbs, "fault", "have what is sent on an interface lost or delayed")
    fault.add_argument("--loss", type=float, default=0.0, metavar="PROBABILITY", help="0 to 1")
    fault.add_argument("--delay", type=float, default=0.0, metavar="SECONDS")
    reset = _verb(verbs, "reset", "break every connection on an interface")
    for verb, interfaces in ((fault, list(Interface)), (reset, sorted(OVER_TCP))):
        names = [interface.value for interface in interfaces]
        verb.add_argument("interface", metavar="INTERFACE", choices=names, help=", ".join(names))
    _verb(verbs, "faults", "list interfaces, and what is wrong with each")
    _verb(verbs, "heal", "take every fault away")
    restart = _verb(verbs, "restart", "have a GGSN, an SGSN or the HLR crash and come back")
    restart.add_argument("node", metavar="NODE")


def _add_mobile(verbs: Any) -> None:
    mobile = _verb(verbs, "mobile", "have a mobile, or its user, do something")
    offered = mobile.add_subparsers(dest="mobile_verb", metavar="DOES", required=True)
    for name, operation in MOBILE_VERBS.items():
        summary = operation.summary[0].lower() + operation.summary[1:]
        sub = _verb(offered, name, summary)
        _terminal(sub)
        for member in members(operation.body) if operation.body else ():
            choices = member.choices or None
            if member.required:
                sub.add_argument(member.name, choices=choices, help=member.help)
            else:
                sub.add_argument(member.option, choices=choices, help=member.help)


def _verb(verbs: Any, name: str, summary: str) -> argparse.ArgumentParser:
    described = f"{summary[0].upper()}{summary[1:]}."
    sub: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=described)
    return sub


def _repeat_options(parser: argparse.ArgumentParser, options: Iterable[argparse.Action]) -> None:
    """Have verbs take what is said of all of them, too; their help does not list it again."""
    for verbs in parser._actions:
        if not isinstance(verbs, argparse._SubParsersAction):
            continue
        for verb in verbs.choices.values():
            for option in options:
                if option.option_strings and not isinstance(option, argparse._HelpAction):
                    again = copy(option)
                    again.default = again.help = argparse.SUPPRESS
                    verb._add_action(again)
            _repeat_options(verb, options)


def _terminal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("terminal", metavar="TERMINAL", help="its IMSI or MSISDN")


# What it does


def _say(options: argparse.Namespace, answer: Any, show: Show) -> int:
    lines = [json.dumps(answer, indent=2)] if options.json else show(answer)
    for line in lines:
        print(line)
    return 0


def _imsi(options: argparse.Namespace) -> str:
    """Return the IMSI of the terminal that is named by IMSI or MSISDN."""
    number = options.terminal.removeprefix("+")
    if number == options.terminal:
        try:
            core(options).ask("GET", f"/v1/terminals/{quote(number, safe='')}")
        except ApiError as error:
            if error.status not in (400, 404):
                raise
        else:
            return str(number)
    found = core(options).ask("GET", "/v1/terminals", query={"msisdn": number})
    return str(found["terminals"][0]["imsi"])


def _done(answer: Any) -> list[str]:
    return [answer["done"]]


def _terminals(options: argparse.Namespace) -> int:
    names = ("msisdn", "imsi", "address", "offset", "limit")
    query = {name: getattr(options, name) for name in names}
    answer = core(options).ask("GET", "/v1/terminals", query=query)
    return _say(options, answer, lambda one: views.paged(views.TERMINALS, one, "terminals"))


def _show_terminal(options: argparse.Namespace) -> int:
    answer = core(options).ask("GET", f"/v1/terminals/{_imsi(options)}")
    return _say(options, answer, views.terminal)


def _contexts(options: argparse.Namespace) -> int:
    query = {"offset": options.offset, "limit": options.limit}
    answer = core(options).ask("GET", "/v1/contexts", query=query)
    return _say(options, answer, lambda one: views.paged(views.CONTEXTS, one, "contexts"))


def _activate(options: argparse.Namespace) -> int:
    asked = {
        "imsi": _imsi(options),
        "apn": options.apn,
        "deadline_seconds": options.deadline,
        "key": options.key,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    # Whoever names no deadline waits for as long as the core's own timers do.
    wait = 3600.0 if options.deadline is None else options.deadline + 30.0
    answer = core(options).ask("POST", "/v1/activations", body=given, timeout=wait)
    return _say(options, answer, views.activation)


def _deactivate(options: argparse.Namespace) -> int:
    path = f"/v1/contexts/{_imsi(options)}/{quote(options.apn, safe='')}"
    if options.nsapi is not None:
        path += f"/bearers/{options.nsapi}"
    return _say(options, core(options).ask("DELETE", path), _done)


def _detach(options: argparse.Namespace) -> int:
    path = f"/v1/terminals/{_imsi(options)}/detach"
    answer = core(options).ask("POST", path, body={"reattach": options.reattach})
    return _say(options, answer, _done)


def _mobile(options: argparse.Namespace) -> int:
    operation = MOBILE_VERBS[options.mobile_verb]
    asked = None
    if operation.body is not None:
        asked = body(operation.body, vars(options))
    path = operation.path.replace("{imsi}", _imsi(options))
    return _say(options, core(options).ask(operation.method, path, body=asked), _done)


def _events(options: argparse.Namespace) -> int:
    wanted = (
        entry
        for entry in core(options).events("/v1/events", options.since)
        if (not options.name or entry["event"] in options.name)
        and (options.imsi is None or entry.get("imsi") == options.imsi)
    )
    for entry in islice(wanted, options.count):
        print(json.dumps(entry) if options.json else views.event(entry), flush=True)
    return 0


def _pushes(options: argparse.Namespace) -> int:
    query = {name: getattr(options, name) for name in ("state", "address", "limit")}
    return _say(options, gateway(options).ask("GET", "/v1/pushes", query=query), views.pushes)


def _show_push(options: argparse.Namespace) -> int:
    path = f"/v1/pushes/{quote(options.push_id, safe='')}"
    return _say(options, gateway(options).ask("GET", path), views.push)


def _queues(options: argparse.Namespace) -> int:
    asked = (core(options), gateway(options), smsc(options))
    clients = [client for client in asked if client is not None]
    rows: list[dict[str, Any]] = []
    missing: list[ApiError] = []
    for client in clients:
        try:
            exposed = client.fetch("GET", "/metrics").decode("utf-8", "replace")
        except ApiError as error:
            # A core without a gateway is nothing to complain of, and neither is the reverse.
            missing.append(error)
        else:
            found = queues(Samples.read(exposed))
            rows += [row for row in found if row["length"] or options.all]
    if len(missing) == len(clients):
        raise missing[0]
    return _say(options, rows, partial(table, views.QUEUES))


def _faults(options: argparse.Namespace) -> int:
    answer = core(options).ask("GET", "/v1/faults")
    return _say(options, answer, lambda one: table(views.FAULTS, one["interfaces"]))


def _fault(options: argparse.Namespace) -> int:
    path = f"/v1/faults/{quote(options.interface, safe='')}"
    asked = {"loss": options.loss, "delay": options.delay}
    answer = core(options).ask("PUT", path, body=asked)
    return _say(options, answer, lambda one: table(views.FAULTS, [one]))


def _heal(options: argparse.Namespace) -> int:
    return _say(options, core(options).ask("DELETE", "/v1/faults"), _done)


def _reset(options: argparse.Namespace) -> int:
    path = f"/v1/faults/{quote(options.interface, safe='')}/reset"
    return _say(options, core(options).ask("POST", path), _done)


def _restart(options: argparse.Namespace) -> int:
    path = f"/v1/nodes/{quote(options.node, safe='')}/restart"
    return _say(options, core(options).ask("POST", path), _done)


_VERBS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "terminals": _terminals,
    "terminal": _show_terminal,
    "contexts": _contexts,
    "activate": _activate,
    "deactivate": _deactivate,
    "detach": _detach,
    "mobile": _mobile,
    "events": _events,
    "pushes": _pushes,
    "push": _show_push,
    "queues": _queues,
    "faults": _faults,
    "fault": _fault,
    "heal": _heal,
    "reset": _reset,
    "restart": _restart,
}
