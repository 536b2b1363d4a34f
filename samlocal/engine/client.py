"""docker-py's client of an engine, connected through `transport`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, cast

import docker
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnectionPool
from urllib3.connection import HTTPConnection

from samlocal.engine.transport import SshTransport, certificates_of

if TYPE_CHECKING:
    from samlocal.engine.discovery import EngineAddress

_SSH: Final = "ssh://"


class EngineClient(docker.APIClient):
    """A docker-py client without a time limit, for an engine that speaks `version` of the API."""

    def __init__(self, address: EngineAddress, *, version: str) -> None:
        super().__init__(version=version, timeout=cast("int", None), **_options(address))
        if address.url.startswith(_SSH):
            # docker-py's ssh support needs paramiko and ignores the user's ssh settings.
            self._custom_adapter = _SshAdapter(address.url, None)
            self.mount("http+docker://", self._custom_adapter)
        # REQUESTS_CA_BUNDLE is for the internet and would override the engine's own CA.
        self.trust_env = self.cert is None and self.verify is True


def _options(address: EngineAddress) -> dict[str, Any]:
    """Return docker-py's options for the connection.

    Raises:
        DockerException: The certificates are missing or invalid.
    """
    if address.url.startswith(_SSH):
        return {"base_url": "unix://ssh"}  # replaced by an adapter of our own
    files = None if address.socket_path else address.certificates or certificates_of(os.environ)
    if files is None:
        return {"base_url": address.url}
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
        self._url = url
        self._transport: SshTransport | None = None

    def connect(self) -> None:
        timeout: Any = self.timeout
        self._transport = SshTransport(self._url, timeout)
        self.sock = self._transport.sock

    def close(self) -> None:
        super().close()
        if self._transport:
            self._transport.close()
