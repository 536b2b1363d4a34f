"""A project whose functions are served: prepared on demand, and again after a change."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

from samlocal.diagnostics import error_diagnostic
from samlocal.errors import FunctionNotFoundError, SamlocalError, SandboxError
from samlocal.invocation import Invocation
from samlocal.preparation.project import with_region
from samlocal.project.discovery import build_diagnostic, is_built
from samlocal.project.web_functions import WebFunctions
from samlocal.serving.directory_states import DirectoryStates
from samlocal.serving.function_preparation import FunctionPreparation
from samlocal.serving.ignore_rules import IgnoreRules
from samlocal.serving.once_observer import OnceObserver
from samlocal.serving.served_function import select_version
from samlocal.serving.served_functions import ServedFunctions
from samlocal.serving.served_web_functions import ServedWebFunctions
from samlocal.serving.source_watch import Unwatched
from samlocal.serving.tee_log import TeeLog
from samlocal.serving.watcher import Watcher
from samlocal.tenancy import check_tenant
from samlocal.trace_header import new_trace_header

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.preparation.observer import Reporter
    from samlocal.project.apis import Apis
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall
    from samlocal.serving.function_fleet import FunctionFleet, ProgramFleet
    from samlocal.serving.options import ServingOptions
    from samlocal.serving.project_snapshot import ProjectSnapshot, RepeatedHost


# How often a call is begun whose function changes while its environment starts, and hinders that.
_ATTEMPTS: Final = 3
_NO_WEB_FUNCTIONS: Final = WebFunctions()


class ServedProject:
    """The functions of a project, ready for invocations in a fleet. All calls are in one event loop.

    Enter it to open the project. `log` returns the log of a function. The observer receives each diagnostic
    once, from several threads.

    With `watches`, a change of the code, the template or any other file that the project was read from takes
    effect: an invocation that begins after it runs the new version. A project that cannot be read any more
    leaves the previous version in service. Without `watches`, the first state of each function is served for
    ever. Web functions are served only if there are `programs` that run them.
    """

    def __init__(
        self,
        options: ServingOptions,
        host: RepeatedHost,
        fleet: FunctionFleet,
        *,
        observer: Reporter,
        log: Callable[[Function], Log],
        watches: bool = True,
        programs: ProgramFleet | None = None,
    ) -> None:
        self._programs = programs
        self._options = options
        self._host = host
        self._fleet = fleet
        self._observer = OnceObserver(observer)
        self._log = log
        self._watches = watches
        self._states = DirectoryStates()
        self._error: str | None = None
        self._apis: tuple[ProjectSnapshot, asyncio.Task[Apis]] | None = None
        self._readings: set[asyncio.Task[Apis]] = set()
        self._stack = AsyncExitStack()
        self._revision = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    async def _open(self, stack: AsyncExitStack) -> None:
        await asyncio.to_thread(self._host.read_stdin, self._options.function)
        host = self._host.host()
        options = replace(self._options, project=with_region(self._options.project, host))
        self._watch = (
            await stack.enter_async_context(self._watcher()) if self._watches else Unwatched()
        )
        self._preparation = FunctionPreparation(
            options,
            self._host,
            observer=self._observer,
            log=self._log,
            states=self._states,
            watch=self._watch,
        )
        snapshot = await self._preparation.read_project()
        # Another template that would be found later is another project.
        project = replace(options.project, template=snapshot.project.path)
        self._options = replace(options, project=project)
        self._preparation.use(self._options)
        if debugged := options.function.debugged_function:
            self._preparation.debug_only(snapshot.project.find(debugged))
        self._functions = ServedFunctions(
            snapshot, self._preparation, self._fleet, observer=self._observer
        )
        stack.push_async_callback(self._functions.close)
        stack.push_async_callback(self._end_readings)
        self._web = self._web_functions(snapshot)
        if self._web:
            stack.push_async_callback(self._web.close)
        if is_built(snapshot.project.path):
            # Which explains why an edit of the source has no effect.
            diagnostic = await asyncio.to_thread(build_diagnostic, snapshot.project.path)
            self._observer.show_diagnostic(diagnostic)
        await self._functions.check_any()
        await self._watch.add_files({snapshot.project.path})

    def _web_functions(self, snapshot: ProjectSnapshot) -> ServedWebFunctions | None:
        if self._programs is None:
            return None
        return ServedWebFunctions(
            snapshot, self._preparation, self._programs, observer=self._observer
        )

    async def region_and_account(self) -> tuple[str, str]:
        """Return the Region that functions run in, unless their environment says otherwise, and their account."""
        snapshot = self._functions.snapshot
        return self._options.project.region or snapshot.project.region or "", snapshot.account_id

    @property
    def revision(self) -> int:
        """A number that grows with each change of a file that the project or the code of its functions has."""
        return self._revision

    @property
    def path(self) -> Path:
        """The template, or the directory of the CDK assembly; absolute."""
        return self._functions.snapshot.project.path

    @property
    def names(self) -> tuple[str, ...]:
        """The full paths of the functions that are served, in the order of the template."""
        return tuple(each.full_path for each in self._functions.snapshot.entries)

    async def functions(self) -> tuple[Function, ...]:
        """Return the functions that are served, in the order of the template.

        One that cannot be resolved is missing; a diagnostic says why.
        """
        await self._watch.settled()
        functions = []
        for entry in self._functions.snapshot.entries:
            try:
                functions.append(await self._functions.resolve(entry))
            except SamlocalError as error:
                self._observer.show_diagnostic(error_diagnostic(error, function=entry.full_path))
        return tuple(functions)

    async def apis(self) -> Apis:
        """Return the APIs of the project: the same object until the project is read again.

        Raises:
            SamlocalError: They cannot be read.
        """
        await self._watch.settled()
        while True:
            snapshot = self._functions.snapshot
            found = await asyncio.shield(self._reading_apis(snapshot))
            if snapshot is self._functions.snapshot:  # else it was read again meanwhile
                return found

    def _reading_apis(self, snapshot: ProjectSnapshot) -> asyncio.Task[Apis]:
        """Return the task that reads the APIs of a snapshot, which all requests wait for; one that has failed is begun again."""
        if self._apis is not None:
            known, reading = self._apis
            has_failed = reading.done() and (reading.cancelled() or reading.exception())
            if known is snapshot and not has_failed:
                return reading
        reading = asyncio.create_task(self._preparation.read_apis(snapshot))
        self._readings.add(reading)
        reading.add_done_callback(self._end_of_reading)
        self._apis = snapshot, reading
        return reading

    def _end_of_reading(self, reading: asyncio.Task[Apis]) -> None:
        self._readings.discard(reading)
        if not reading.cancelled():
            reading.exception()  # whoever waits for it has it

    async def _end_readings(self) -> None:
        # Requests wait for them, also those that came before the project was opened with other options.
        await asyncio.gather(*self._readings, return_exceptions=True)

    async def web_functions(self) -> WebFunctions:
        """Return the web functions of the project: the same object until the project is read again.

        Raises:
            SamlocalError: They cannot be read.
        """
        await self._watch.settled()
        return await self._web.all() if self._web else _NO_WEB_FUNCTIONS

    @property
    def web_function_count(self) -> int:
        """How many web functions there were when they were read last; 0 before."""
        return self._web.count if self._web else 0

    @asynccontextmanager
    async def connected(
        self, web_function: str, *, holds: bool = True
    ) -> AsyncIterator[socket.socket]:
        """Yield a connection to the program of a web function, by its full path.

        One that does not `holds` the program breaks when the program is replaced after a change.

        Raises:
            FunctionNotFoundError: There is no such web function.
            SamlocalError: It cannot be prepared, or its program does not run.
        """
        await self._watch.settled()
        if self._web is None:
            raise FunctionNotFoundError(f"`{web_function}` is not served")
        async with self._web.connected(web_function, holds=holds) as connection:
            yield connection

    async def find(self, name: str) -> Function:
        """Return a function by its logical ID, its name in AWS, its function ID or its full path.

        Raises:
            FunctionNotFoundError: No function that is served has this name.
            AmbiguousFunctionError: Several have it.
            SamlocalError: The function cannot be resolved.
        """
        await self._watch.settled()
        try:
            entry = self._functions.entry(name)
        except FunctionNotFoundError:
            # A name in AWS may be known only when the function is resolved.
            for function in await self.functions():
                if function.name == name:
                    return function
            raise
        return await self._functions.resolve(entry)

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
        left = _ATTEMPTS
        result = None
        while result is None:
            left -= 1
            result = await self._invoke(call, response, tail, may_repeat=left > 0)
        return result

    async def _invoke(
        self,
        call: FunctionCall,
        response: ResponseSink | None,
        tail: Log | None,
        *,
        may_repeat: bool,
    ) -> InvocationResult | None:
        """Return None if no environment has started, and the function has changed meanwhile."""
        function = await self.find(call.function)
        qualified = select_version(function, call.qualifier)
        check_tenant(function, call.tenant_id)
        served = self._functions.get(function.full_path)
        self._functions.note_invocation(function.full_path)
        prepared = served.ready(qualified.version) or await served.prepared(qualified.version)
        invocation = Invocation(
            request_id=call.request_id,
            payload=call.payload,
            function_arn=qualified.arn,
            trace_id=call.trace_id or new_trace_header(),
            version=qualified.version,
            client_context=call.client_context,
            tenant_id=call.tenant_id,
            domain_name=call.domain_name if self._options.sandbox.lambda_endpoint else None,
        )
        log = self._log(function)  # its own: environments write at the same time
        try:
            return await self._fleet.invoke(
                prepared.function,
                invocation,
                log=TeeLog(log, tail) if tail else log,
                response=response,
            )
        except SandboxError as error:
            if not (may_repeat and error.precedes_invocation):
                raise
            await self._watch.settled()
            if served.ready(qualified.version) is prepared:
                raise
            return None

    async def warm_up(self) -> bool:
        """Initialise an environment for each function that is served, and return whether all succeeded.

        A failure is a diagnostic.
        """
        if self._web is None:
            return await self._functions.warm_up()
        return all(await asyncio.gather(self._functions.warm_up(), self._web.warm_up()))

    async def code_facts(self, function: Function) -> CodeFacts:
        """Return facts about a function's code, read once until it changes.

        Raises:
            CodeNotFoundError: The code does not exist.
        """
        await self._watch.settled()
        return await self._functions.code_facts(function)

    def _watcher(self) -> Watcher:
        template = self._options.project.template
        rules = IgnoreRules(
            self._options.ignore,
            respects_gitignore=self._options.respects_gitignore,
            top=(template.absolute().parent if template else self._host.host().directory).resolve(),
        )
        return Watcher(rules, observer=self._observer, process=self._process)

    async def _process(self, changed: frozenset[Path], files: frozenset[Path]) -> None:
        """Take changes into account: of directories and archives with code, and of other `files`."""
        for path in changed:
            self._states.forget(str(path))
        if files:
            await self._read_again()
        if changed:
            self._functions.change_code(changed)
            if self._web:
                self._web.change_code(changed)
        self._revision += 1

    async def _read_again(self) -> None:
        """Serve the project as it is now, or the previous version if it cannot be read."""
        try:
            snapshot = await self._preparation.read_project()
            await self._functions.check(snapshot)
        except SamlocalError as error:
            if str(error) != self._error:
                self._error = str(error)
                diagnostic = error_diagnostic(error)
                self._observer.forget(diagnostic)
                self._observer.show_diagnostic(diagnostic)
                self._observer.show_status("still serving the previous version of the project")
            return
        if self._error:
            self._error = None
            self._observer.show_status("the project can be read again: serving the new version")
        self._functions.replace(snapshot)
        if self._web:
            self._web.replace(snapshot)
