"""The reference page of policies, written from their tables so that the two cannot differ.

``python -m testbed.gateway.routing.policy_page > docs/reference/policy.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from testbed.gateway.routing.policy import FOLLOWS, TIME_BEFORE_SMS, Next, Refusal, Route, code_of

_INTRODUCTION: Final = """\
# Policy: how a push reaches its terminal

Written from `testbed/gateway/routing/policy.py` by
`python -m testbed.gateway.routing.policy_page`; do not edit.

`gateway.policy` of a [lab file](lab-file.md#rule) is a list of rules. The first that fits a push's
application and initiator holds for it; the last fits every push. A rule orders routes. Each time
that the gateway looks at a push it takes the first route that can be taken now:

"""
_ROUTES: Final[Mapping[Route, str]] = MappingProxyType(
    {
        Route.IP: "the core says that the terminal has a context; or, where the core is not asked "
        "or says nothing, accounting does",
        Route.ACTIVATION: "the core knows the terminal, it has no context, MNRG is not set, and it "
        "is not detached after an activation that ended so",
        Route.GI_TRIGGER: "the terminal's static address is known (`gateway.gi_trigger`)",
        Route.SMS: "its number is known, and the gateway has an SMSC",
        Route.HOLD: "always: the push waits until accounting or the core show the terminal, "
        "and is looked at once a minute",
    }
)
_TIMES: Final = f"""
`activation_for`, `sms_for` and `hold_for` bound how long a route is tried or waited for before the
next one is taken. Without `activation_for` that is {TIME_BEFORE_SMS:g} seconds where SMS follows.
An attempt that could only be made after that time is not waited for. When the terminal shows
itself every route may be taken again, with its whole time. Where no route is left the push is
undeliverable.

The times go on while the gateway is away: after a restart, or when another gateway takes the push
over, a route has what is left of its time.

A push can ask for a bearer (`bearer` in PAP's quality-of-service): SMS, or GPRS, Packet Data or IP.
With `bearer-required` it takes that one's routes alone, and is refused with 3010 where there are
none; else that one's routes come first. SMS asked for so needs an SMSC, but no rule that names it.
Holding is no bearer.

`confirm` says what it takes for a push that no client confirms to count as delivered: *left*, it
left the gateway and did not come back; or *context*, the core has since sent the mobile something.
Without it `gateway.ota.confirm` holds.

SMS is for gateways with an SMSC: `smsc` in the lab file, or `gateway.sms.smscs`.

## Refusals

When a route fails, the kind of failure decides what follows. `after` of a rule changes it. Which
cause is of which kind stands with the [states of a push](push-states.md).

"""
_NEXT: Final[Mapping[Next, str]] = MappingProxyType(
    {
        Next.RETRY: "the same route again after a back-off, as long as its time lasts; then the "
        "next one",
        Next.NEXT: "the next route of the order",
        Next.SMS: "SMS where the order has it; else the push is undeliverable",
        Next.HOLD: "hold, whatever stands before it in the order",
        Next.FAIL: "the push is undeliverable, with the status code below",
    }
)
_MEANINGS: Final[Mapping[Refusal, str]] = MappingProxyType(
    {
        Refusal.UNKNOWN_SUBSCRIBER: "core or HLR have never heard of the terminal",
        Refusal.NO_ACCESS: "barred, not subscribed, no such APN, no address for it",
        Refusal.ABSENT: "detached: the network will note when it is back",
        Refusal.NOT_RESPONDING: "attached, but it does not answer",
        Refusal.REFUSED: "it said no to the activation",
        Refusal.BUSY: "the network has no resources, or refuses another attempt for a while",
        Refusal.LATE: "time was up",
        Refusal.CORE_SILENT: "the control interface gives no usable answer",
        Refusal.FAILED: "anything else that went wrong in the network",
        Refusal.NO_CONTEXT: "no accounting session began after the Gi trigger",
        Refusal.UNDELIVERED: "the push went to the terminal's address, and came back or was not "
        "confirmed",
        Refusal.SMS_ABSENT: "the short message found the terminal out of reach",
        Refusal.SMS_ADDRESS: "no such number",
        Refusal.SMS_BUSY: "SMSC or network cannot take the short message now",
        Refusal.SMS_REFUSED: "SMSC or network will never take it",
        Refusal.SMS_UNKNOWN: "nobody can say what became of it; it is submitted again under the "
        "same key, by which the SMSC knows it",
    }
)
_EXAMPLES: Final = """
## Examples

MMS notifications are held for ten minutes at most, those of the shop bother the core with eight
activations at a time, are given up where a user says no, and count as delivered only when the core
has sent them on. Everything else is as ever.

```yaml rules.yaml
gateway:
  address: 127.0.10.5
  apn: wap.example
  core: {url: "http://127.0.10.4:8080"}
  initiators:
    - {name: shop, password: correct-horse}
    - {name: news, password: battery-staple}
  policy:
    - applications: ["x-wap-application:mms.ua"]
      hold_for: 600
    - initiators: [shop]
      activations: 8
      activation_for: 300
      lifetime: 7200
      confirm: context
      after: {refused: fail}
    - order: [ip, activation, hold]
```

```console
$ corenet validate rules.yaml
rules.yaml: gateway; 0 terminals
```

A gateway beside a core that tells nothing but accounting. Terminals have static addresses, and a
datagram to one makes its GGSN activate.

```yaml trigger.yaml
gateway:
  address: 127.0.10.5
  apn: wap.example
  ask_core: false
  radius_clients:
    - {address: 192.0.2.0/24, secret: sesame}
  sessions: {interim_interval: 600}
  gi_trigger:
    addresses: {"447700900001": 127.10.0.1, "447700900002": 127.10.0.2}
    networks: [127.10.0.0/16]
    wait: 30
  policy:
    - order: [ip, gi-trigger, hold]
      after: {no-context: retry}
```

```console
$ corenet validate trigger.yaml
trigger.yaml: gateway; 0 terminals
```

With an SMSC. Pushes of the bank go by SMS alone; others by SMS when a minute of activation came
to nothing, and at once where the user said no. What SMS cannot deliver either is held.

```yaml fallback.yaml
gateway:
  address: 127.0.10.5
  apn: wap.example
  core: {url: "http://127.0.10.4:8080"}
  initiators:
    - {name: bank, password: correct-horse}
    - {name: news, password: battery-staple}
  sms:
    smscs: [{name: centre, address: 127.0.10.7}]
  policy:
    - initiators: [bank]
      order: [sms, hold]
    - order: [ip, activation, sms, hold]
      activation_for: 60
      sms_for: 3600
      after: {refused: sms}
```

```console
$ corenet validate fallback.yaml
fallback.yaml: gateway; 0 terminals
```

What does not fit is named with its place.

```yaml wrong.yaml
gateway:
  address: 127.0.10.5
  apn: wap.example
  ask_core: false
  policy:
    - order: [ip, hold]
    - order: [ip, gi-trigger, sms]
```

```console
$ corenet validate wrong.yaml 2>&1 || true
wrong.yaml:6:7: this rule fits every push, so those after it never hold
wrong.yaml:7:19: gi-trigger needs gateway.gi_trigger, which says who can be triggered
wrong.yaml:7:31: sms needs an SMSC: set smsc, or gateway.sms.smscs
```
"""


def page() -> str:
    """Return the page as Markdown."""
    return "".join(
        [
            _INTRODUCTION,
            _table(("Route", "Is taken where"), [(f"`{r}`", _ROUTES[r]) for r in Route]),
            _TIMES,
            _table(("Follows", "Means"), [(f"`{n}`", _NEXT[n]) for n in Next]),
            "\n",
            _table(
                ("Refusal", "Means", "By default", "Status code where it fails"),
                [
                    (f"`{r}`", _MEANINGS[r], f"`{FOLLOWS[r]}`", str(int(code_of(r))))
                    for r in Refusal
                ],
            ),
            _EXAMPLES,
        ]
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---")


if __name__ == "__main__":
    sys.stdout.write(page())
