"""TLS for PAP: a gateway's end, an initiator's end, and the names in a certificate.

Specs: RFC 8446 (TLS 1.3; 1.2 is the oldest taken), RFC 5280 §4.1.2.6 and §4.2.1.6 (names).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from twisted.internet.ssl import (
    AcceptableCiphers,
    Certificate,
    CertificateOptions,
    TLSVersion,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from testbed.gateway.config import TlsConfig

_PROTOCOL: Final[dict[str, Any]] = {
    "raiseMinimumTo": TLSVersion.TLSv1_2,
    "acceptableCiphers": AcceptableCiphers.fromOpenSSLCipherString("ECDHE+AESGCM:ECDHE+CHACHA20"),
}


class TlsError(OSError):
    """A certificate or a key cannot be used; ``setting`` is which, the sentence says why."""

    def __init__(self, setting: str, text: str) -> None:
        super().__init__(f"{setting}: {text}")
        self.setting = setting
        self.text = text


def server_options(tls: TlsConfig) -> CertificateOptions:
    """Return what a listening port needs.

    With a CA, a client that shows a certificate must show one of that CA's, or the handshake
    fails; one that shows none may come all the same, and say a password.

    Raises:
        TlsError: a file is not there, or not what it should be.
    """
    # Clients that speak HTTP/2 too offer it first (ALPN, RFC 7301).
    options = _own(tls.certificate, tls.key) | {"acceptableProtocols": [b"http/1.1"]}
    if tls.ca is not None:
        options |= {"verify": True, "caCerts": _authorities(tls.ca), "requireCertificate": False}
    return CertificateOptions(**options)


@implementer(IPolicyForHTTPS)
class ClientPolicy:
    """How to speak to servers over TLS: whom to trust, and what to show them."""

    def __init__(
        self, *, ca: str | None = None, certificate: str | None = None, key: str | None = None
    ) -> None:
        """Take paths of PEM files; without ``ca`` those that the system trusts are trusted.

        ``key`` may be in the file of ``certificate`` too.

        Raises:
            TlsError: a file is not there, or not what it should be.
        """
        self._trust = None
        if ca is not None:
            authorities = [Certificate(one) for one in _authorities(ca)]
            self._trust = trustRootFromCertificates(authorities)
        self._options = _PROTOCOL if certificate is None else _own(certificate, key or certificate)

    def creatorForNetloc(self, hostname: bytes, _port: int) -> Any:
        """Return how to begin TLS with a host (Twisted calls this)."""
        return optionsForClientTLS(
            hostname.decode("ascii"), trustRoot=self._trust, extraCertificateOptions=self._options
        )


def names_in(certificate: crypto.X509 | None) -> tuple[str, ...]:
    """Return how a certificate names who has it: its subject, then its alternative names."""
    if certificate is None:
        return ()
    try:
        read = certificate.to_cryptography()
        names = [read.subject.rfc4514_string()]
        extension = read.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return tuple(names)
    except ValueError:
        # It was signed by our CA, but is no certificate as RFC 5280 has it: it names nobody.
        return ()
    for kind, prefix in (
        (x509.DNSName, "DNS"),
        (x509.UniformResourceIdentifier, "URI"),
        (x509.RFC822Name, "email"),
        (x509.IPAddress, "IP"),
    ):
        names += [f"{prefix}:{value}" for value in extension.value.get_values_for_type(kind)]
    return tuple(names)


def _own(certificate: str, key: str) -> dict[str, Any]:
    """Return what ``CertificateOptions`` needs for the end that shows a certificate."""
    shown, *chain = _certificates("certificate", certificate)
    # Twisted passes on what pyOpenSSL takes: its own classes are deprecated.
    options = _PROTOCOL | {
        "privateKey": _key(key),
        "certificate": shown,
        "extraCertChain": chain,
    }
    try:
        CertificateOptions(**options).getContext().check_privatekey()
    except SSL.Error:
        raise TlsError("key", f"{key} is not the key of the certificate") from None
    return options


def _authorities(path: str) -> list[crypto.X509]:
    return [crypto.X509.from_cryptography(one) for one in _certificates("ca", path)]


def _certificates(setting: str, path: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, in order."""
    octets = _read(setting, path)
    try:
        return x509.load_pem_x509_certificates(octets)
    except ValueError:
        raise TlsError(setting, f"{path} has no certificate in PEM that can be read") from None


def _key(path: str) -> PrivateKeyTypes:
    octets = _read("key", path)
    try:
        return load_pem_private_key(octets, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        text = f"{path} has no private key in PEM that can be read, without a passphrase"
        raise TlsError("key", text) from None


def _read(setting: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TlsError(setting, f"{path}: {error.strerror}") from None
