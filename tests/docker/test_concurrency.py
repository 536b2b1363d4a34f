"""Several invocations at once in one container, with real runtimes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from samlocal.engine.engine import Engine
from samlocal.execution.thread_futures import awaitable
from samlocal.invocation import Invocation
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.concurrent_runtime import ConcurrentRuntimeApi
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.sandbox import DockerSandbox
from samlocal.sandbox.sandbox import Mount, SandboxSpec
from tests.functional.execution.fakes import configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import docker

    from samlocal.runtime_api.exchange import Exchange

WORKERS = 3
SECONDS = 60

ENVIRONMENT = {
    "_HANDLER": "app.handler",
    "AWS_LAMBDA_FUNCTION_NAME": "Rooms",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Rooms",
    "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
    "AWS_LAMBDA_MAX_CONCURRENCY": str(WORKERS),
    "AWS_LAMBDA_NODEJS_WORKER_COUNT": str(WORKERS),
}

# `together` answers when so many invocations are running at once, `crash` ends the worker.
PYTHON = """\
import os, pathlib, time

def handler(event, context):
    if event.get("crash"):
        os._exit(7)
    room = pathlib.Path("/tmp", event["room"])
    room.mkdir(exist_ok=True)
    (room / context.aws_request_id).touch()
    while len(list(room.iterdir())) < event["together"]:
        time.sleep(0.01)
    return context.aws_request_id
"""
NODEJS = """\
import fs from "node:fs";
import { setTimeout } from "node:timers/promises";

export const handler = async (event, context) => {
  if (event.crash) process.exit(7);
  const room = `/tmp/${event.room}`;
  fs.mkdirSync(room, { recursive: true });
  fs.writeFileSync(`${room}/${context.awsRequestId}`, "");
  while (fs.readdirSync(room).length < event.together) await setTimeout(10);
  return context.awsRequestId;
};
"""
RUNTIMES = [
    pytest.param("python:3.13", "app.py", PYTHON, id="python"),
    pytest.param("nodejs:24", "app.mjs", NODEJS, id="nodejs"),
]


class NoProgress:
    """Fails on any pull or build."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        raise AssertionError(layer, status, current, total)

    def note(self, text: str) -> None:
        raise AssertionError(text)


class Serve(Protocol):
    def __call__(
        self, image: str, file: str, code: str
    ) -> AbstractAsyncContextManager[ConcurrentRuntimeApi]: ...


@pytest.fixture
def serve(stand_in: Callable[[str], str], engine: docker.APIClient, tmp_path: Path) -> Serve:
    """Returns the API of a runtime in a container, which has so many workers."""
    del engine

    @asynccontextmanager
    async def served(image: str, file: str, code: str) -> AsyncIterator[ConcurrentRuntimeApi]:
        (tmp_path / file).write_text(code)
        spec = ContainerSpec(
            sandbox=SandboxSpec(
                function="Rooms",
                project=tmp_path / "template.yaml",
                environment=ENVIRONMENT,
                memory_mb=512,
                mounts=(Mount(source=tmp_path, target="/var/task"),),
                command=("app.handler",),
            ),
            image=ImageRequest(name=stand_in(image)),
            api_connection="direct",
        )
        apis = SandboxApis(
            replace(
                configuration(),
                initialization_type="lambda-managed-instances",
                max_concurrency=WORKERS,
            )
        )
        assert isinstance(apis.runtime, ConcurrentRuntimeApi)
        with Engine() as ours, DockerSandbox(spec, ours, progress=NoProgress()) as sandbox:
            listener = await awaitable(sandbox.listening)

            async def accepts(host: str, port: int) -> bool:
                await awaitable(sandbox.started)
                return sandbox.accepts_peer(host, port)

            async with Server(listener, Router(lambda: apis), accepts_peer=accepts):
                await asyncio.wait_for(apis.runtime.initialised, SECONDS)
                yield apis.runtime
                await asyncio.to_thread(sandbox.stop)

    return served


def deliver(api: ConcurrentRuntimeApi, request_id: str, event: dict[str, object]) -> Exchange:
    invocation = Invocation(
        request_id=request_id,
        payload=json.dumps(event).encode(),
        function_arn="arn:aws:lambda:us-east-1:123456789012:function:Rooms",
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    )
    return api.deliver(invocation, deadline_ms=9_999_999_999_999)


async def together(api: ConcurrentRuntimeApi, room: str, number: int) -> None:
    """Run invocations that wait for each other."""
    ids = [f"{room}-{each}" for each in range(number)]
    exchanges = [deliver(api, each, {"room": room, "together": number}) for each in ids]
    async with asyncio.timeout(SECONDS):
        answers = [await each.answer for each in exchanges]
    assert [json.loads(each.payload) for each in answers] == ids


@pytest.mark.parametrize(("image", "file", "code"), RUNTIMES)
async def test_several_invocations_at_once(serve: Serve, image: str, file: str, code: str) -> None:
    """A real runtime runs several invocations at the same time, and more of them in turn."""
    async with serve(image, file, code) as api:
        for room in ("one", "two"):
            await together(api, room, WORKERS)


@pytest.mark.parametrize(("image", "file", "code"), RUNTIMES)
async def test_invocation_that_takes_too_long(
    serve: Serve, image: str, file: str, code: str
) -> None:
    """After its time an invocation is given up, and its worker takes the next one when it is done."""
    async with serve(image, file, code) as api:
        late = deliver(api, "late", {"room": "slow", "together": 2})
        await together(api, "fast", WORKERS - 1)
        api.expire(late)
        await together(api, "slow", 1)  # with it there are two, so that the late one goes on
        await together(api, "all", WORKERS)
        assert not late.answer.done()


async def test_worker_that_crashes(serve: Serve) -> None:
    """The other processes of a runtime survive one that crashes."""
    async with serve("python:3.13", "app.py", PYTHON) as api:
        lost = deliver(api, "lost", {"crash": True})
        await together(api, "rest", WORKERS - 1)
        await together(api, "again", WORKERS - 1)
        assert not lost.answer.done()


@pytest.mark.parametrize(
    ("image", "file", "kind"),
    [
        pytest.param("python:3.13", "app.py", "Runtime.ImportModuleError", id="python"),
        pytest.param("nodejs:24", "app.mjs", "Error", id="nodejs"),
    ],
)
async def test_module_that_cannot_be_loaded(serve: Serve, image: str, file: str, kind: str) -> None:
    """All workers report that they cannot load the function; the first report ends Init."""
    broken = {"app.py": "import missing", "app.mjs": 'throw new Error("missing");'}
    async with serve(image, file, broken[file]) as api:
        failure = api.initialised.result().failure
    assert failure is not None
    assert failure.error is not None
    assert (failure.error.type, "missing" in failure.error.message) == (kind, True)
