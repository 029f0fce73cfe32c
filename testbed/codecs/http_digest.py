"""HTTP Digest: challenges, the answers to them, and which nonces were used how often.

Specs: RFC 7616 (SHA-256 and MD5, qop "auth"), RFC 9110 §11.4 (parameters).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final

ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType({"SHA-256": "sha256", "MD5": "md5"})
"""Names of ``hashlib`` by those of RFC 7616, the better one first."""
NONCE_SECONDS: Final = 300
"""How long a nonce can be used."""
WINDOW: Final = 64
"""How far behind the highest nonce count another one may come, over another connection."""
MOST_NONCES: Final = 10_000
"""Nonces in use whose counts are remembered."""

_PARAMETER: Final = re.compile(
    r'\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)'
)
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client adds to an answer: the challenge's nonce, how often it was used, its own."""

    nonce: str
    count: str
    """Eight hexadecimal digits."""
    client_nonce: str


def response(algorithm: str, who: tuple[str, str, str], what: tuple[str, str], proof: Proof) -> str:
    """Return the response of RFC 7616 §3.4.1, with qop "auth".

    ``algorithm`` is a key of ``ALGORITHMS``; ``who`` is user, realm, password; ``what`` is method
    and request-target.
    """
    name = ALGORITHMS[algorithm]
    digest: Callable[[str], str] = lambda text: hashlib.new(  # noqa: E731
        name, text.encode(), usedforsecurity=False
    ).hexdigest()
    return digest(
        ":".join(
            (
                digest(":".join(who)),
                proof.nonce,
                proof.count,
                proof.client_nonce,
                "auth",
                digest(":".join(what)),
            )
        )
    )


def authorization(
    algorithm: str, who: tuple[str, str, str], what: tuple[str, str], proof: Proof, opaque: str
) -> str:
    """Return the value of the header Authorization that answers a challenge."""
    user, realm, _ = who
    quoted = {
        "username": user,
        "realm": realm,
        "uri": what[1],
        "nonce": proof.nonce,
        "cnonce": proof.client_nonce,
        "response": response(algorithm, who, what, proof),
    }
    if opaque:
        quoted["opaque"] = opaque
    text = ", ".join(f'{name}="{_escaped(value)}"' for name, value in quoted.items())
    return f"Digest {text}, algorithm={algorithm}, qop=auth, nc={proof.count}"


def parameters(text: str) -> dict[str, str]:
    """Return the parameters behind a scheme, or none of them where one is malformed."""
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


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@dataclass(slots=True)
class _Use:
    """The counts that came with one nonce: the highest, and a bit for each of those before it."""

    highest: int = 0
    seen: int = 0

    def take(self, number: int) -> bool:
        """Return whether ``number`` comes for the first time, and near enough to the highest."""
        if number > self.highest:
            ahead = number - self.highest
            kept = 0 if ahead >= WINDOW else self.seen << ahead
            self.seen = (kept | 1) & ((1 << WINDOW) - 1)
            self.highest = number
            return True
        bit = self.highest - number
        if number < 1 or bit >= WINDOW or self.seen >> bit & 1:
            return False
        self.seen |= 1 << bit
        return True


class Nonces:
    """Makes nonces, and takes each of them once with each count.

    A nonce carries its time, a number and a seal, so that nothing is kept of one that nobody
    answers. What is kept of those in use is bounded: where it would become more, the oldest
    nonces are stale before their time.
    """

    def __init__(self, seal: bytes) -> None:
        """``seal`` is a secret from which nonces get their proof."""
        self._seal = seal
        self._numbers = count()
        self._uses: OrderedDict[tuple[int, int], _Use] = OrderedDict()
        self._forgotten = (-1, -1)
        """Time and number of the newest nonce whose counts were forgotten; older ones are stale."""

    def new(self, now: float) -> str:
        """Return a nonce that was never given out."""
        return self._sealed(int(now), next(self._numbers))

    def take(self, nonce: str, nonce_count: str, now: float) -> bool:
        """Return whether a nonce is ours, fresh, and came never before with this count.

        To be asked only about a response that is right: what is taken counts as used.
        """
        try:
            moment, number = (int(part, 16) for part in nonce.split(".")[:2])
            used = int(nonce_count, 16)
        except ValueError:
            return False
        place = (moment, number)
        is_ours = hmac.compare_digest(nonce.encode(), self._sealed(*place).encode())
        if not is_ours or not 0 <= now - moment < NONCE_SECONDS or place <= self._forgotten:
            return False
        use = self._uses.get(place)
        if use is None:
            use = self._uses[place] = _Use()
            self._forget(now)
        return use.take(used)

    def _forget(self, now: float) -> None:
        """Forget what has expired, in the order of first use; and the oldest if they are many."""
        while self._uses and now - next(iter(self._uses))[0] >= NONCE_SECONDS:
            self._uses.popitem(last=False)
        if len(self._uses) > MOST_NONCES:
            oldest = min(self._uses)
            del self._uses[oldest]
            self._forgotten = max(self._forgotten, oldest)

    def _sealed(self, moment: int, number: int) -> str:
        text = f"{moment:x}.{number:x}"
        return f"{text}.{hmac.new(self._seal, text.encode(), 'sha256').hexdigest()}"


def is_count(text: str) -> bool:
    """Return whether this is a nonce count as RFC 7616 §3.4 writes it."""
    return _COUNT.fullmatch(text) is not None
