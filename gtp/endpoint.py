"""A GTP-C endpoint: requests and responses that arrive once, paths that are known to live.

Specs: TS 29.060 §7.2 (path management), §7.6 (reliable delivery), §11 (error handling),
TS 23.007 §18 (restart).

Theory of operation. What arrives is sorted by the twelve octets of the header before anything
is decoded:

- another version of GTP gets Version Not Supported (§11.1.1); what is no GTP-C header, a type
  nobody knows, and a request that this role does not serve, are discarded and counted
  (§11.1.2 to §11.1.4);
- a response belongs to the open request with its sequence number, or is discarded; one that
  cannot be decoded ends its request as failed, but for one of another length than its header
  says, which counts as not arrived;
- a request that was seen before gets the octets it got then (``gtp.transactions``), a new one
  is decoded and told as ``RequestReceived``; one that cannot be decoded is refused with the
  Cause of its fault, in the response of its type (§11.1.2, §11.1.5 to §11.1.7);
- an Echo Request is answered on the spot.

A restart counter in any message is compared with the last one of the peer before the message
is told (``gtp.path``).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from gtp.constants import MessageType
from gtp.counters import EndpointCounters
from gtp.errors import (
    ExtensionHeaderError,
    LengthError,
    LocalProtocolError,
    RemoteProtocolError,
    VersionError,
)
from gtp.events import (
    Address,
    Event,
    FailureReason,
    MessageReceived,
    PathDown,
    PathSuspected,
    PathUp,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.messages import (
    EchoRequest,
    EchoResponse,
    Message,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
    decode,
)
from gtp.path import Path, PathInput, Paths, PathState
from gtp.refusals import refusal
from gtp.timers import Timers
from gtp.transactions import (
    IN_WORK,
    RESPONSE_TO,
    RESPONSES,
    OutstandingRequests,
    ResponseCache,
    Transaction,
)

__all__ = [
    "Address",
    "Endpoint",
    "Event",
    "FailureReason",
    "PathDown",
    "PathSuspected",
    "PathUp",
    "PeerRestarted",
    "RequestFailed",
    "RequestReceived",
    "ResponseReceived",
]

_HEADER_LENGTH = 12
_GTP_C_FLAGS = 0x32
"""Version 1, protocol type GTP, sequence number present."""
_GTP_C_FLAGS_MASK = 0xF2
_VERSION_0_MASK = 0xF0
_VERSION_0_FLAGS = 0x10
"""Version 0 and protocol type GTP; GTP', which is charging's, has version 0 as well."""
_VERSION_0_HEADER_LENGTH = 20
_KNOWN_TYPES = frozenset(int(message_type) for message_type in MessageType)


class Endpoint:
    """A GTP-C endpoint on one UDP port. Holds no socket and no clock."""

    def __init__(
        self,
        *,
        timers: Timers,
        recovery: int,
        accepts: frozenset[MessageType],
        hears: frozenset[MessageType] = frozenset(),
        random: Random,
        cache_octets: int = 4 * 1024 * 1024,
        peer_teid: Callable[[int], int] = lambda _: 0,
    ) -> None:
        """Make an endpoint.

        ``recovery`` is this node's restart counter, 0..255. ``accepts`` names the requests
        that this role answers beside Echo Request; others are discarded and counted. ``hears``
        names messages that come without being answered.
        ``cache_octets`` bounds the responses kept for duplicates. ``peer_teid`` returns the
        peer's TEID Control Plane for one of ours, or 0: where refusals go of what cannot be
        decoded.

        Raises LocalProtocolError when ``accepts`` names what is no request.
        """
        no_requests = sorted(kind.text for kind in accepts if kind not in RESPONSE_TO)
        if no_requests:
            raise LocalProtocolError(f"no requests: {', '.join(no_requests)}")
        self.timers = timers
        self.recovery = recovery
        self.counters = EndpointCounters()
        self._peer_teid = peer_teid
        self._accepts = accepts - {MessageType.ECHO_REQUEST}
        self._hears = hears
        self._requests = OutstandingRequests(timers, random)
        self._cache = ResponseCache(timers.response_retention, cache_octets)
        self._paths = Paths(timers.echo_interval)
        self._datagrams: list[tuple[bytes, Address]] = []
        self._events: list[Event] = []

    @property
    def open_requests(self) -> int:
        """How many requests of ours wait for their response, Echo Requests included."""
        return len(self._requests)

    @property
    def requests_in_work(self) -> int:
        """How many requests of peers wait for ``respond``."""
        return self._cache.in_work

    @property
    def watched_paths(self) -> int:
        """How many peers are watched."""
        return len(self._paths)

    @property
    def cached_octets(self) -> int:
        """How many octets of responses are kept for duplicates."""
        return self._cache.octets

    # What arrives.

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        if len(data) < _HEADER_LENGTH or data[0] & _GTP_C_FLAGS_MASK != _GTP_C_FLAGS:
            self._receive_other(data, peer)
            return
        message_type = data[1]
        sequence = data[8] << 8 | data[9]
        if message_type in RESPONSES:
            self._receive_response(data, message_type, sequence, peer, now)
        elif message_type in self._accepts:
            self._receive_request(data, peer, now)
        elif message_type == MessageType.ECHO_REQUEST:
            self._receive_echo(data, sequence, peer)
        elif message_type in self._hears:
            self._receive_unanswered(data, peer)
        elif message_type == MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION:
            self.counters.extension_headers_refused += 1
        elif message_type in _KNOWN_TYPES:
            self.counters.not_accepted += 1
        else:
            self.counters.unknown_types += 1

    def _receive_other(self, data: bytes, peer: Address) -> None:
        """Take what is no GTPv1-C message with a sequence number (TS 29.060 §11.1.1, §11.1.2)."""
        try:
            decode(data)
        except VersionError as error:
            self.counters.other_versions += 1
            if error.version > 1 or _is_gtp_0(data):
                answer = VersionNotSupported(sequence=(error.sequence or 0) & 0xFFFF)
                self._datagrams.append((answer.encode(), peer))
            return
        except RemoteProtocolError:
            pass
        self.counters.too_short += 1

    def _receive_request(self, data: bytes, peer: Address, now: float) -> None:
        digest = hash((peer, data))
        known = self._cache.find(digest, now)
        if known is IN_WORK:
            self.counters.duplicates_dropped += 1
            return
        if known is not None:
            self.counters.duplicates_answered += 1
            self._datagrams.append((known, peer))
            return
        try:
            message = decode(data)
        except RemoteProtocolError as error:
            self._refuse(data, error, peer)
            return
        recovery = getattr(message, "recovery", None)
        if recovery is not None:
            self._note_recovery(peer, recovery)
        self._cache.begin(digest, now)
        self.counters.requests_received += 1
        self._events.append(RequestReceived(message, peer, digest))

    def _receive_unanswered(self, data: bytes, peer: Address) -> None:
        """Take a message that has no answer; one that breaks the protocol is dropped."""
        try:
            message = decode(data)
        except RemoteProtocolError:
            self.counters.discarded += 1
        else:
            self._events.append(MessageReceived(message, peer))

    def _receive_echo(self, data: bytes, sequence: int, peer: Address) -> None:
        """Answer an Echo Request (TS 29.060 §7.2.2); doing so twice does no harm."""
        try:
            decode(data)
        except RemoteProtocolError as error:
            self._refuse(data, error, peer)
            return
        self.counters.echoes_answered += 1
        answer = EchoResponse(recovery=self.recovery, sequence=sequence)
        self._datagrams.append((answer.encode(), peer))

    def _refuse(self, data: bytes, error: RemoteProtocolError, peer: Address) -> None:
        """Answer a request that breaks the protocol, where it has an answer (TS 29.060 §11.1)."""
        if isinstance(error, ExtensionHeaderError):
            self._notify_extension_headers(peer)
        # An Echo Response has no Cause to refuse with.
        if error.silent or data[1] == MessageType.ECHO_REQUEST:
            self.counters.discarded += 1
            return
        self.counters.invalid_requests += 1
        teid = error.sender_teid or self._peer_teid(int.from_bytes(data[4:8], "big"))
        self._datagrams.append((refusal(data, error.cause, teid), peer))

    def _receive_response(
        self, data: bytes, message_type: int, sequence: int, peer: Address, now: float
    ) -> None:
        transaction = self._requests.find(peer, sequence)
        if transaction is None or message_type not in (
            RESPONSE_TO[transaction.request.TYPE],
            MessageType.VERSION_NOT_SUPPORTED,
        ):
            self.counters.unmatched_responses += 1
            return
        try:
            response = decode(data)
        except (ExtensionHeaderError, LengthError) as error:
            # The request stays open: the response counts as not arrived (TS 29.060 §11.1).
            if isinstance(error, ExtensionHeaderError):
                self._notify_extension_headers(peer)
            self.counters.discarded += 1
            return
        except RemoteProtocolError as error:
            self.counters.invalid_responses += 1
            self._fail(transaction, FailureReason.INVALID_RESPONSE, now, error)
            return
        if message_type == MessageType.VERSION_NOT_SUPPORTED:
            self._fail(transaction, FailureReason.VERSION_NOT_SUPPORTED, now)
            return
        self._requests.end(transaction)
        self.counters.responses_received += 1
        recovery = getattr(response, "recovery", None)
        if recovery is not None:
            self._note_recovery(peer, recovery)
        path = self._paths.find(peer)
        if path is not None:
            self._apply(path, PathInput.ANSWERED)
            if path.echo is transaction:
                self._paths.schedule(path, now)
        if not isinstance(transaction.context, Path):
            self._events.append(
                ResponseReceived(
                    transaction.number, transaction.request, response, peer, transaction.context
                )
            )

    def _note_recovery(self, peer: Address, recovery: int) -> None:
        restarted = self._paths.note_recovery(peer, recovery)
        if restarted is not None:
            self._events.append(restarted)

    def _notify_extension_headers(self, peer: Address) -> None:
        """Say which extension headers we comprehend: none (TS 29.060 §7.2.4)."""
        self.counters.extension_headers_notified += 1
        self._datagrams.append((SupportedExtensionHeadersNotification().encode(), peer))

    # What goes out.

    def request(
        self,
        message: Message,
        peer: Address,
        now: float,
        *,
        context: object = None,
        attempts: int | None = None,
    ) -> int:
        """Send a request and see to its response; return the transaction's number.

        Gives ``message`` a sequence number. Ends in exactly one ResponseReceived or
        RequestFailed that carries ``context``. ``attempts`` stands for N3-REQUESTS, where the
        peer has to ask somebody else before it can answer.

        Raises LocalProtocolError when ``message`` is no request or cannot be encoded.
        """
        if message.TYPE not in RESPONSE_TO:
            raise LocalProtocolError(f"{message.TYPE.text} is no request")
        return self._begin(message, peer, now, context, attempts).number

    def _begin(
        self,
        message: Message,
        peer: Address,
        now: float,
        context: object,
        attempts: int | None = None,
    ) -> Transaction:
        transaction = self._requests.begin(message, peer, now, context, attempts)
        self.counters.requests_sent += 1
        self._datagrams.append((transaction.data, peer))
        return transaction

    def cancel(self, transaction: int) -> None:
        """Send a request no more, and tell nothing of it; what came of it is known otherwise.

        Safe after its end.
        """
        found = self._requests.numbered(transaction)
        if found is not None:
            self._requests.end(found)

    def respond(self, received: RequestReceived, response: Message, now: float) -> None:
        """Answer a request; duplicates of the request get the same octets from now on.

        Gives ``response`` the request's sequence number. Raises LocalProtocolError when
        ``response`` is not of the request's type or cannot be encoded.
        """
        request = received.message
        if response.TYPE is not RESPONSE_TO[request.TYPE]:
            raise LocalProtocolError(f"{response.TYPE.text} does not answer {request.TYPE.text}")
        response.sequence = request.sequence
        data = response.encode()
        self.counters.responses_shed += self._cache.finish(received.digest, data, now)
        self.counters.responses_sent += 1
        self._datagrams.append((data, received.peer))

    def tell(self, message: Message, peer: Address) -> None:
        """Send a message that nobody answers, under the sequence number that it has.

        Raises LocalProtocolError when it cannot be encoded.
        """
        self._datagrams.append((message.encode(), peer))

    # Paths.

    def watch(self, peer: Address, now: float) -> None:
        """Monitor the path to ``peer`` by echo; counted, so each call wants its ``unwatch``."""
        self._paths.watch(peer, now)

    def unwatch(self, peer: Address) -> None:
        """Take back one ``watch``; with the last one the path's echo ends."""
        path = self._paths.unwatch(peer)
        if path is not None and path.echo is not None:
            self._requests.end(path.echo)

    def path_state(self, peer: Address) -> PathState | None:
        """Return what is known of the path to ``peer``, or None where it is not monitored."""
        path = self._paths.find(peer)
        return None if path is None else path.state

    def _apply(self, path: Path, happened: PathInput) -> None:
        event = self._paths.apply(path, happened)
        if event is not None:
            self._events.append(event)

    # Time.

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        requests = self._requests.next_timeout()
        echo = self._paths.next_timeout()
        if requests is None or echo is None:
            return requests if echo is None else echo
        return min(requests, echo)

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered, give up what was sent often enough, echo."""
        again, exhausted = self._requests.expire(now)
        for transaction in again:
            self.counters.retransmissions += 1
            self._datagrams.append((transaction.data, transaction.peer))
            if isinstance(transaction.context, Path):
                self._apply(transaction.context, PathInput.UNANSWERED)
        for transaction in exhausted:
            self.counters.requests_timed_out += 1
            self._tell_failure(transaction, FailureReason.TIMED_OUT, now)
        for path in self._paths.take_due(now):
            path.echo = self._begin(EchoRequest(), path.peer, now, path)

    def _fail(
        self,
        transaction: Transaction,
        reason: FailureReason,
        now: float,
        error: RemoteProtocolError | None = None,
    ) -> None:
        self._requests.end(transaction)
        self._tell_failure(transaction, reason, now, error)

    def _tell_failure(
        self,
        transaction: Transaction,
        reason: FailureReason,
        now: float,
        error: RemoteProtocolError | None = None,
    ) -> None:
        context = transaction.context
        if isinstance(context, Path):
            # Whoever answers an Echo Request badly still does not answer it.
            self._apply(context, PathInput.EXHAUSTED)
            self._paths.schedule(context, now)
            return
        self._events.append(
            RequestFailed(
                transaction.number, transaction.request, transaction.peer, context, reason, error
            )
        )

    # What came out.

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events, self._events = self._events, []
        return events


def _is_gtp_0(data: bytes) -> bool:
    """Whether there is a header of GTP version 0, which has no version below it (TS 09.60 §6)."""
    return data[0] & _VERSION_0_MASK == _VERSION_0_FLAGS and len(data) >= _VERSION_0_HEADER_LENGTH
