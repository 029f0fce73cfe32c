"""Who may push, and how much: authentication, addresses, rates.

Specs: RFC 7617 (Basic), RFC 7616 (Digest, with SHA-256 and MD5), RFC 9110 §11.

Theory of operation. An initiator that has a certificate is known by a name in it, over TLS, where
the certificate was checked; one that has a password must show it in each request; one that has
neither is known by the address it comes from. A Digest is taken once with each nonce count: a
request that is replayed is asked for again with a new nonce, as one whose nonce is too old.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

from testbed.codecs import http_digest
from testbed.codecs.http_digest import Nonces, Proof

REALM: Final = "push"


@dataclass(frozen=True, slots=True)
class Initiator:
    """One who may push."""

    name: str
    password: str | None = field(default=None, repr=False)
    """Without password and certificate it is known by where it comes from."""
    addresses: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    """Addresses and networks that it may come from."""
    rate: float | None = None
    """Submissions a second, in the long run; None: any number."""
    burst: int = 20
    """Submissions that may come at once."""
    quota: int | None = None
    """Addresses of pushes that have not ended; None: any number."""
    certificate: str | None = None
    """A name in its certificate: "CN=shop,O=Example", "DNS:shop.example", "URI:…", "email:…"."""

    def __post_init__(self) -> None:
        if not self.name or ":" in self.name:
            raise ValueError(f"{self.name!r} cannot name an initiator")
        if self.password is not None and self.certificate is not None:
            raise ValueError(f"{self.name} has a password or a certificate, not both")
        if (self.rate is not None and self.rate <= 0) or self.burst < 1:
            raise ValueError(f"the rate of {self.name} is above 0, its burst at least 1")
        for address in self.addresses:
            ip_network(address)

    def may_come_from(self, address: str) -> bool:
        """Return whether ``address`` is one of its own."""
        try:
            client = ip_address(address)
        except ValueError:
            return False
        return any(client in ip_network(allowed) for allowed in self.addresses)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says about who makes it."""

    address: str = ""
    """The IP address it comes from."""
    authorization: str | None = None
    """The value of the header Authorization."""
    method: str = "POST"
    target: str = "/pap"
    """The request-target as it stands in the request."""
    certificate: tuple[str, ...] = ()
    """The names in the certificate that it showed over TLS; only of one that was checked."""


@dataclass(frozen=True, slots=True)
class Known:
    """The caller is an initiator, or "" where nobody is asked who he is."""

    name: str
    forbidden: str | None = None
    """Why it may not push all the same."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The caller must say who it is: the values of WWW-Authenticate."""

    challenges: tuple[str, ...]


class Access:
    """Tells initiators apart."""

    def __init__(self, initiators: Iterable[Initiator], *, seal: bytes) -> None:
        """``seal`` is a secret of this gateway's run, from which nonces get their proof."""
        self._initiators = {one.name: one for one in initiators}
        self._nonces = Nonces(seal)

    def check(self, caller: Caller, now: float) -> Known | Unknown:
        """Return who ``caller`` is. Never raises for what it sent."""
        if not self._initiators:
            return Known("")
        scheme, _, rest = (caller.authorization or "").partition(" ")
        match scheme.lower():
            case "basic":
                initiator = self._by_basic(rest)
            case "digest":
                found = self._by_digest(rest, caller, now)
                if found is _STALE:
                    return Unknown(self._challenges(now, is_stale=True))
                initiator = found if isinstance(found, Initiator) else None
            case "":
                initiator = self._by_certificate(caller) or self._by_address(caller.address)
            case _:
                initiator = None
        if initiator is None:
            if any(one.password is not None for one in self._initiators.values()):
                return Unknown(self._challenges(now, is_stale=False))
            whom = f" with {caller.certificate[0]}" if caller.certificate else ""
            return Known("", f"nobody is known who comes from {caller.address}{whom}")
        if not initiator.may_come_from(caller.address):
            return Known(initiator.name, f"{initiator.name} may not come from {caller.address}")
        return Known(initiator.name)

    def _by_address(self, address: str) -> Initiator | None:
        return next(
            (
                one
                for one in self._initiators.values()
                if one.password is None and one.certificate is None and one.may_come_from(address)
            ),
            None,
        )

    def _by_certificate(self, caller: Caller) -> Initiator | None:
        return next(
            (one for one in self._initiators.values() if one.certificate in caller.certificate),
            None,
        )

    def _by_basic(self, token: str) -> Initiator | None:
        try:
            name, _, password = b64decode(token.strip(), validate=True).decode().partition(":")
        except (Base64Error, ValueError):
            return None
        initiator = self._initiators.get(name)
        if initiator is None or initiator.password is None:
            return None
        is_right = hmac.compare_digest(password.encode(), initiator.password.encode())
        return initiator if is_right else None

    def _by_digest(self, text: str, caller: Caller, now: float) -> Initiator | object:
        given = http_digest.parameters(text)
        algorithm = given.get("algorithm", "MD5").upper()
        initiator = self._initiators.get(given.get("username", ""))
        if (
            algorithm not in http_digest.ALGORITHMS
            or initiator is None
            or initiator.password is None
            or given.get("realm") != REALM
            or given.get("uri") != caller.target
            or given.get("qop") != "auth"
            or not http_digest.is_count(given.get("nc", ""))
        ):
            return None
        proof = Proof(given.get("nonce", ""), given["nc"], given.get("cnonce", ""))
        response = http_digest.response(
            algorithm,
            (initiator.name, REALM, initiator.password),
            (caller.method, caller.target),
            proof,
        )
        if not hmac.compare_digest(response.encode(), given.get("response", "").lower().encode()):
            return None
        return initiator if self._nonces.take(proof.nonce, proof.count, now) else _STALE

    def _challenges(self, now: float, *, is_stale: bool) -> tuple[str, ...]:
        stale = ", stale=true" if is_stale else ""
        digests = (
            f'Digest realm="{REALM}", qop="auth", algorithm={name}, '
            f'nonce="{self._nonces.new(now)}"{stale}'
            for name in http_digest.ALGORITHMS
        )
        return (*digests, f'Basic realm="{REALM}", charset="UTF-8"')


_STALE: Final = object()


class TokenBucket:
    """Lets through ``rate`` a second in the long run, and ``burst`` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled: float | None = None

    def take(self, now: float) -> bool:
        """Return whether one more may pass now."""
        if self._filled is not None:
            since = max(0.0, now - self._filled)
            self._tokens = min(self._burst, self._tokens + since * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Allowances:
    """How much of what it may each initiator makes use of."""

    def __init__(self, initiators: Iterable[Initiator]) -> None:
        self._quotas: dict[str, int] = {}
        self._rates: dict[str, TokenBucket] = {}
        self._under_way: Counter[str] = Counter()
        for one in initiators:
            if one.quota is not None:
                self._quotas[one.name] = one.quota
            if one.rate is not None:
                self._rates[one.name] = TokenBucket(one.rate, one.burst)

    @property
    def under_way(self) -> int:
        """How many addresses of pushes are under way, of all initiators."""
        return self._under_way.total()

    def began(self, name: str, addresses: int) -> None:
        """Take note of a push for so many addresses."""
        self._under_way[name] += addresses

    def ended(self, name: str, addresses: int) -> None:
        """Take note that such a push is over."""
        self._under_way[name] -= addresses
        if not self._under_way[name]:
            del self._under_way[name]

    def exceeded(self, name: str, addresses: int, now: float) -> str | None:
        """Count a submission; return why it must wait, or None where it may pass.

        ``addresses`` are those of a push, 0 for anything else.
        """
        rate = self._rates.get(name)
        if rate is not None and not rate.take(now):
            return f"{name} submits too much at once"
        quota, begun = self._quotas.get(name), self._under_way[name]
        if addresses and quota is not None and begun + addresses > quota:
            return f"{name} has {begun} addresses under way, and may have {quota}"
        return None
