"""The container engine: how to reach it, and its errors in our words."""

from __future__ import annotations

import logging
import os
import socket
import sys
from contextlib import contextmanager
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
from samlocal.errors import EngineError, EngineNotReachableError, NetworkNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.client import EngineClient
    from samlocal.engine.streams import Attached

_log = logging.getLogger(__name__)

# Docker's and Podman's.
_FORBIDDEN_HINT: Final = "your user may not use its socket: join the group that may (`sudo usermod -aG docker $USER`), and log in anew"
_MARKS_OF_CONTAINERS: Final = ("/.dockerenv", "/run/.containerenv")


class Engine:
    """A connection to a container engine.

    `api` has the calls of a container's life, `sdk` everything else: docker-py takes its time to import.
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
        """Turn what the engine's clients raise into our own errors."""
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
                f"the container engine at `{self.address}` went away ({_root_cause(error)})",
                hint="is it still running? `samlocal doctor` looks closer",
            ) from error

    @cached_property
    def sdk(self) -> EngineClient:
        """docker-py's client of the engine, whose calls last as long as they take."""
        from samlocal.engine.client import EngineClient  # noqa: PLC0415  # few commands need it

        return EngineClient(self.api.address, version=self.api.version)

    @property
    def shares_files(self) -> bool:
        """Whether the engine sees this machine's files, under their own paths.

        It does where it is reached through a socket on this machine; but where this is a container, the
        socket may be that of the machine outside, which has another name.
        """
        if self.socket_path is None:
            return False
        if not any(Path(mark).exists() for mark in _MARKS_OF_CONTAINERS):
            return True
        return bool(self._info.get("Name") == socket.gethostname())

    @property
    def socket_path(self) -> str | None:
        """The path of the engine's socket on this machine; None where it is reached another way."""
        return self.api.address.socket_path

    @property
    def is_podman(self) -> bool:
        """Whether this is Podman, which speaks Docker's API with an accent."""
        return self.api.is_podman

    @property
    def auto_removes(self) -> bool:
        """Whether the engine can be trusted to remove a container, and to tell how it ended."""
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
        """Tell whether the engine, and so its network, belongs to a user who isn't root."""
        options = self._info.get("SecurityOptions") or ()
        return bool(self._info.get("Rootless")) or "name=rootless" in options

    def is_desktop(self) -> bool:
        """Tell whether this is Docker Desktop: an engine in a virtual machine of this one."""
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
        """Return what the engine calls its machine's architecture, such as `amd64`."""
        return str(self._about["Arch"])

    def data_folder(self) -> str:
        """Return the folder in which the engine keeps its images, on its own machine."""
        return str(self._info.get("DockerRootDir", ""))

    def image_digests(self) -> dict[str, str | None]:
        """Return all images on the engine's machine: by name, the digest that their registry has.

        It is None for an image that came from no registry.
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

        An engine that has just made the network names only its subnet; the host has the first
        address of it then, as of every network that doesn't say otherwise.
        """
        with self.translated_errors():
            configs = self.api.network("bridge")["IPAM"]["Config"] or []
        for config in configs:
            if config.get("Gateway"):
                return str(config["Gateway"])
            if config.get("Subnet"):
                return str(ip_network(config["Subnet"])[1])
        return None

    def attach(self, container_id: str, *, stdin: bool = False) -> Attached:
        """Attach to a container's output, and to its input if it is asked for."""
        with self.translated_errors():
            return self.api.attach(container_id, stdin=stdin)

    def run_in(self, container_id: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a running container; return its exit status and its output."""
        with self.translated_errors():
            status, framed = self.api.execute(container_id, command)
        output = b"".join(read_output(BytesIO(framed).read))
        return status, output.decode(errors="replace")

    def network_id(self, name: str) -> str:
        """Return the id of a network.

        Raises:
            NetworkNotFoundError: There is none of that name.
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
                    hint=f"there are {names}; `docker network create {name}` creates it",
                ) from None


def _refused(explanation: str) -> EngineError:
    return EngineError(f"the container engine refused: {explanation}")


def _explanation_of_sdk(error: Exception) -> str | None:
    """Return why the engine refused a call of docker-py, if that is what the error says."""
    if "docker" not in sys.modules:
        return None
    from docker.errors import APIError  # noqa: PLC0415  # it has been imported

    return str(error.explanation or error) if isinstance(error, APIError) else None


def _comes_from_connection(error: Exception) -> bool:
    """Tell whether the connection to the engine broke, in whichever client."""
    if isinstance(error, OSError | h11.ProtocolError):  # also what requests raises
        return True
    if "docker" not in sys.modules:
        return False
    from docker.errors import DockerException  # noqa: PLC0415  # it has been imported
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    return isinstance(error, DockerException | HTTPError)


def _connect(engine: str | None) -> EngineApi:
    sought = find_engines(engine, os.environ)
    failures: dict[str, Exception] = {}
    for address in sought.addresses:
        try:
            return EngineApi(address)
        except (ApiError, OSError, ValueError, h11.ProtocolError) as error:
            failures[address.url] = error
    is_forbidden = any(isinstance(error, PermissionError) for error in failures.values())
    tried = (f"`{url}` ({_root_cause(error)})" for url, error in failures.items())
    raise EngineNotReachableError(
        f"no container engine answers at {', '.join(tried)}",
        hint=f"{_FORBIDDEN_HINT if is_forbidden else sought.hint}; `samlocal doctor` looks closer",
    ) from next(iter(failures.values()))


def _root_cause(error: BaseException) -> str:
    """Return the words of the innermost error: `No such file or directory`.

    The HTTP libraries wrap it in their own ones, as an argument or as the context, and now and then in
    a circle.
    """
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner and id(inner) not in seen:
        error = inner
        seen.add(id(error))
        nested = (each for each in error.args if isinstance(each, BaseException))
        inner = next(nested, None) or error.__cause__ or error.__context__
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
