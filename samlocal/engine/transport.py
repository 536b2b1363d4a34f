"""Connections to a container engine: a local socket, TCP with or without TLS, or ssh."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from samlocal.engine.discovery import Certificates

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from samlocal.engine.discovery import EngineAddress

_SSH: Final = "ssh://"
_TCP_SCHEMES: Final = frozenset({"tcp", "http", "https"})
_EXIT_SECONDS: Final = 2.0


class Transport(Protocol):
    """A connected socket, and the resources that are closed with it."""

    sock: socket.socket
    is_tls: bool

    def close(self) -> None: ...


def connect(address: EngineAddress, seconds: float | None) -> Transport:
    """Connect to an engine; `seconds` limits each wait for it, None is no limit.

    Raises:
        OSError: Nothing answers at the address, or the certificates are invalid.
        ValueError: The address is invalid.
    """
    if path := address.socket_path:
        return _Socket(_connect_unix(path, seconds), is_tls=False)
    if address.url.startswith(_SSH):
        return SshTransport(address.url, seconds)
    return _connect_tcp(address, seconds)


class _Socket:
    def __init__(self, sock: socket.socket, *, is_tls: bool) -> None:
        self.sock = sock
        self.is_tls = is_tls

    def close(self) -> None:
        self.sock.close()


class SshTransport:
    """A connection through `ssh HOST docker system dial-stdio`, as in the `docker` command."""

    is_tls = False

    def __init__(self, url: str, seconds: float | None) -> None:
        import subprocess  # noqa: PLC0415  # most engines do not need it

        self.sock, theirs = socket.socketpair()
        with theirs:
            # In a separate session: Ctrl-C must not end ssh, which is still needed to remove containers.
            self._process = subprocess.Popen(
                ssh_command(url),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )
        self.sock.settimeout(seconds)

    def close(self) -> None:
        import subprocess  # noqa: PLC0415  # most engines do not need it

        self.sock.close()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_EXIT_SECONDS)


def ssh_command(url: str) -> list[str]:
    """Return the command that connects its stdin and stdout to the engine at `ssh://USER@HOST`.

    A path after the host is the path of the engine's socket there.
    """
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    engine = ["--host", f"unix://{parts.path}"] if parts.path.strip("/") else []
    command = ["docker", *engine, "system", "dial-stdio"]
    return ["ssh", *user, *port, "-T", "--", parts.hostname or "", *command]


def _connect_unix(path: str, seconds: float | None) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(seconds)
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


def _connect_tcp(address: EngineAddress, seconds: float | None) -> Transport:
    parts = urlsplit(address.url)
    if parts.scheme not in _TCP_SCHEMES:
        reason = f"`{parts.scheme}` is not a supported scheme" if parts.scheme else "no scheme"
        raise ValueError(f"{reason}: an address is like `tcp://127.0.0.1:2375`")
    if not parts.hostname or parts.port is None:
        raise ValueError("no port: an address is like `tcp://127.0.0.1:2375`")
    certificates = address.certificates or certificates_of(os.environ)
    context = _tls_context(certificates) if certificates else None
    sock = socket.create_connection((parts.hostname, parts.port), timeout=seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return _Socket(sock, is_tls=False)
    try:
        wrapped = context.wrap_socket(sock, server_hostname=parts.hostname)
    except OSError:
        sock.close()
        raise
    return _Socket(wrapped, is_tls=True)


def certificates_of(variables: Mapping[str, str]) -> Certificates | None:
    """Return the certificates that environment variables name; None is no TLS.

    https://docs.docker.com/engine/security/protect-access/
    """
    verify = bool(variables.get("DOCKER_TLS_VERIFY"))
    chosen = variables.get("DOCKER_CERT_PATH")
    if not (verify or chosen):
        return None
    folder = Path(chosen or Path(variables.get("HOME") or "/") / ".docker")
    return Certificates(
        authority=folder / "ca.pem",
        certificate=folder / "cert.pem",
        key=folder / "key.pem",
        verify=verify,
    )


def _tls_context(certificates: Certificates) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  # most engines do not need it

    for file in (certificates.authority, certificates.certificate, certificates.key):
        if file:
            file.stat()  # unlike that of `ssl`, its error names the file
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not certificates.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif certificates.authority:
        context.load_verify_locations(certificates.authority)
    else:
        context.load_default_certs()
    if certificates.certificate and certificates.key:
        context.load_cert_chain(certificates.certificate, certificates.key)
    return context
