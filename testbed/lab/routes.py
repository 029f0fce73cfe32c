"""From a lab file's rules to the gateway's policy, and what only shows when it is seen whole."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.gateway.policy import Policy, Route, Rule
from testbed.gateway.trigger import GiTrigger
from testbed.lab.model import GatewayPart
from testbed.lab.policy_model import GiTriggerPart
from testbed.lab.yaml_source import Problem, Source

_BY_TRIGGER = Rule(order=(Route.IP, Route.GI_TRIGGER, Route.HOLD))


def policy(part: GatewayPart) -> Policy:
    """Return the policy of a gateway whose rules ``problems`` finds nothing wrong with."""
    if part.policy:
        return Policy(tuple(rule.rule() for rule in part.policy))
    if part.gi_trigger is not None and not part.ask_core:
        return Policy((_BY_TRIGGER,))
    return Policy()


def gi_trigger(part: GiTriggerPart) -> GiTrigger:
    """Return who can be triggered, and how."""
    return GiTrigger(
        dict(part.addresses),
        part.networks,
        sends_push=part.push,
        port=part.port,
        payload=bytes.fromhex(part.datagram),
        wait=part.wait,
    )


def problems(part: GatewayPart, source: Source, *, has_smsc: bool) -> Iterator[Problem]:
    """Find what is wrong with the rules together, each with its place."""
    names = {initiator.name for initiator in part.initiators}
    last = len(part.policy) - 1
    for number, one in enumerate(part.policy):
        path = ("gateway", "policy", number)
        rule = one.rule()
        if rule.fits_all and number < last:
            text = "this rule fits every push, so those after it never hold"
            yield source.problem(path, text)
        if number == last and not rule.fits_all:
            text = (
                "the last rule fits every push: let it name no applications or initiators, "
                "or add one after it"
            )
            yield source.problem(path, text)
        for position, name in enumerate(one.initiators):
            if name not in names:
                known = ", ".join(sorted(names)) or "none, so nobody is told from another"
                text = f"there is no initiator {name}; gateway.initiators has {known}"
                yield source.problem((*path, "initiators", position), text)
        for position, route in enumerate(one.order):
            if route is Route.SMS and not has_smsc:
                text = "sms needs an SMSC: set smsc, or gateway.sms.smscs"
                yield source.problem((*path, "order", position), text)
            if route is Route.GI_TRIGGER and part.gi_trigger is None:
                text = "gi-trigger needs gateway.gi_trigger, which says who can be triggered"
                yield source.problem((*path, "order", position), text)
