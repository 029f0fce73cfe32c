"""Who may push, and how much: authentication, addresses, rates.

Specs: RFC 7617 (Basic), RFC 7616 (Digest, with SHA-256 and MD5), RFC 9110 §11.

Theory of operation. An initiator that has a password must show it in each request; one that has
none is known by the address it comes from. Nonces of Digest carry their own time and a seal, so
that nothing is kept between requests; one that is replayed within its life brings a message whose
push-id was used, or a question whose answer changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

REALM: Final = "push"
NONCE_SECONDS: Final = 300
"""How long a nonce can be used."""
_ALGORITHMS: Final = {"SHA-256": "sha256", "MD5": "md5"}
_PARAMETER: Final = re.compile(
    r'\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)'
)
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class Initiator:
    """One who may push."""

    name: str
    password: str | None = field(default=None, repr=False)
    """None: it is known by where it comes from."""
    addresses: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    """Addresses and networks that it may come from."""
    rate: float | None = None
    """Submissions a second, in the long run; None: any number."""
    burst: int = 20
    """Submissions that may come at once."""
    quota: int | None = None
    """Addresses of pushes that have not ended; None: any number."""

    def __post_init__(self) -> None:
        if not self.name or ":" in self.name:
            raise ValueError(f"{self.name!r} cannot name an initiator")
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
        self._seal = seal

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
                initiator = self._by_address(caller.address)
            case _:
                initiator = None
        if initiator is None:
            if any(one.password is not None for one in self._initiators.values()):
                return Unknown(self._challenges(now, is_stale=False))
            return Known("", f"nobody is known who comes from {caller.address}")
        if not initiator.may_come_from(caller.address):
            return Known(initiator.name, f"{initiator.name} may not come from {caller.address}")
        return Known(initiator.name)

    def _by_address(self, address: str) -> Initiator | None:
        return next(
            (
                one
                for one in self._initiators.values()
                if one.password is None and one.may_come_from(address)
            ),
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
        given = _parameters(text)
        algorithm = _ALGORITHMS.get(given.get("algorithm", "MD5").upper())
        initiator = self._initiators.get(given.get("username", ""))
        if algorithm is None or initiator is None or initiator.password is None:
            return None
        if (
            given.get("realm") != REALM
            or given.get("uri") != caller.target
            or given.get("qop") != "auth"
            or _COUNT.fullmatch(given.get("nc", "")) is None
        ):
            return None
        response = digest_response(
            algorithm,
            (initiator.name, REALM, initiator.password),
            (caller.method, caller.target),
            (given.get("nonce", ""), given["nc"], given.get("cnonce", ""), "auth"),
        )
        if not hmac.compare_digest(response.encode(), given.get("response", "").lower().encode()):
            return None
        return initiator if self._is_fresh(given.get("nonce", ""), now) else _STALE

    def _challenges(self, now: float, *, is_stale: bool) -> tuple[str, ...]:
        stale = ", stale=true" if is_stale else ""
        digests = (
            f'Digest realm="{REALM}", qop="auth", algorithm={name}, '
            f'nonce="{self._nonce(now)}"{stale}'
            for name in _ALGORITHMS
        )
        return (*digests, f'Basic realm="{REALM}", charset="UTF-8"')

    def _nonce(self, now: float) -> str:
        moment = f"{int(now):x}"
        return f"{moment}.{hmac.new(self._seal, moment.encode(), 'sha256').hexdigest()}"

    def _is_fresh(self, nonce: str, now: float) -> bool:
        try:
            moment = int(nonce.partition(".")[0], 16)
        except ValueError:
            return False
        is_ours = hmac.compare_digest(nonce.encode(), self._nonce(moment).encode())
        return is_ours and 0 <= now - moment < NONCE_SECONDS


_STALE: Final = object()


def digest_response(
    algorithm: str,
    who: tuple[str, str, str],
    what: tuple[str, str],
    proof: tuple[str, str, str, str],
) -> str:
    """Return the response of RFC 7616 §3.4.1, with qop "auth".

    ``algorithm`` is a name of ``hashlib``; ``who`` is user, realm, password; ``what`` is method
    and request-target; ``proof`` is nonce, nonce count, client nonce and qop.
    """
    digest: Callable[[str], str] = lambda text: hashlib.new(  # noqa: E731
        algorithm, text.encode(), usedforsecurity=False
    ).hexdigest()
    return digest(":".join((digest(":".join(who)), *proof, digest(":".join(what)))))


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters of an Authorization value, or none of them where one is malformed."""
    given: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None or found[1].lower() in given:
            return {}
        quoted, bare = found[2], found[3]
        given[found[1].lower()] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        position = found.end()
    return given


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
