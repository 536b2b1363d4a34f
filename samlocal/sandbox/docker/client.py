"""Clients of the Engine API at an address: a socket, TCP with or without TLS, or ssh."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import urlsplit

import docker
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnectionPool
from docker.utils import kwargs_from_env
from urllib3.connection import HTTPConnection

if TYPE_CHECKING:
    from samlocal.sandbox.docker.addresses import EngineAddress

_SSH: Final = "ssh://"
# Any that docker-py takes; the engine's own is asked for before the first real call.
_ANY_VERSION: Final = "1.24"
_EXIT_SECONDS: Final = 2.0


class EngineClient(docker.APIClient):
    """A docker-py client that speaks the engine's own version of the API.

    `like` is a client of the same engine, which knows the version already; `seconds` limits each call.
    `is_podman` says whether it is Podman's API, which has Docker's with an accent.
    """

    def __init__(
        self, address: EngineAddress, *, seconds: float | None = 60, like: Self | None = None
    ) -> None:
        self.address = address
        self.is_podman: bool = like.is_podman if like else False
        version = like.api_version if like else _ANY_VERSION
        super().__init__(version=version, timeout=cast("int", seconds), **_options(address))
        if address.url.startswith(_SSH):
            # docker-py's own way needs paramiko, and knows nothing of the user's ssh settings.
            self._custom_adapter = _SshAdapter(address.url, seconds)
            self.mount("http+docker://", self._custom_adapter)
        # REQUESTS_CA_BUNDLE, which is for the internet, would overrule the engine's own authority.
        self.trust_env = self.cert is None and self.verify is True
        if not like:
            self._introduce()

    def _introduce(self) -> None:
        """Ask which version the engine speaks, in the way that it answers fastest.

        https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemPing
        """
        response = self.get(f"{self.base_url}/_ping", timeout=self.timeout)
        response.raise_for_status()
        self.is_podman = "Libpod-Api-Version" in response.headers
        version = response.headers.get("Api-Version")
        self._version = version or self._retrieve_server_version()  # type: ignore[attr-defined]  # no stub


def _options(address: EngineAddress) -> dict[str, Any]:
    """Return what docker-py connects by.

    Raises:
        DockerException: The certificates are not there, or no good.
    """
    if address.url.startswith(_SSH):
        return {"base_url": "unix://ssh"}  # replaced by an adapter of our own
    if address.socket_path:
        return {"base_url": address.url}
    if not (files := address.certificates):
        return dict(kwargs_from_env({**os.environ, "DOCKER_HOST": address.url}))
    client = (str(files.certificate), str(files.key)) if files.certificate and files.key else None
    authority = str(files.authority) if files.authority else None
    return {
        "base_url": address.url,
        "tls": TLSConfig(client_cert=client, ca_cert=authority, verify=files.verify),
    }


class _SshAdapter(UnixHTTPAdapter):
    """Speaks HTTP through `ssh HOST docker system dial-stdio`, as the `docker` command does."""

    def __init__(self, url: str, seconds: Any) -> None:  # noqa: ANN401  # as docker-py has it
        super().__init__(url, seconds)
        self._pool = _SshPool(url, seconds)

    def get_connection(self, url: str | bytes, proxies: object = None) -> _SshPool:
        del url, proxies
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


class _SshPool(UnixHTTPConnectionPool):
    def __init__(self, url: str, seconds: Any) -> None:  # noqa: ANN401  # as docker-py has it
        super().__init__(url, "", seconds)
        self._url = url

    def _new_conn(self) -> _SshConnection:
        return _SshConnection(self._url, self.timeout)


class _SshConnection(HTTPConnection):
    def __init__(self, url: str, seconds: Any) -> None:  # noqa: ANN401  # whatever the pool has
        super().__init__("localhost", timeout=seconds)
        self._command = ssh_command(url)
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # In a session of its own: Ctrl-C is for us, who have things to remove through it.
            self._process = subprocess.Popen(
                self._command, stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
            )
        timeout: Any = self.timeout
        ours.settimeout(timeout)
        self.sock = ours

    def close(self) -> None:
        super().close()
        if self._process:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_EXIT_SECONDS)


def ssh_command(url: str) -> list[str]:
    """Return the command that connects its stdin and stdout to the engine at `ssh://USER@HOST`.

    A path after the host is that of the engine's socket there.
    """
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    engine = ["--host", f"unix://{parts.path}"] if parts.path.strip("/") else []
    return [
        "ssh",
        *user,
        *port,
        "-T",
        "--",
        parts.hostname or "",
        "docker",
        *engine,
        "system",
        "dial-stdio",
    ]
