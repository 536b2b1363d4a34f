"""The process of a fleet: the environments of one backend, for commands of any project."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samlocal.endpoints import find_endpoint
from samlocal.errors import CacheError, SamlocalError
from samlocal.execution.fleet.fleet import Fleet
from samlocal.execution.fleet.fleet_function import FleetFunction
from samlocal.function import is_named
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.service.fleet_channel import (
    Channel,
    ChannelLog,
    ChannelProgress,
    ChannelResponse,
)
from samlocal.service.fleet_messages import (
    Accepted,
    Environments,
    Failed,
    Invoke,
    ListEnvironments,
    Result,
    StopFunctions,
    Taken,
    WarmEnvironmentInfo,
    WarmFunction,
    read_message,
)
from samlocal.service.project_endpoint import ProjectEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.execution.fleet.environment_info import EnvironmentInfo
    from samlocal.sandbox.sandbox import SandboxKind

# Without an environment and a command for so long, the process ends.
_LINGER_SECONDS: Final = 2.0
# How long running invocations may take when the service ends.
_CLOSE_SECONDS: Final = 10.0
_LOG_SECONDS: Final = 0.5
_BUFFER_BYTES: Final = 1024 * 1024


def serve_fleet(control: socket.socket, kind: SandboxKind, engine: str | None) -> None:
    """Serve the connections that come through a socket until it ends, a signal comes, or nothing is warm."""
    gc.enable()
    gc.freeze()
    asyncio.run(_FleetProcess(control, Backend(kind=kind, engine=engine)).run())


class _FleetProcess:
    def __init__(self, control: socket.socket, backend: Backend) -> None:
        self._control = control
        self._progress = ChannelProgress()
        self._fleet = Fleet(backend, progress=self._progress)
        self._functions: dict[str, WarmFunction] = {}
        self._endpoints: dict[str, ProjectEndpoint] = {}
        self._requests: set[asyncio.Task[None]] = set()
        self._is_ending = asyncio.Event()
        self._is_used = asyncio.Event()
        self._is_refusing = False
        self._opening = asyncio.Lock()
        self._is_open = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._is_ending.set)
        self._control.setblocking(False)
        loop.add_reader(self._control, self._accept)
        unused = asyncio.create_task(self._wait_until_unused())
        ended = asyncio.create_task(self._is_ending.wait())
        await asyncio.wait([unused, ended], return_when=asyncio.FIRST_COMPLETED)
        for task in (unused, ended):
            task.cancel()
        await self._close()
        if self._is_open:
            await self._fleet.__aexit__()
        if self._requests:
            await asyncio.wait(self._requests, timeout=_LINGER_SECONDS)

    async def _wait_until_unused(self) -> None:
        """Wait until nothing has been warm for a while, and nobody has asked."""
        while True:
            if self._is_open:
                await self._fleet.wait_until_empty()
            self._is_used.clear()
            if self._requests:
                await asyncio.wait(self._requests)
                continue
            try:
                async with asyncio.timeout(_LINGER_SECONDS):
                    await self._is_used.wait()
            except TimeoutError:
                return

    def _refuse(self) -> None:
        """Serve nobody else: who asks from now on gets another process."""
        if not self._is_refusing:
            self._is_refusing = True
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()

    def _accept(self) -> None:
        """Take a connection from the main process, whose end is the end of this one."""
        try:
            content, files, _, _ = socket.recv_fds(self._control, 4096, 16)
        except BlockingIOError:
            return
        except OSError:
            content, files = b"", []
        if not content:
            self._is_ending.set()
        for file in files:
            task = asyncio.create_task(self._serve(socket.socket(fileno=file)))
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)
            self._is_used.set()

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_BUFFER_BYTES)
        channel = Channel(writer)
        try:
            request = await read_message(reader)
            if request is None or self._is_refusing:
                return
            channel.send(Accepted())
            if isinstance(request, Invoke):
                try:
                    await self._open()
                except SamlocalError as error:
                    channel.send(Failed(error))
                else:
                    await self._serve_invocation(request, reader, channel)
            else:
                channel.send(await self._answer(request))
        finally:
            await channel.close()

    async def _open(self) -> None:
        """Connect to the engine, unless that is done; who asks after a failure tries again.

        Raises:
            SamlocalError: No engine answers.
        """
        async with self._opening:
            if not self._is_open:
                await self._fleet.__aenter__()
                self._is_open = True

    async def _serve_invocation(
        self, request: Invoke, reader: asyncio.StreamReader, channel: Channel
    ) -> None:
        """Run an invocation until its end, or until its command has gone."""
        response = ChannelResponse(channel)
        running = asyncio.create_task(self._invoke(request, channel, response))

        async def follow() -> None:
            while isinstance(await read_message(reader), Taken):
                response.note_taken()

        following = asyncio.create_task(follow())
        self._progress.channels.add(channel)
        try:
            await asyncio.wait([running, following], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._progress.channels.discard(channel)
            if not running.done():
                channel.abandon()
            running.cancel()
            following.cancel()
        with suppress(asyncio.CancelledError):
            try:
                result = await running
            except Exception as error:  # noqa: BLE001  # the command shows it
                channel.send(_failed(error))
            else:
                channel.send(Result(replace(result, payload=b"")))

    async def _invoke(self, request: Invoke, channel: Channel, response: ChannelResponse) -> Any:  # noqa: ANN401
        _use_variables(request.variables)
        warm = request.function
        fingerprint = await self._with_image(warm)
        spec, configuration = warm.spec, warm.configuration
        endpoint = self._endpoint(request, channel)
        if endpoint:
            fingerprint = f"{fingerprint}:{endpoint}"
            spec = replace(spec, sandbox=replace(spec.sandbox, calls_functions=True))
            configuration = replace(configuration, lambda_endpoint=endpoint)
        function = FleetFunction(
            key=warm.key,
            fingerprint=fingerprint,
            spec=spec,
            configuration=configuration,
            log=_NoLog(),
            idle_seconds=warm.idle_seconds,
        )
        self._functions[warm.key] = warm
        self._fleet.retire(warm.key, keep=fingerprint)
        result = await self._fleet.invoke(
            function,
            request.invocation,
            log=ChannelLog(channel),
            response=response,
            fresh=request.fresh,
        )
        if called := self._endpoints.get(warm.project):
            await called.complete_logs(_LOG_SECONDS)
        return result

    def _endpoint(self, request: Invoke, channel: Channel) -> Path | None:
        """Return where the function calls others: at a running endpoint of its project, else at one of this process."""
        if request.neighbours is None:
            return None
        warm = request.function
        project = Path(warm.project)
        found = find_endpoint(project, self._fleet.address)
        own = self._endpoints.get(warm.project)
        if found and not (own and own.path == found):
            return found
        if own is None:
            own = ProjectEndpoint(self._fleet, project, self._note_called)
            try:
                own.open()
            except CacheError:
                return None
            self._endpoints[warm.project] = own
        own.use(request.neighbours, warm.idle_seconds)
        own.channels.add(channel)
        channel.on_close(partial(own.channels.discard, channel))
        return own.path

    def _note_called(self, function: FleetFunction) -> None:
        """Note what `warm list` shows of a function that another one calls."""
        sandbox = function.spec.sandbox
        self._functions[function.key] = WarmFunction(
            key=function.key,
            fingerprint=function.fingerprint,
            spec=function.spec,
            configuration=function.configuration,
            idle_seconds=function.idle_seconds or 0.0,
            name=sandbox.function,
            project=str(sandbox.project),
        )

    async def _with_image(self, function: WarmFunction) -> str:
        """Return the fingerprint with the image that an image function would run in."""
        if not isinstance(function.spec, ContainerSpec):
            return function.fingerprint
        image = function.spec.image
        if not image.is_function and not image.is_chosen:
            return function.fingerprint
        names = {image.name, image.build.image if image.build else image.name}
        ids = [await asyncio.to_thread(self._image_id, name) for name in sorted(names)]
        return ":".join((function.fingerprint, *ids))

    def _image_id(self, name: str) -> str:
        engine = self._fleet.engine
        with suppress(Exception):  # the invocation says what is wrong
            return str(engine.api.image(name)["Id"]) if engine else ""
        return ""

    async def _answer(self, request: ListEnvironments | StopFunctions) -> Environments:
        environments = self._fleet.environments if self._is_open else ()
        shown = {each: self._info(each) for each in environments}
        if isinstance(request, StopFunctions):
            wanted = {
                each: info
                for each, info in shown.items()
                if not request.names or is_named(info.function, request.names)
            }
            for each in wanted:
                self._fleet.retire(each.key)
            shown = wanted
            if not request.names:
                await self._close()  # nothing is left when the command has its answer
                self._is_ending.set()
        return Environments(tuple(shown.values()))

    async def _close(self) -> None:
        """Serve nobody else, and end what there is."""
        self._refuse()
        if self._is_open:
            await self._fleet.close(_CLOSE_SECONDS)
        while self._endpoints:
            _, endpoint = self._endpoints.popitem()
            await endpoint.close()

    def _info(self, environment: EnvironmentInfo) -> WarmEnvironmentInfo:
        function = self._functions[environment.key]
        return WarmEnvironmentInfo(
            function=function.name,
            project=function.project,
            version=environment.version,
            state=environment.state,
            invocations=environment.invocations,
            started=environment.started,
            ends=environment.ends,
            engine=self._fleet.address,
            debug_ports=function.spec.sandbox.debug_ports,
        )


class _NoLog:
    """Gets what a function writes while no invocation runs, which nobody sees, as on Lambda it waits for the next."""

    def write(self, output: bytes) -> None:
        pass

    def line(self, text: str) -> None:
        pass


def _failed(error: Exception) -> Failed:
    """Return an error for the command; one that cannot travel is a defect, whose text does."""
    try:
        pickle.dumps(error)
    except Exception:  # noqa: BLE001  # whatever its state raises
        return Failed(SamlocalError(f"{type(error).__name__}: {error}"))
    return Failed(error)


def _use_variables(variables: Mapping[str, str]) -> None:
    """Let pulls of images find the AWS credentials of the command."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        if name not in variables:
            del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
