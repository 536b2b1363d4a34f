"""The calls of the Engine API for the life cycle of containers.

docker-py does pulls, builds, logins and copies: see `Engine.sdk`.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from samlocal.engine.http_client import HttpConnection
from samlocal.engine.streams import attached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.engine.discovery import EngineAddress
    from samlocal.engine.http_client import Response
    from samlocal.engine.streams import Attached

# JSON of the engine, with the shapes in its documentation.
Json = dict[str, Any]
_Query = dict[str, str | int | bool | None]

_OLDEST_VERSION: Final = "1.24"
_DEFAULT_SECONDS: Final = 60.0
_QUOTED_BYTES: Final = 80
# As Docker and Podman write it.
_IMAGE_MISSING: Final = ("no such image", "was found but does not match the specified platform")


class ApiError(Exception):
    """The engine refused a call."""

    def __init__(self, status: int, explanation: str) -> None:
        super().__init__(explanation)
        self.status = status
        self.explanation = explanation


class ImageMissingError(ApiError):
    """The engine has no image of that name."""


class EngineApi:
    """An engine at an address; any number of threads may call it.

    `seconds` limits the silence of the engine in a call, except in calls that wait for a container.

    Every call raises `ApiError` if the engine refuses it, and `OSError` or `h11.ProtocolError` if the
    connection breaks.
    """

    def __init__(self, address: EngineAddress, *, seconds: float = _DEFAULT_SECONDS) -> None:
        """Connect, and get the engine's API version from its fastest endpoint.

        https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemPing
        """
        self.address = address
        self.version = _OLDEST_VERSION
        self.is_podman = False
        self._seconds = seconds
        self._idle: list[HttpConnection] = []
        self._unlimited: set[HttpConnection] = set()
        self._guard = Lock()
        self._closed = False
        headers = self._ping()
        self.is_podman = "libpod-api-version" in headers
        self.version = headers.get("api-version") or str(self.about()["ApiVersion"])

    def close(self) -> None:
        """Close the idle connections, and end calls that wait for a container.

        Docker may never answer a call that waits for a container while it is removed.
        """
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
            unlimited = list(self._unlimited)
        for connection in idle:
            connection.close()
        for connection in unlimited:
            connection.shut_down()

    def ping(self) -> None:
        self._ping()

    def about(self) -> Json:
        return self._call("GET", "/version")

    def info(self) -> Json:
        return self._call("GET", "/info")

    def network(self, name: str) -> Json:
        return self._call("GET", f"/networks/{quote(name, safe='')}")

    def networks(self) -> list[Json]:
        found: list[Json] = self._json("GET", "/networks")
        return found

    def image(self, name: str) -> Json:
        """Return the engine's description of an image."""
        return self._call("GET", f"/images/{quote(name, safe='/:@')}/json")

    def images(self) -> list[Json]:
        found: list[Json] = self._json("GET", "/images/json")
        return found

    def containers(self, labels: list[str], *, with_sizes: bool = False) -> list[Json]:
        """Return all containers with these labels (`NAME` or `NAME=VALUE`), in any state."""
        query: _Query = {"all": True, "size": with_sizes, "filters": json.dumps({"label": labels})}
        found: list[Json] = self._json("GET", "/containers/json", query)
        return found

    def create_container(self, config: Mapping[str, Any], *, platform: str | None = None) -> str:
        """Create a container and return its id."""
        query: _Query = {"platform": platform}
        return str(self._call("POST", "/containers/create", query, config)["Id"])

    def connect_container_to_network(self, container_id: str, network_id: str) -> None:
        self._tell("POST", f"/networks/{network_id}/connect", body={"Container": container_id})

    def start(self, container_id: str) -> None:
        self._tell("POST", f"/containers/{container_id}/start")

    def container(self, container_id: str) -> Json:
        return self._call("GET", f"/containers/{container_id}/json")

    def has_file(self, container_id: str, path: str) -> bool:
        """Return whether a container, running or not, has a file or a symlink at a path."""
        try:
            self._tell("HEAD", f"/containers/{container_id}/archive", {"path": path})
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def update_container(self, container_id: str, limits: Json) -> None:
        """Change the limits of a running container.

        Podman before version 5 does not have this call of Docker's API, only its own one:
        https://docs.podman.io/en/latest/_static/api.html#tag/containers/operation/ContainerUpdateLibpod
        """
        if self.is_podman:
            cpu = {"period": limits["CpuPeriod"], "quota": limits["CpuQuota"]}
            path = f"/v4.0.0/libpod/containers/{container_id}/update"
            self._request("POST", path, {"cpu": cpu}, seconds=self._seconds)
        else:
            self._tell("POST", f"/containers/{container_id}/update", body=limits)

    def wait(self, container_id: str, *, until_removed: bool = False) -> int:
        """Wait until a container has ended, or also is removed; return its exit status."""
        query: _Query = {"condition": "removed" if until_removed else None}
        path = self._path(f"/containers/{container_id}/wait", query)
        return int(json.loads(self._request("POST", path, seconds=None))["StatusCode"])

    def kill(self, container_id: str, signal: str = "SIGKILL") -> None:
        """Send a signal to process 1; after SIGKILL, return when the container has ended."""
        self._tell("POST", f"/containers/{container_id}/kill", {"signal": signal})

    def remove_container(self, container_id: str, *, force: bool = False) -> None:
        """Remove a container and its anonymous volumes."""
        self._tell("DELETE", f"/containers/{container_id}", {"v": True, "force": force})

    @contextmanager
    def events(self, container_id: str, actions: list[str]) -> Iterator[Iterator[Json]]:
        """Provide the past events of a container, and new ones until the block is left."""
        filters = json.dumps({"container": [container_id], "event": actions})
        path = self._path("/events", {"since": 0, "filters": filters})
        with self._exchange("GET", path, seconds=None) as (_, connection):
            yield _json_lines(connection.body())

    def execute(self, container_id: str, command: list[str]) -> tuple[int, bytes]:
        """Run a command in a running container; return its exit status and its framed output."""
        execution = self.create_execution(container_id, command)
        start = self._path(f"/exec/{execution}/start")
        # The engine may answer with a connection that ends with the command's output.
        output = self._request(
            "POST", start, {"Detach": False, "Tty": False}, seconds=self._seconds
        )
        return self._call("GET", f"/exec/{execution}/json")["ExitCode"], output

    def create_execution(
        self, container_id: str, command: list[str], *, stdin: bool = False
    ) -> str:
        """Prepare a command for a running container; return the engine's id of it."""
        body = {
            "Cmd": command,
            "AttachStdin": stdin,
            "AttachStdout": True,
            "AttachStderr": True,
        }
        return str(self._call("POST", f"/containers/{container_id}/exec", body=body)["Id"])

    def start_execution(self, execution_id: str) -> Attached:
        """Run a prepared command; return the connection to its output, and to its input if it has one."""
        path = self._path(f"/exec/{execution_id}/start")
        return self._upgrade(path, {"Detach": False, "Tty": False})

    def execution_status(self, execution_id: str) -> int | None:
        """Return the exit status of a command; None while it runs."""
        status: int | None = self._call("GET", f"/exec/{execution_id}/json")["ExitCode"]
        return status

    def attach(self, container_id: str, *, stdin: bool = False) -> Attached:
        """Attach to a container's output, and with `stdin` to its input."""
        query: _Query = {"stdin": stdin, "stdout": True, "stderr": True, "stream": True}
        return self._upgrade(self._path(f"/containers/{container_id}/attach", query))

    def _upgrade(self, path: str, body: object = None) -> Attached:
        """Make a call whose connection then carries a program's streams."""
        connection = HttpConnection(self.address, self._seconds)
        data = b"" if body is None else json.dumps(body).encode()
        try:
            _require_success(connection.request("POST", path, data, upgrade=True), connection)
        except BaseException:
            connection.close()
            raise
        transport, already = connection.detach()
        transport.sock.settimeout(None)
        return attached(transport, already)

    def _ping(self) -> dict[str, str]:
        with self._exchange("GET", "/_ping", seconds=self._seconds) as (response, connection):
            for _ in connection.body():
                pass
            return response.headers

    def _call(
        self, method: str, path: str, query: _Query | None = None, body: object = None
    ) -> Json:
        found: Json = self._json(method, path, query, body)
        return found

    def _json(
        self, method: str, path: str, query: _Query | None = None, body: object = None
    ) -> Any:  # noqa: ANN401  # whatever the engine answers
        answer = self._tell(method, path, query, body)
        try:
            return json.loads(answer)
        except ValueError:
            words = answer[:_QUOTED_BYTES].decode(errors="replace")
            raise ApiError(HTTPStatus.BAD_GATEWAY, f"the answer is not JSON: `{words}`") from None

    def _tell(
        self, method: str, path: str, query: _Query | None = None, body: object = None
    ) -> bytes:
        """Make a call without a JSON answer: Docker's answer is empty, Podman's is `OK`."""
        return self._request(method, self._path(path, query), body, seconds=self._seconds)

    def _path(self, path: str, query: _Query | None = None) -> str:
        chosen = {
            name: int(value) if isinstance(value, bool) else value
            for name, value in (query or {}).items()
            if value is not None
        }
        return f"/v{self.version}{path}{f'?{urlencode(chosen)}' if chosen else ''}"

    def _request(
        self, method: str, path: str, body: object = None, *, seconds: float | None
    ) -> bytes:
        with self._exchange(method, path, body, seconds=seconds) as (_, connection):
            return b"".join(connection.body())

    @contextmanager
    def _exchange(
        self, method: str, path: str, body: object = None, *, seconds: float | None
    ) -> Iterator[tuple[Response, HttpConnection]]:
        connection = self._take(seconds)
        try:
            data = b"" if body is None else json.dumps(body).encode()
            response = connection.request(method, path, data)
            _require_success(response, connection)
            yield response, connection
        finally:
            self._give_back(connection, seconds)

    def _take(self, seconds: float | None) -> HttpConnection:
        """Return a connection for one exchange, reused or new."""
        while seconds == self._seconds:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            if not connection.is_dropped():
                return connection
            connection.close()
        connection = HttpConnection(self.address, seconds)
        if seconds is None:
            with self._guard:
                self._unlimited.add(connection)
                is_closed = self._closed
            if is_closed:
                connection.shut_down()
        return connection

    def _give_back(self, connection: HttpConnection, seconds: float | None) -> None:
        if seconds == self._seconds and connection.make_ready():
            with self._guard:
                if not self._closed:
                    self._idle.append(connection)
                    return
        with self._guard:
            self._unlimited.discard(connection)
        connection.close()


def _require_success(response: Response, connection: HttpConnection) -> None:
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(response.status, b"".join(connection.body()))


def _json_lines(pieces: Iterator[bytes]) -> Iterator[Json]:
    pending = b""
    for piece in pieces:
        *lines, pending = (pending + piece).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())


def _refusal(status: int, body: bytes) -> ApiError:
    try:
        explanation = str(json.loads(body)["message"])
    except (ValueError, LookupError, TypeError):
        explanation = body.decode(errors="replace").strip() or HTTPStatus(status).phrase
    words = explanation.lower()
    if status == HTTPStatus.NOT_FOUND and any(each in words for each in _IMAGE_MISSING):
        return ImageMissingError(status, explanation)
    return ApiError(status, explanation)
