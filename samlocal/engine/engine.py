"""The container engine: its connection and the translation of its errors."""

from __future__ import annotations

import logging
import os
import socket
import sys
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import h11

from samlocal.engine.discovery import find_engines
from samlocal.engine.engine_api import ApiError, EngineApi, ImageMissingError
from samlocal.engine.output import read_output
from samlocal.errors import (
    EngineError,
    EngineNotReachableError,
    NetworkNotFoundError,
    root_cause,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.client import EngineClient
    from samlocal.engine.streams import Attached

_log = logging.getLogger(__name__)

_FORBIDDEN_HINT: Final = "your user has no access to its socket: join the group of the socket (`sudo usermod -aG docker $USER`), then log in again"
# Docker's and Podman's.
_MARKS_OF_CONTAINERS: Final = ("/.dockerenv", "/run/.containerenv")


class Engine:
    """A connection to a container engine.

    `api` has the calls for containers, `sdk` all others, because docker-py is slow to import.
    """

    def __init__(self, engine: str | None = None) -> None:
        """Connect to the engine that `--engine` names, or to the first that answers.

        Raises:
            UsageError: There is no engine of that name.
            EngineNotReachableError: None answers.
        """
        self.api = _connect(engine)
        self.address = self.api.address.url
        _log.debug("connected to %s, API %s", self.address, self.api.version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.api.close()
        if "sdk" in self.__dict__:
            self.sdk.close()

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Translate the errors of the engine's clients into samlocal's errors."""
        try:
            yield
        except ImageMissingError:
            raise  # the caller knows which image, and whether it may be pulled
        except ApiError as error:
            raise _refused(error.explanation) from error
        except Exception as error:
            if explanation := _explanation_of_sdk(error):
                raise _refused(explanation) from error
            if not _comes_from_connection(error):
                raise
            raise EngineError(
                f"the container engine at `{self.address}` stopped answering ({root_cause(error)})",
                hint="check that it is running; run `samlocal doctor` for details",
            ) from error

    @cached_property
    def sdk(self) -> EngineClient:
        """docker-py's client of the engine, without time limits."""
        from samlocal.engine.client import EngineClient  # noqa: PLC0415  # few commands need it

        return EngineClient(self.api.address, version=self.api.version)

    @property
    def shares_files(self) -> bool:
        """Whether the engine sees this machine's files under the same paths.

        It does if its socket is on this machine. In a container, the socket may belong to the host
        outside, which has another name.
        """
        if self.socket_path is None:
            return False
        if not any(Path(mark).exists() for mark in _MARKS_OF_CONTAINERS):
            return True
        return bool(self._info.get("Name") == socket.gethostname())

    @property
    def socket_path(self) -> str | None:
        """The path of the engine's socket on this machine; None for any other kind of address."""
        return self.api.address.socket_path

    @property
    def is_podman(self) -> bool:
        """Whether this is Podman, whose Docker API differs in details."""
        return self.api.is_podman

    @property
    def auto_removes(self) -> bool:
        """Whether the engine reliably removes a container and reports its exit status."""
        return not self.is_podman

    def name_and_version(self) -> str:
        about = self._about
        rootless = ", rootless" if self.is_rootless() else ""
        return f"{self._name()} {about['Version']} (API {about['ApiVersion']}{rootless})"

    def version(self) -> tuple[int, int]:
        """Return the first two numbers of the engine's version."""
        major, minor = str(self._about["Version"]).split(".")[:2]
        return int(major), int(minor)

    def _name(self) -> str:
        if self.is_podman:
            return "Podman Engine"
        return (self._about.get("Platform") or {}).get("Name") or "Docker Engine"

    def is_rootless(self) -> bool:
        """Return whether the engine, and so its network, belongs to a user other than root."""
        options = self._info.get("SecurityOptions") or ()
        return bool(self._info.get("Rootless")) or "name=rootless" in options

    def is_desktop(self) -> bool:
        """Return whether this is Docker Desktop: an engine in a virtual machine on this machine."""
        return self._info.get("OperatingSystem") == "Docker Desktop"

    @cached_property
    def _about(self) -> dict[str, Any]:
        with self.translated_errors():
            return self.api.about()

    @cached_property
    def _info(self) -> dict[str, Any]:
        with self.translated_errors():
            return self.api.info()

    def architecture(self) -> str:
        """Return the engine's name of its machine's architecture, such as `amd64`."""
        return str(self._about["Arch"])

    def data_folder(self) -> str:
        """Return the folder in which the engine keeps its images, on its own machine."""
        return str(self._info.get("DockerRootDir", ""))

    def image_digests(self) -> dict[str, str | None]:
        """Return the registry digests of all images on the engine's machine, by name.

        The digest is None for an image that is not from a registry.
        """
        with self.translated_errors():
            images = self.api.images()
        return {
            name: next(
                (
                    digest.partition("@")[2]
                    for digest in image.get("RepoDigests") or ()
                    if digest.partition("@")[0] == name.rpartition(":")[0]
                ),
                None,
            )
            for image in images
            for name in image.get("RepoTags") or ()
        }

    def gateway(self) -> str | None:
        """Return the address of the host in the engine's default network, if it has one.

        The engine is asked once: under load, Docker 20.10 may lock up when it describes a network while
        containers join and leave it. A new network may have only a subnet. The host then has the first
        address of the subnet, as in every network without an explicit gateway.
        """
        return self._gateway

    def gateways(self) -> Iterator[str]:
        """Yield `gateway`, then the one of now if that was asked for earlier.

        The engine may have another network since it came back.
        """
        was_known = "_gateway" in self.__dict__
        if gateway := self._gateway:
            yield gateway
        if was_known:
            self.__dict__.pop("_gateway", None)
            if gateway := self._gateway:
                yield gateway

    @cached_property
    def _gateway(self) -> str | None:
        with self.translated_errors():
            configs = self.api.network("bridge")["IPAM"]["Config"] or []
        for config in configs:
            if config.get("Gateway"):
                return str(config["Gateway"])
            if config.get("Subnet"):
                return str(ip_network(config["Subnet"])[1])
        return None

    def attach(self, container_id: str, *, stdin: bool = False) -> Attached:
        """Attach to a container's output, and with `stdin` to its input."""
        with self.translated_errors():
            return self.api.attach(container_id, stdin=stdin)

    def run_in(self, container_id: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a running container; return its exit status and its output."""
        with self.translated_errors():
            status, framed = self.api.execute(container_id, command)
        output = b"".join(read_output(BytesIO(framed).read))
        return status, output.decode(errors="replace")

    def find_container(self, container_id: str) -> dict[str, Any] | None:
        """Return the engine's facts about a container; None if it is removed."""
        with self.translated_errors():
            try:
                return self.api.container(container_id)
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                return None

    def is_running(self, container_id: str) -> bool:
        """Return whether a container has not ended.

        False also if the engine does not tell: whoever waits for the end of the container learns why.
        """
        with suppress(EngineError):
            found = self.find_container(container_id)
            return bool(found and found["State"].get("Running"))
        return False

    def network_id(self, name: str) -> str:
        """Return the id of a network.

        Raises:
            NetworkNotFoundError: There is no such network.
        """
        with self.translated_errors():
            try:
                return str(self.api.network(name)["Id"])
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                names = ", ".join(f"`{each['Name']}`" for each in self.api.networks())
                raise NetworkNotFoundError(
                    f"no Docker network `{name}`",
                    hint=f"networks: {names}; `docker network create {name}` creates it",
                ) from None


def _refused(explanation: str) -> EngineError:
    return EngineError(f"the container engine refused: {explanation}")


def _explanation_of_sdk(error: Exception) -> str | None:
    """Return why the engine refused a call of docker-py; None for any other error."""
    if "docker" not in sys.modules:
        return None
    from docker.errors import APIError  # noqa: PLC0415  # it has been imported

    return str(error.explanation or error) if isinstance(error, APIError) else None


def _comes_from_connection(error: Exception) -> bool:
    """Return whether the connection to the engine broke, in any client."""
    if isinstance(error, OSError | h11.ProtocolError):  # also what requests raises
        return True
    if "docker" not in sys.modules:
        return False
    from docker.errors import DockerException  # noqa: PLC0415  # it has been imported
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    return isinstance(error, DockerException | HTTPError)


def _connect(engine: str | None) -> EngineApi:
    candidates = find_engines(engine, os.environ)
    failures: dict[str, Exception] = {}
    for address in candidates.addresses:
        try:
            return EngineApi(address)
        except (ApiError, OSError, ValueError, h11.ProtocolError) as error:
            failures[address.url] = error
    is_forbidden = any(isinstance(error, PermissionError) for error in failures.values())
    tried = (f"`{url}` ({root_cause(error)})" for url, error in failures.items())
    raise EngineNotReachableError(
        f"no container engine answers at {', '.join(tried)}",
        hint=f"{_FORBIDDEN_HINT if is_forbidden else candidates.hint}; run `samlocal doctor` for details",
    ) from next(iter(failures.values()))
