"""Subscribers of the HLR, looked up and edited while it is in service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from corenet.assembly import Core
from corenet.authentication.milenage import opc_of
from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from corenet.control.bearers import Command
from corenet.control.directory import Directory
from corenet.control.errors import ControlError
from corenet.control.model import Done, moment
from corenet.control.subscriber_model import (
    ApnProfile,
    CardRequest,
    MilenageOpcCard,
    SubscriberAnswer,
    SubscriberChange,
    SubscriberCreation,
    SubscriberList,
    SubscriberQuery,
    XorCard,
)
from corenet.hlr.config import Barring, SubscribedApn, Subscriber
from corenet.hlr.node import Hlr
from corenet.hlr.provisioning import TakenError
from corenet.hlr.store import NotKeptError

T = TypeVar("T")


class Subscribers:
    """What can be asked of subscribers. Everything raises ControlError 501 without an HLR."""

    def __init__(self, core: Core, command: Command, directory: Directory) -> None:
        self._core = core
        self._command = command
        self._directory = directory

    def look_up(self, query: SubscriberQuery) -> SubscriberList:
        """Return a part of all, or the one with a number.

        Raises:
            ControlError: 404, nobody has that number.
        """
        hlr = self._hlr
        if query.msisdn is None:
            page = hlr.subscribers(query.offset, query.offset + query.limit)
            return SubscriberList(
                total=hlr.subscriber_count, subscribers=[self._answer(hlr, one) for one in page]
            )
        found = hlr.by_msisdn(query.msisdn)
        if found is None:
            raise _unknown("msisdn", query.msisdn)
        return SubscriberList(total=1, subscribers=[self._answer(hlr, found)])

    def get(self, imsi: str) -> SubscriberAnswer:
        """Return one.

        Raises:
            ControlError: 404, there is none.
        """
        return self._answer(self._hlr, self._find(imsi))

    def create(self, request: SubscriberCreation) -> SubscriberAnswer:
        """Add one.

        Raises:
            ControlError: 409, somebody has a number or address of it, or it contradicts itself;
                503, the HLR is not in service, or its database cannot be written.
        """
        hlr = self._hlr
        secret, sqn = _card(request.card)
        subscriber = Subscriber(
            request.imsi,
            request.msisdn,
            _apns(request.apns),
            secret,
            sqn,
            Barring(request.barring),
        )
        self._edit(hlr, lambda now: hlr.create(subscriber, now))
        self._directory.put(subscriber)
        return self._answer(hlr, subscriber)

    def change(self, imsi: str, request: SubscriberChange) -> SubscriberAnswer:
        """Change what the request names; an SGSN that serves it is told.

        Raises:
            ControlError: 404, there is none; 409, somebody has a number or address of it; 503, the
                HLR is not in service, or its database cannot be written.
        """
        hlr, before = self._hlr, self._find(imsi)
        changes: dict[str, Any] = {}
        if request.msisdn is not None:
            changes["msisdn"] = request.msisdn
        if request.barring is not None:
            changes["barring"] = Barring(request.barring)
        if "card" in request.model_fields_set:
            changes["secret"], changes["sqn"] = _card(request.card)
        if request.apns is not None:
            changes["apns"] = _apns(request.apns)
        after = replace(before, **changes)
        self._edit(hlr, lambda now: hlr.change(after, now))
        self._directory.put(after)
        return self._answer(hlr, after)

    def delete(self, imsi: str) -> Done:
        """Forget one; an SGSN that serves it sends it away.

        Raises:
            ControlError: 404, there is none; 503, the HLR is not in service, or its database
                cannot be written.
        """
        hlr = self._hlr
        self._find(imsi)
        self._edit(hlr, lambda now: hlr.delete(imsi, now))
        self._directory.remove(imsi)
        return Done(done="delete")

    @property
    def _hlr(self) -> Hlr:
        hlr = self._core.hlr
        if hlr is None:
            raise ControlError(501, "No HLR", "there is no HLR here that has subscribers")
        return hlr

    def _find(self, imsi: str) -> Subscriber:
        found = self._hlr.subscriber(imsi)
        if found is None:
            raise _unknown("imsi", imsi)
        return found

    def _edit(self, hlr: Hlr, action: Callable[[float], None]) -> None:
        try:
            self._command(hlr, action)
        except TakenError as error:
            raise ControlError(409, "Taken", str(error), field=error.field) from None
        except NotKeptError as error:
            raise ControlError(503, "Not kept", str(error)) from None

    def _answer(self, hlr: Hlr, subscriber: Subscriber) -> SubscriberAnswer:
        location = hlr.location(subscriber.imsi)
        since = None if location is None else location.since
        return SubscriberAnswer(
            imsi=subscriber.imsi,
            msisdn=subscriber.msisdn,
            apns=[
                ApnProfile(
                    name=apn.apn,
                    address=apn.static_address,
                    qos=None if apn.qos is None else apn.qos.hex(),
                )
                for apn in subscriber.apns
            ],
            barring=subscriber.barring.value,
            card=_algorithm(subscriber.secret),
            sgsn=None if location is None else location.sgsn,
            sgsn_since=None if since is None else moment(since),
        )


def _unknown(field: str, value: str) -> ControlError:
    detail = f"no subscriber has {field} {value}"
    return ControlError(404, "Unknown subscriber", detail, field=field)


def _apns(profiles: list[ApnProfile]) -> tuple[SubscribedApn, ...]:
    names = [one.name.lower() for one in profiles]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        text = f"the access point {twice} has two profiles"
        raise ControlError(409, "Contradiction", text, field="apns")
    return tuple(
        SubscribedApn(one.name, one.address, None if one.qos is None else bytes.fromhex(one.qos))
        for one in profiles
    )


def _card(request: CardRequest | None) -> tuple[Secret | None, int]:
    """Return what a card is authenticated with, and its sequence number."""
    if request is None:
        return None, 0
    key = bytes.fromhex(request.key)
    if isinstance(request, XorCard):
        return XorSecret(key), 0
    if isinstance(request, MilenageOpcCard):
        return MilenageSecret(key, bytes.fromhex(request.opc)), request.sqn
    return MilenageSecret(key, opc_of(key, bytes.fromhex(request.op))), request.sqn


def _algorithm(secret: Secret | None) -> Any:
    match secret:
        case MilenageSecret():
            return "milenage"
        case XorSecret():
            return "xor"
    return None
