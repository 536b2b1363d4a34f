"""The certificate of a server that speaks HTTPS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from samlocal.errors import CertificateError

if TYPE_CHECKING:
    from pathlib import Path

_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
# https://www.rfc-editor.org/rfc/rfc7468 and older forms: `BEGIN RSA PRIVATE KEY`
_KEY: Final = "PRIVATE KEY-----"
# `BEGIN ENCRYPTED PRIVATE KEY`, and `Proc-Type: 4,ENCRYPTED` of the older forms
_ENCRYPTED: Final = "ENCRYPTED"
SELF_SIGNED_HINT: Final = (
    "make both with `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost"
    " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem`"
)


def load_tls(cert: Path, key: Path) -> ssl.SSLContext:
    """Return what a server needs to encrypt connections: TLS 1.2 or newer, with HTTP/1.1.

    `cert` is a PEM file with the certificate, followed by those that lead to its authority; `key` is a PEM file with its
    private key. Both may be the same file.

    Raises:
        CertificateError: A file cannot be read or used, or the key is that of another certificate.
    """
    certificate_text = _read(cert, "certificate")
    if _CERTIFICATE not in certificate_text:
        raise CertificateError(
            f"the certificate `{cert}` is not a PEM file with a certificate",
            hint=_other_form_hint(cert, certificate_text, "x509"),
        )
    key_text = _read(key, "private key")
    if _KEY not in key_text:
        raise CertificateError(
            f"the private key `{key}` is not a PEM file with a private key",
            hint=_other_form_hint(key, key_text, "pkey"),
        )
    if _ENCRYPTED in key_text:
        raise CertificateError(
            f"the private key `{key}` is encrypted",
            hint=f"remove its passphrase with `openssl pkey -in {key} -out plain-key.pem`",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        raise _translated(error, cert, key) from error
    return context


def _read(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("latin-1")
    except OSError as error:
        raise CertificateError(
            f"the {what} `{path}` cannot be read: {error.strerror or error}",
            hint=SELF_SIGNED_HINT if isinstance(error, FileNotFoundError) else None,
        ) from error


def _other_form_hint(path: Path, text: str, command: str) -> str:
    """Return a hint for a file in the binary form, or with something else."""
    if text.startswith("\x30"):  # the first byte of a sequence in DER
        return f"convert it with `openssl {command} -inform der -in {path} -out {path.stem}.pem`"
    if _KEY in text or _CERTIFICATE in text:
        return "the files of certificate and private key may be in each other's place"
    return SELF_SIGNED_HINT


def _no_password() -> str:
    """Keep OpenSSL from asking for a passphrase at the terminal."""
    return ""


def _translated(error: ssl.SSLError, cert: Path, key: Path) -> CertificateError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return CertificateError(
            f"the private key `{key}` is not that of the certificate `{cert}`",
            hint=f"`openssl x509 -in {cert} -noout -pubkey` and `openssl pkey -in {key} -pubout` have to agree",
        )
    reason = (error.reason or str(error)).replace("_", " ").lower()
    return CertificateError(
        f"the certificate `{cert}` and the private key `{key}` cannot be used: {reason}",
        hint=SELF_SIGNED_HINT,
    )
