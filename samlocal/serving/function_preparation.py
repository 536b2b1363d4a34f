"""Prepares versions of functions for the fleet, in threads."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from samlocal.data import data_folder
from samlocal.diagnostics import Diagnostic
from samlocal.documents.read_files import recorded_files
from samlocal.errors import SamlocalError
from samlocal.execution.fleet.fleet_function import FleetFunction
from samlocal.frozen_dataclass import frozen
from samlocal.function import LocalCode
from samlocal.preparation.preparation import prepare
from samlocal.preparation.resolution import resolve_function
from samlocal.preparation.web_functions import resolve_web_function
from samlocal.qualifier import LATEST
from samlocal.serving.fingerprint import content_mounts, fingerprint
from samlocal.serving.project_snapshot import read_project
from samlocal.serving.websocket_urls import has_api_urls, with_websocket_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from samlocal.function import Function, FunctionEntry
    from samlocal.preparation.options import FunctionOptions
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.preparation.resolution import ResolvedFunction
    from samlocal.project.apis import Apis
    from samlocal.project.web_functions import WebFunction, WebFunctions
    from samlocal.sandbox.output import Log
    from samlocal.serving.directory_states import DirectoryStates
    from samlocal.serving.once_observer import OnceObserver
    from samlocal.serving.options import ServingOptions
    from samlocal.serving.project_snapshot import ProjectSnapshot, RepeatedHost
    from samlocal.serving.source_watch import SourceWatch

_T = TypeVar("_T")


@frozen
class PreparedVersion:
    """A version of a function, ready for the fleet, and the paths whose content is its code."""

    resolved: ResolvedFunction
    function: FleetFunction
    paths: frozenset[Path]


class FunctionPreparation:
    """Resolves and prepares functions.

    One function at a time is resolved, because a project is not for several threads; preparations, which may
    download, run at the same time. What a function depends on is watched before it is read, so that no change
    goes unnoticed.
    """

    def __init__(
        self,
        options: ServingOptions,
        host: RepeatedHost,
        *,
        observer: OnceObserver,
        log: Callable[[Function], Log],
        states: DirectoryStates,
        watch: SourceWatch,
    ) -> None:
        self._options = options
        self._host = host
        self._observer = observer
        self._log = log
        self._states = states
        self._watch = watch
        self._resolving = asyncio.Lock()
        self._debugged: str | None = None
        self._has_debugged: set[str] = set()

    def use(self, options: ServingOptions) -> None:
        """Use other options from now on."""
        self._options = options

    def debug_only(self, entry: FunctionEntry) -> None:
        """Let the debugger attach to this function only."""
        self._debugged = entry.full_path

    async def resolve(
        self, snapshot: ProjectSnapshot, entry: FunctionEntry, version: str = LATEST
    ) -> ResolvedFunction:
        """Return a version of a function, resolved.

        Raises:
            SamlocalError: It cannot be resolved.
        """
        options = self._function_options(entry, version)
        host = self._host.host()
        async with self._resolving:
            return await self._read(
                lambda: resolve_function(snapshot.project, entry.full_path, options, host)
            )

    async def read_apis(self, snapshot: ProjectSnapshot) -> Apis:
        """Return the APIs that are served.

        Raises:
            SamlocalError: They cannot be read.
        """
        async with self._resolving:
            return await self._read(snapshot.read_apis)

    async def read_web_functions(self, snapshot: ProjectSnapshot) -> WebFunctions:
        """Return the web functions of the project.

        Raises:
            SamlocalError: They cannot be read.
        """
        async with self._resolving:
            return await self._read(snapshot.project.read_web_functions)

    async def read_project(self) -> ProjectSnapshot:
        """Return the project as it is now.

        Raises:
            SamlocalError: It cannot be read.
        """
        options, host = self._options, self._host.host()
        return await self._read(lambda: read_project(options.project, options.functions, host))

    async def _read(self, read: Callable[[], _T]) -> _T:
        """Return what a function reads in a thread, and watch all files that it reads, or fails to read."""
        since_ns = time.time_ns()
        with recorded_files() as files:
            try:
                return await asyncio.to_thread(read)
            finally:
                await self._watch.add_files(files, since_ns=since_ns)

    async def prepare(
        self, snapshot: ProjectSnapshot, entry: FunctionEntry, version: str
    ) -> PreparedVersion:
        """Return a version of a function, ready for the fleet.

        Raises:
            SamlocalError: It cannot be prepared.
        """
        self._choose_debugged(snapshot, entry)
        return await self._prepared(snapshot, await self.resolve(snapshot, entry, version))

    async def prepare_web_function(
        self, snapshot: ProjectSnapshot, web: WebFunction
    ) -> PreparedVersion:
        """Return a web function, ready for the fleet; no debugger attaches to it.

        Raises:
            SamlocalError: It cannot be prepared.
        """
        options, host = replace(self._options.function, debug=None), self._host.host()
        async with self._resolving:
            resolved = await self._read(
                lambda: resolve_web_function(snapshot.project, web, options, host)
            )
        return await self._prepared(snapshot, resolved)

    async def _prepared(
        self, snapshot: ProjectSnapshot, resolved: ResolvedFunction
    ) -> PreparedVersion:
        sources = _sources(resolved.function)
        await self._watch.add_sources(sources)
        prepared = await asyncio.to_thread(self._prepare, resolved)
        if has_api_urls(prepared):
            add_urls = partial(with_websocket_urls, prepared, snapshot.project)
            async with self._resolving:
                prepared = await self._read(add_urls)
        if resolved.debug:
            self._has_debugged.add(resolved.function.full_path)
        paths = frozenset({*sources, *self._own_paths(prepared)})
        await self._watch.add_sources(paths)
        return await asyncio.to_thread(self._finish, prepared, paths)

    def _prepare(self, resolved: ResolvedFunction) -> PreparedFunction:
        try:
            return prepare(
                resolved,
                self._options.sandbox,
                self._host.host(),
                self._observer,
                code=self._options.code,
                # The environment before the change has the ports until it ends.
                checks_ports=resolved.function.full_path not in self._has_debugged,
            )
        except OSError as error:
            if error.filename is None:  # a defect
                raise
            raise SamlocalError(f"`{error.filename}`: {error.strerror}") from error

    def _finish(self, prepared: PreparedFunction, paths: frozenset[Path]) -> PreparedVersion:
        resolved = prepared.resolved
        function = resolved.function
        # A program that is a server has no invocations, whose output would be told apart.
        sandbox = replace(prepared.spec.sandbox, is_reused=resolved.entry_point is None)
        return PreparedVersion(
            resolved=resolved,
            function=FleetFunction(
                key=pool_key(resolved.project, function.full_path),
                fingerprint=fingerprint(prepared, state_of=self._states.get),
                spec=replace(prepared.spec, sandbox=sandbox),
                configuration=prepared.configuration,
                log=self._log(function),
                reserved_concurrency=function.reserved_concurrency,
            ),
            paths=paths,
        )

    def _own_paths(self, prepared: PreparedFunction) -> Iterable[Path]:
        """Yield the mounted paths of the user, such as targets of links; all others never change."""
        caches = (self._host.host().cache, self._options.code.layer_cache, data_folder("runtimes"))
        for mount in content_mounts(prepared.spec):
            if not any(each and mount.source.is_relative_to(each) for each in caches):
                yield mount.source

    def _function_options(self, entry: FunctionEntry, version: str) -> FunctionOptions:
        """Return the options for a version; only one function has the debugger."""
        qualifier = None if version == LATEST else version
        options = replace(self._options.function, qualifier=qualifier, version=None, for_api=True)
        if options.debug is None or entry.full_path == self._debugged:
            return replace(options, debugged_function=None)
        return replace(options, debug=None, debugged_function=None)

    def _choose_debugged(self, snapshot: ProjectSnapshot, entry: FunctionEntry) -> None:
        """Let the debugger attach to the first function that runs, if none was chosen."""
        if self._options.function.debug is None or self._debugged is not None:
            return
        self._debugged = entry.full_path
        if len(snapshot.entries) > 1:
            message = f"the debugger attaches to `{entry.full_path}` only, which runs first"
            hint = "choose another function with --debug-function"
            self._observer.show_diagnostic(Diagnostic(message=message, hint=hint))


def pool_key(project: Path, full_path: str) -> str:
    """Return the key of the fleet's pool for a function."""
    return f"{project}:{full_path}"


def _sources(function: Function) -> Collection[Path]:
    """Return the directories and archives of this machine that are a function's code and layers."""
    every = (function.code, *(layer.code for layer in function.layers))
    return [each.path for each in every if isinstance(each, LocalCode)]
