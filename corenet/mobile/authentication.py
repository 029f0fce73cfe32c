"""Authentication of one mobile: challenges go to its card, the card's answers to the network.

Specs: TS 24.008 §4.7.7.2 (response), §4.7.7.5.1 (failure), §4.7.7.3 (key sequence number).

A challenge that comes once more gets the same answer, for a USIM would take it for an old one.
T3318 and T3320 are not run: T3310 or T3330 goes on, and ends what the network does not.
"""

from __future__ import annotations

from corenet.authentication.card import Answered, Card, MacFailure
from corenet.authentication.secrets import Secret
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.gmm import (
    AuthenticationFailure,
    AuthenticationRequest,
    AuthenticationResponse,
)

NO_KEY = 7
"""Key sequence number of a mobile that has not been authenticated."""


class Authentication:
    """The card of one mobile, and the last challenge."""

    __slots__ = ("_answer", "_card", "_rand", "key_sequence")

    def __init__(self, secret: Secret, sqn: int) -> None:
        self._card = Card(secret, sqn)
        self._rand: bytes | None = None
        self._answer: AuthenticationResponse | AuthenticationFailure | None = None
        self.key_sequence = NO_KEY
        """What the last authentication is called."""

    def answer(
        self, request: AuthenticationRequest
    ) -> AuthenticationResponse | AuthenticationFailure:
        """Return what the network gets for its request."""
        if request.rand is None:
            return AuthenticationResponse(request.reference)
        if self._answer is None or request.rand != self._rand:
            self._rand, self._answer = request.rand, self._ask_card(request, request.rand)
        if isinstance(self._answer, AuthenticationFailure):
            return self._answer
        self.key_sequence = NO_KEY if request.key_sequence is None else request.key_sequence
        return AuthenticationResponse(request.reference, self._answer.response)

    def _ask_card(
        self, request: AuthenticationRequest, rand: bytes
    ) -> AuthenticationResponse | AuthenticationFailure:
        match self._card.answer(rand, request.autn):
            case Answered(response):
                return AuthenticationResponse(request.reference, response)
            case MacFailure():
                return AuthenticationFailure(GmmCause.MAC_FAILURE)
            case failure:
                return AuthenticationFailure(GmmCause.SYNCH_FAILURE, failure.auts)
