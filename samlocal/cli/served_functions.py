"""The functions that an endpoint serves, of a project that can be opened again with other options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from samlocal.diagnostics import Diagnostic
from samlocal.serving.served_project import ServedProject

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.execution.fleet.fleet import Fleet
    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.preparation.observer import Observer
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall
    from samlocal.serving.options import ServingOptions


class ServedFunctions:
    """The functions of the project that is open: see `ServedProject`, which does the work."""

    def __init__(  # what a project needs
        self,
        options: ServingOptions,
        host: Host,
        fleet: Fleet,
        *,
        observer: Observer,
        log: ConsoleLog,
        watches: bool,
    ) -> None:
        self._options = options
        self._host = host
        self._fleet = fleet
        self._observer = observer
        self._log = log
        self._watches = watches

    async def __aenter__(self) -> Self:
        self._project = await self._open(self._options)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._project.__aexit__(*exc_info)

    @property
    def region(self) -> str:
        return self._project.region

    @property
    def account_id(self) -> str:
        return self._project.account_id

    async def reopen(self, options: ServingOptions) -> None:
        """Serve the project with other options; what runs is not disturbed.

        Raises:
            SamlocalError: It cannot be opened with these; it is served as before.
        """
        before, self._project = self._project, await self._open(options)
        await before.__aexit__(None, None, None)

    async def functions(self) -> tuple[Function, ...]:
        return await self._project.functions()

    async def find(self, name: str) -> Function:
        return await self._project.find(name)

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
        tail: Log | None = None,
    ) -> InvocationResult:
        return await self._project.invoke(call, response=response, tail=tail)

    async def code_facts(self, function: Function) -> CodeFacts:
        return await self._project.code_facts(function)

    async def warm_up(self) -> None:
        await self._project.warm_up()

    @property
    def path(self) -> Path:
        """The template, or the directory of the CDK assembly."""
        return self._project.path

    @property
    def names(self) -> tuple[str, ...]:
        """The full paths of the functions, in the order of the template."""
        return self._project.names

    def log_of(self, function: Function) -> Log:
        """Return a new log for output of a function: lines that begin with its name, if there are several."""
        return self._log.environment("" if len(self.names) == 1 else function.full_path)

    async def _open(self, options: ServingOptions) -> ServedProject:
        project = await self._entered(options)
        function = options.function
        if not function.debug or function.debugged_function or len(project.names) == 1:
            return project
        await project.__aexit__(None, None, None)
        self._observer.show_diagnostic(_no_debugger(project.names))
        return await self._entered(replace(options, function=replace(function, debug=None)))

    async def _entered(self, options: ServingOptions) -> ServedProject:
        project = ServedProject(
            options,
            self._host,
            self._fleet,
            observer=self._observer,
            log=self.log_of,
            watches=self._watches,
        )
        return await project.__aenter__()


def _no_debugger(names: tuple[str, ...]) -> Diagnostic:
    return Diagnostic(
        message=f"no function is debugged: {len(names)} functions are served",
        hint=f"choose one with `--debug-function`, such as `--debug-function {names[0]}`"
        if names
        else "the template has no functions",
    )
