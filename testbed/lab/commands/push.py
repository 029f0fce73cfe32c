"""``corenet push``: send a push to a gateway, and wait for its result, or follow it there."""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from dataclasses import replace
from getpass import getpass
from secrets import token_hex
from typing import Any

from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.error import CannotListenError
from twisted.internet.task import deferLater

from testbed.adapters.initiator import NotificationReceiver, SubmissionClient, SubmissionError
from testbed.adapters.push_follower import FollowError, PushFollower
from testbed.adapters.tls import ClientPolicy, TlsError
from testbed.codecs import pap
from testbed.codecs.address import AddressError
from testbed.codecs.multipart import Part
from testbed.codecs.pap import StatusCode
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.initiator.login import Login
from testbed.initiator.submission import indication_part, loading_part, recipient, submission
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.timeline import Timeline

DEFAULT_GATEWAY = "http://127.0.10.5:8081/pap"
"""The gateway of the default lab."""
LOOK_SECONDS = 0.2
"""Between two looks at a push that is followed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "terminals",
        nargs="+",
        metavar="TERMINAL",
        help="an MSISDN in international form, with or without +, or a terminal's IP address",
    )
    parser.add_argument("--gateway", metavar="URL", default=DEFAULT_GATEWAY)
    parser.add_argument("--text", default="You have a new message", help="what an SI shows")
    parser.add_argument("--href", default="http://www.example.com/", metavar="URL")
    parser.add_argument("--sl", action="store_true", help="push an SL, not an SI")
    parser.add_argument("--push-id", metavar="ID", help="default: a new one")
    parser.add_argument(
        "--deliver-before", type=float, metavar="SECONDS", help="from now; default: the gateway's"
    )
    parser.add_argument(
        "--delivery-method",
        choices=tuple(method.value for method in pap.DeliveryMethod),
        default=pap.DeliveryMethod.NOT_SPECIFIED.value,
        metavar="METHOD",
        help="%(choices)s (default: %(default)s)",
    )
    parser.add_argument(
        "--bearer", metavar="NAME", help="what it is to go by, such as SMS or GPRS, where it can"
    )
    parser.add_argument(
        "--bearer-required", action="store_true", help="by no other bearer than that"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="for the result; 0 does not ask for a notification, or follows without end "
        "(default: %(default)g)",
    )
    parser.add_argument(
        "--listen",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where the result notification is to come (default: %(default)s)",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="show each step at the gateway until the push has ended, "
        "instead of waiting for result notifications",
    )
    who = parser.add_argument_group("who you are, where the gateway asks")
    who.add_argument("--user", metavar="NAME", help="for HTTP Digest or Basic")
    who.add_argument("--password", metavar="PASSWORD", help="default: asked for at the terminal")
    who.add_argument("--cert", metavar="FILE", help="certificate to show over TLS, in PEM")
    who.add_argument("--key", metavar="FILE", help="its private key (default: in the same file)")
    who.add_argument(
        "--ca", metavar="FILE", help="whose certificate the gateway has (default: the system's CAs)"
    )


def run(options: argparse.Namespace) -> int:
    """Push; status 0 if every terminal got it, or none was waited for and it was accepted."""
    log_to(None)
    try:
        message, content = _push(options)
        policy = ClientPolicy(ca=options.ca, certificate=options.cert, key=options.key)
    except (AddressError, ValueError, TlsError) as error:
        print(f"corenet push: {error}", file=sys.stderr)
        return 2

    async def work(reactor: Any) -> int:
        return await _submit(reactor, options, policy, message, content)

    try:
        return run_in_reactor(work)
    except (SubmissionError, FollowError, CannotListenError) as error:
        print(f"corenet push: {error}", file=sys.stderr)
        return 1


def _push(options: argparse.Namespace) -> tuple[pap.PushMessage, Part]:
    before = options.deliver_before
    message = pap.PushMessage(
        push_id=options.push_id or f"{uuid.uuid4()}@corenet.example",
        addresses=tuple(recipient(terminal) for terminal in options.terminals),
        deliver_before=None if before is None else float(int(time.time() + before)),
        quality_of_service=pap.QualityOfService(
            delivery_method=pap.DeliveryMethod(options.delivery_method),
            bearer=options.bearer,
            bearer_required=options.bearer_required,
        ),
    )
    if options.sl:
        return message, loading_part(ServiceLoading(href=options.href))
    return message, indication_part(ServiceIndication(href=options.href, text=options.text))


def _login(options: argparse.Namespace) -> Login | None:
    if options.user is None:
        return None
    password = options.password
    if password is None:
        password = getpass(f"Password of {options.user}: ")
    return Login(options.user, password, lambda: token_hex(16))


async def _submit(
    reactor: Any,
    options: argparse.Namespace,
    policy: ClientPolicy,
    message: pap.PushMessage,
    content: Part,
) -> int:
    receiver = NotificationReceiver(reactor, interface=options.listen)
    client = SubmissionClient(reactor, options.gateway, login=_login(options), policy=policy)
    try:
        if options.wait > 0 and not options.follow:
            receiver.start()
            message = replace(message, notify_url=receiver.url)
        answer = await client.submit(submission(message, content))
        print(f"{message.push_id}: {answer.code} {answer.desc or ''}".rstrip())
        if answer.code not in (StatusCode.OK, StatusCode.ACCEPTED):
            return 1
        if options.follow:
            return await _follow(reactor, options, policy, message.push_id)
        return 0 if options.wait <= 0 else await _results(receiver, options, message)
    finally:
        await client.close()
        await receiver.stop()


async def _follow(
    reactor: Any, options: argparse.Namespace, policy: ClientPolicy, push_id: str
) -> int:
    """Show what becomes of a push while it does; 0 if all are delivered."""
    follower = PushFollower(reactor, options.gateway, policy=policy)
    timeline = Timeline()
    end = reactor.seconds() + options.wait if options.wait > 0 else float("inf")
    try:
        while True:
            for line in timeline.take(await follower.look(push_id)):
                print(line, flush=True)
            if timeline.is_over:
                states = timeline.states.values()
                return 0 if all(one is pap.MessageState.DELIVERED for one in states) else 1
            if reactor.seconds() > end:
                print(f"not ended within {options.wait:g} s", file=sys.stderr)
                return 1
            await deferLater(reactor, LOOK_SECONDS, lambda: None)
    finally:
        await follower.close()


async def _results(
    receiver: NotificationReceiver, options: argparse.Namespace, message: pap.PushMessage
) -> int:
    """Show one result for each address; 0 if all are delivered."""
    delivered = 0
    for _address in message.addresses:
        try:
            result = await receiver.wait_for(message.push_id, options.wait)
        except DeferredTimeoutError:
            print(f"no result notification within {options.wait:g} s", file=sys.stderr)
            return 1
        print(f"{result.address}: {result.state.value} ({result.code} {result.desc or ''})")
        delivered += result.state is pap.MessageState.DELIVERED
    return 0 if delivered == len(message.addresses) else 1
