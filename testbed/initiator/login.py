"""A push initiator's name and password, and the answers to a gateway that asks for them.

Specs: RFC 7616 (Digest), RFC 7617 (Basic), RFC 9110 §11.6.1 (challenges).

Theory of operation. The first request says nothing; the gateway's challenges tell how it wants to
be answered, and further requests answer the same challenge with a higher nonce count, until the
gateway says that its nonce is stale. Digest is preferred, for it does not show the password.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from testbed.codecs import http_digest
from testbed.codecs.http_digest import ALGORITHMS, Proof

_CHALLENGE: Final = re.compile(r"(?:^|,)\s*(Basic|Digest)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Challenge:
    """A Digest challenge that can be answered."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str


class Login:
    """One initiator's name and password at one gateway."""

    def __init__(self, user: str, password: str, client_nonce: Callable[[], str]) -> None:
        """``client_nonce`` makes a text that nobody can guess, anew each time."""
        self._user = user
        self._password = password
        self._client_nonce = client_nonce
        self._is_basic = False
        self._challenge: _Challenge | None = None
        self._count = 0

    def authorization(self, method: str, target: str) -> str | None:
        """Return the header Authorization for the next request; None as long as nobody asked."""
        challenge = self._challenge
        if challenge is not None:
            self._count += 1
            return http_digest.authorization(
                challenge.algorithm,
                (self._user, challenge.realm, self._password),
                (method, target),
                Proof(challenge.nonce, f"{self._count:08x}", self._client_nonce()),
                challenge.opaque,
            )
        if self._is_basic:
            token = b64encode(f"{self._user}:{self._password}".encode()).decode()
            return f"Basic {token}"
        return None

    def challenged(self, challenges: Iterable[str], said: str | None) -> bool:
        """Take the values of WWW-Authenticate; return whether another request makes sense.

        ``said`` is the Authorization of the request that they answer. It makes none where that
        was no answer to a challenge that is stale now: then name or password are wrong. Nor where
        nothing is asked that can be answered.
        """
        offered = [pair for value in challenges for pair in _split(value)]
        digests = [given for scheme, given in offered if scheme == "digest"]
        is_stale = any(given.get("stale", "").lower() == "true" for given in digests)
        self._count = 0
        self._challenge = next(
            (
                _Challenge(given["realm"], given["nonce"], algorithm, given.get("opaque", ""))
                for algorithm in ALGORITHMS
                for given in digests
                if given.get("algorithm", "MD5").upper() == algorithm
                and {"realm", "nonce"} <= given.keys()
                and "auth" in re.split(r"\s*,\s*", given.get("qop", ""))
            ),
            None,
        )
        self._is_basic = self._challenge is None and any(s == "basic" for s, _ in offered)
        can_answer = self._challenge is not None or self._is_basic
        return can_answer and (is_stale or said is None)


def _split(value: str) -> list[tuple[str, dict[str, str]]]:
    """Return the challenges of one header: schemes in lower case, and their parameters."""
    found = list(_CHALLENGE.finditer(value))
    ends = [*(one.start() for one in found[1:]), len(value)][: len(found)]
    return [
        (one[1].lower(), http_digest.parameters(value[one.end() : end]))
        for one, end in zip(found, ends, strict=True)
    ]
