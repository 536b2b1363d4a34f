"""A project whose functions are served: prepared on demand, and again after a change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from samlocal.diagnostics import Diagnostic
from samlocal.errors import FunctionNotFoundError, SamlocalError
from samlocal.invocation import Invocation
from samlocal.preparation.project import with_region
from samlocal.qualifier import LATEST
from samlocal.serving.code_facts import read_code_facts
from samlocal.serving.directory_states import DirectoryStates
from samlocal.serving.function_preparation import FunctionPreparation
from samlocal.serving.once_observer import OnceObserver
from samlocal.serving.project_snapshot import RepeatedHost, read_project
from samlocal.serving.served_function import ServedFunction, select_version
from samlocal.serving.source_watch import Unwatched
from samlocal.serving.tee_log import TeeLog
from samlocal.tenancy import check_tenant
from samlocal.trace_header import new_trace_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function import Function, FunctionEntry
    from samlocal.host import Host
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.preparation.observer import Observer
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall
    from samlocal.serving.function_fleet import FunctionFleet
    from samlocal.serving.function_preparation import PreparedVersion
    from samlocal.serving.options import ServingOptions
    from samlocal.serving.project_snapshot import ProjectSnapshot
    from samlocal.serving.source_watch import SourceWatch


class ServedProject:
    """The functions of a project, ready for invocations in a fleet. All calls are in one event loop.

    Enter it to open the project. `log` returns the log of a function. The observer receives each diagnostic
    once, from several threads.
    """

    def __init__(
        self,
        options: ServingOptions,
        host: Host,
        fleet: FunctionFleet,
        *,
        observer: Observer,
        log: Callable[[Function], Log],
        watches: bool = True,
    ) -> None:
        self._options = options
        self._host = host
        self._fleet = fleet
        self._observer = OnceObserver(observer)
        self._log = log
        self._watches = watches
        self._states = DirectoryStates()
        self._watch: SourceWatch = Unwatched()
        self._functions: dict[str, ServedFunction] = {}
        self._entries: dict[str, FunctionEntry] = {}
        self._resolved: dict[str, asyncio.Task[Function]] = {}
        self._facts: dict[str, asyncio.Task[CodeFacts]] = {}

    async def __aenter__(self) -> Self:
        options = replace(self._options, project=with_region(self._options.project, self._host))
        host = await asyncio.to_thread(RepeatedHost, self._host, options.function)
        snapshot = await asyncio.to_thread(
            read_project, options.project, options.functions, host.host()
        )
        # Another template that would be found later is another project.
        project = replace(options.project, template=snapshot.project.path)
        self._options = replace(options, project=project)
        self._repeated = host
        self._snapshot = snapshot
        self._preparation = FunctionPreparation(
            self._options,
            host,
            observer=self._observer,
            log=self._log,
            states=self._states,
            watch=self._watch,
        )
        if debugged := options.function.debugged_function:
            self._preparation.debug_only(snapshot.project.find(debugged))
        return self

    async def __aexit__(self, *exc_info: object) -> None: ...

    @property
    def region(self) -> str:
        """The Region that functions run in, unless their environment says otherwise."""
        return self._options.project.region or ""

    @property
    def account_id(self) -> str:
        """The account that the project runs for."""
        return self._snapshot.account_id

    async def functions(self) -> tuple[Function, ...]:
        """Return the functions that are served, in the order of the template.

        One that cannot be resolved is missing; a diagnostic says why.
        """
        await self._watch.settled()
        functions = []
        for entry in self._snapshot.entries:
            try:
                functions.append(await self._resolve(entry))
            except SamlocalError as error:
                self._observer.show_diagnostic(_diagnostic(entry, error))
        return tuple(functions)

    async def find(self, name: str) -> Function:
        """Return a function by its logical ID, its name in AWS, its function ID or its full path.

        Raises:
            FunctionNotFoundError: No function that is served has this name.
            AmbiguousFunctionError: Several have it.
            SamlocalError: The function cannot be resolved.
        """
        if not self._watch.is_settled():
            await self._watch.settled()
        try:
            entry = self._entry(name)
        except FunctionNotFoundError:
            # A name in AWS may be known only when the function is resolved.
            for function in await self.functions():
                if function.name == name:
                    return function
            raise
        return await self._resolve(entry)

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
        tail: Log | None = None,
    ) -> InvocationResult:
        """Run an invocation in the fleet, and return its result.

        Its output goes to the function's log and to `tail`; `response` takes the response as it comes.

        Raises:
            FunctionNotFoundError: There is no such function, version or alias.
            UsageError: The qualifier or the tenant ID is malformed.
            InvalidParameterValueError: A tenant ID is missing, or the function takes none.
            ThrottledError: The function has no more concurrency.
            SamlocalError: It cannot be prepared, or no sandbox can be had.
        """
        function = await self.find(call.function)
        qualified = select_version(function, call.qualifier)
        check_tenant(function, call.tenant_id)
        served = self._served(function.full_path)
        prepared = served.ready(qualified.version) or await served.prepared(qualified.version)
        invocation = Invocation(
            request_id=call.request_id,
            payload=call.payload,
            function_arn=qualified.arn,
            trace_id=call.trace_id or new_trace_header(),
            version=qualified.version,
            client_context=call.client_context,
            tenant_id=call.tenant_id,
        )
        log = prepared.function.log
        return await self._fleet.invoke(
            prepared.function,
            invocation,
            log=TeeLog(log, tail) if tail else log,
            response=response,
        )

    async def warm_up(self) -> None:
        """Initialise an environment for each function that is served; a failure is a diagnostic."""
        await asyncio.gather(*(self._warm_up(entry) for entry in self._snapshot.entries))

    async def code_facts(self, function: Function) -> CodeFacts:
        """Return facts about a function's code, read once until it changes.

        Raises:
            CodeNotFoundError: The code does not exist.
        """
        path = function.full_path
        if path not in self._facts:
            facts = asyncio.create_task(asyncio.to_thread(read_code_facts, function))
            self._facts[path] = facts
            facts.add_done_callback(partial(_forget_failed, self._facts, path))
        return await asyncio.shield(self._facts[path])

    def _served(self, full_path: str) -> ServedFunction:
        if full_path not in self._functions:
            self._functions[full_path] = ServedFunction(partial(self._prepare, full_path))
        return self._functions[full_path]

    async def _prepare(self, full_path: str, version: str) -> PreparedVersion:
        snapshot = self._snapshot
        return await self._preparation.prepare(snapshot, self._entry(full_path), version)

    def _entry(self, name: str) -> FunctionEntry:
        """Return the function with an identifier, found once until the project changes."""
        if name not in self._entries:
            self._entries[name] = self._snapshot.find(name)
        return self._entries[name]

    async def _resolve(self, entry: FunctionEntry) -> Function:
        """Return a function, resolved once until something changes."""
        path = entry.full_path
        task = self._resolved.get(path)
        if task is None:
            task = asyncio.create_task(self._resolve_again(self._snapshot, entry))
            self._resolved[path] = task
            task.add_done_callback(partial(_forget_failed, self._resolved, path))
        return task.result() if task.done() else await asyncio.shield(task)

    async def _resolve_again(self, snapshot: ProjectSnapshot, entry: FunctionEntry) -> Function:
        return (await self._preparation.resolve(snapshot, entry)).function

    async def _warm_up(self, entry: FunctionEntry) -> None:
        try:
            prepared = await self._served(entry.full_path).prepared(LATEST)
            await self._fleet.warm_up(prepared.function)
        except SamlocalError as error:
            self._observer.show_diagnostic(_diagnostic(entry, error))


def _diagnostic(entry: FunctionEntry, error: SamlocalError) -> Diagnostic:
    message = f"`{entry.full_path}` cannot run: {error.message}"
    return Diagnostic(message=message, place=error.place, hint=error.hint)


def _forget_failed(tasks: dict[str, asyncio.Task[Any]], key: str, task: asyncio.Task[Any]) -> None:
    """Forget a task that has failed, so that the next caller tries again."""
    if (task.cancelled() or task.exception()) and tasks.get(key) is task:
        del tasks[key]
