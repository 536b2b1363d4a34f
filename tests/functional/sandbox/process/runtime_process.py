"""A function that runs as `plan_process` says, against a real Runtime API, without a box around it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from samlocal.env_vars.lambda_variables import Execution, lambda_variables
from samlocal.errors import Place
from samlocal.function import Function, LocalCode, LoggingConfig
from samlocal.host import current_host
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.routes import Router
from samlocal.sandbox.plan import SandboxSettings
from samlocal.sandbox.process.plan import plan_process
from tests.functional.execution.fakes import configuration, invocation
from tests.functional.runtime_api.client import served

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.answer import Answer
    from samlocal.runtime_api.exchange import Exchange
    from samlocal.sandbox.process_spec import ProcessSpec

_SECONDS = 30
REMAINING_MS = 5000

Json = Any


@dataclass(kw_only=True)
class RunningFunction:
    """A function whose runtime is running; `output` is complete when it has ended."""

    apis: SandboxApis
    process: Process
    spec: ProcessSpec
    output: str = ""
    errors: str = ""
    last: Exchange | None = None

    async def invoke(self, event: object = None, **fields: str) -> Answer:
        """Return the runtime's answer to an event, which it gets when it has finished the last one."""
        if self.last:
            await asyncio.wait_for(self.last.finished, _SECONDS)
        self.last = self.deliver(event, **fields)
        return await asyncio.wait_for(self.last.answer, _SECONDS)

    def deliver(self, event: object = None, **fields: str) -> Exchange:
        """Give the runtime an event, whether it asks for one or not yet; `fields` are those of the `Invocation`."""
        payload = json.dumps(event).encode()
        wanted = replace(
            invocation(payload, request_id=fields.pop("request_id", "id-1")),
            client_context=fields.get("client_context"),
            cognito_identity=fields.get("cognito_identity"),
            tenant_id=fields.get("tenant_id"),
        )
        deadline_ms = int(time.time() * 1000) + REMAINING_MS
        return self.apis.runtime.deliver(wanted, deadline_ms=deadline_ms, response=Delivery(None))

    async def result(self, event: object = None, **fields: str) -> Json:
        """Return the result of an event, which is not an error."""
        answer = await self.invoke(event, **fields)
        assert answer.error is None, answer
        return json.loads(answer.payload)

    async def error(self, event: object = None, **fields: str) -> dict[str, Json]:
        """Return the error that the runtime reports for an event."""
        answer = await self.invoke(event, **fields)
        assert answer.error, answer
        return dict(json.loads(answer.payload))

    async def restore(self) -> None:
        """Restore the snapshot when the runtime asks for it."""
        await asyncio.wait_for(asyncio.shield(self.apis.restore.ready), _SECONDS)
        self.apis.restore.restore()

    async def init_error(self) -> dict[str, Json]:
        """Return the error that ends Init."""
        ended = await asyncio.wait_for(asyncio.shield(self.apis.runtime.initialised), _SECONDS)
        assert ended.failure, self.output
        return dict(json.loads(ended.failure.payload))

    async def exit_status(self) -> int:
        """Wait for the end of the runtime, and of its output."""
        status = await asyncio.wait_for(self.process.wait(), _SECONDS)
        await self.read_output()
        return status

    async def end(self) -> None:
        """Kill the runtime, whatever it does, and read what it has written."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
        await self.read_output()

    async def read_output(self) -> None:
        output, errors = await asyncio.wait_for(self.process.communicate(), _SECONDS)
        self.output += output.decode()
        self.errors += errors.decode()


def function_in(
    code: Path, runtime: str, handler: str, *, logging: LoggingConfig | None = None
) -> Function:
    """Return a function whose code is a directory, and whose place is line 12 of its template."""
    place = Place(code.parent / "template.yaml", 12, 5)
    return Function(
        logical_id="Ratings",
        full_path="Shop/Ratings",
        name="ratings",
        code=LocalCode(path=code, place=place),
        place=place,
        runtime=runtime,
        handler=handler,
        memory_mb=256,
        logging=logging or LoggingConfig(),
    )


@asynccontextmanager
async def running(
    function: Function,
    *,
    layers: Path | None = None,
    variables: Mapping[str, str] | None = None,
    execution: Execution | None = None,
    settings: SandboxSettings | None = None,
) -> AsyncIterator[RunningFunction]:
    """Run a function until the end of the block."""
    assert isinstance(function.code, LocalCode)
    environment = {**lambda_variables(function, execution or Execution()), **(variables or {})}
    spec, _ = plan_process(
        function,
        environment,
        project=function.place.path,
        code=function.code.path,
        settings=settings or SandboxSettings(kind="process"),
        layers=layers,
        host=current_host(),
    )
    apis = SandboxApis(_configuration(environment))
    async with served(Router(lambda: apis)) as port:
        process = await _start(spec, f"127.0.0.1:{port}")
        running = RunningFunction(apis=apis, process=process, spec=spec)
        try:
            yield running
        finally:
            await running.end()


def _configuration(environment: Mapping[str, str]) -> FunctionConfiguration:
    workers = int(environment.get("AWS_LAMBDA_MAX_CONCURRENCY", 1))
    managed = workers > 1
    return replace(
        configuration(),
        max_concurrency=workers,
        initialization_type="lambda-managed-instances" if managed else "on-demand",
    )


async def _start(spec: ProcessSpec, address: str) -> Process:
    """Start the program as on a machine without namespaces: with the paths of this machine."""
    folders = {each.target: str(each.source) for each in spec.sandbox.mounts}

    def real(text: str) -> str:
        for target, source in folders.items():
            text = text.replace(target, source)
        return text

    environment = {**spec.variables, **spec.sandbox.environment}
    return await asyncio.create_subprocess_exec(
        *(real(word) for word in spec.program),
        env={name: real(value) for name, value in environment.items()}
        | {"AWS_LAMBDA_RUNTIME_API": address},
        cwd=folders["/var/task"],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
