"""Web functions from the template to the client: their programs run as processes."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import websocket

from samlocal.execution.fleet import web_program
from samlocal.http_api.app import http_app
from samlocal.http_api.sites import Site
from samlocal.http_api.web_functions.gateway import WebFunctionGateway
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from tests import nodejs
from tests.functional.execution.fakes import RecordingLog
from tests.functional.http_api.process_functions import serve_functions
from tests.functional.http_api.served_apis import PROJECTS
from tests.functional.http_server.serving import served
from tests.unit.preparation.host import RecordingObserver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway
    from samlocal.serving.served_project import ServedProject

_SILENT: Final = "setInterval(() => {}, 1000);"
_SECOND: Final = """
import http from "node:http";
const [host, port] = process.env.AWS_LAMBDA_HTTP_ENDPOINT.split(":");
http.createServer(() => {}).listen(Number(port), host, () => console.log("the second listens"));
"""


class _Served:
    """A web function that is served, what is said about it, and what its program writes."""

    def __init__(self, directory: Path, project: ServedProject) -> None:
        self.directory = directory
        self.project = project
        self.port = 0
        self.said: list[Diagnostic] = []
        self.log = RecordingLog()
        self.observer = RecordingObserver()
        self._clients = ThreadPoolExecutor(16)

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        return await asyncio.get_running_loop().run_in_executor(self._clients, work, *arguments)

    async def fetch(self, target: str, method: str = "GET", body: bytes | None = None) -> Any:  # noqa: ANN401
        """Return status and body of a response."""
        return await self.run(_fetch, self.port, method, target, body)

    async def version(self) -> tuple[int, str]:
        """Return the version of the program that answers, and where it listens."""
        _, body = await self.fetch("/")
        answer = json.loads(body)
        return answer["version"], answer["environment"]["AWS_LAMBDA_HTTP_ENDPOINT"]

    def write(self, old: str, new: str) -> None:
        """Change the program."""
        path = self.directory / "program/server.mjs"
        path.write_text(path.read_text().replace(old, new))

    @property
    def output(self) -> str:
        """What the program has written."""
        return "".join(self.log.entries)

    async def wait_for(self, words: str) -> None:
        """Wait until the program has written this."""
        async with asyncio.timeout(10):
            while words not in self.output:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.02)

    def messages(self) -> list[str]:
        return [each.message for each in self.said]


def _fetch(port: int, method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        connection.request(method, target, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@asynccontextmanager
async def _serve(
    directory: Path, *, watches: bool = False, idle_seconds: float = 300
) -> AsyncIterator[_Served]:
    nodejs.add_to_path()
    shutil.copytree(PROJECTS / "web-function", directory)
    log, observer = RecordingLog(), RecordingObserver()
    async with serve_functions(
        ProjectOptions(region="eu-central-1"),
        directory,
        function=FunctionOptions(reads_credentials=False, variables={"EXTRA": "from --env"}),
        log=log,
        watches=watches,
        observer=observer,
        idle_seconds=idle_seconds,
    ) as project:
        running = _Served(directory, project)
        running.log, running.observer = log, observer
        (web,) = (await project.web_functions()).functions
        gateway = WebFunctionGateway(
            web.api,
            project,
            report=running.said.append,
            timeout_seconds=web.timeout_seconds,
            concurrency=web.concurrency,
        )
        site: Site[Gateway] = Site([(web.api, gateway)])

        async def current() -> Site[Gateway]:
            return site

        app = http_app(current, allowed_hosts=())
        async with served(app, websockets=True) as (_, running.port):
            yield running


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[_Served]:
    async with _serve(tmp_path / "project") as running:
        yield running


async def test_request(site: _Served) -> None:
    """The first request starts the program with the variables of a web function; later ones reach the same."""
    status, body = await site.fetch("/a", "POST", b"some text")
    first = json.loads(body)
    _, body = await site.fetch("/b")
    second = json.loads(body)
    assert status == 200
    assert (first["method"], first["body"]) == ("POST", "some text")
    assert (first["requests"], second["requests"]) == (1, 2)
    variables = first["environment"]
    assert (variables["COLOUR"], variables["EXTRA"]) == ("blue", "from --env")
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "native-http"
    assert variables["AWS_LAMBDA_HTTP_ENDPOINT"].startswith("127.0.0.1:")
    assert variables["AWS_REGION"] == "eu-central-1"
    assert not {"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME", "PORT"} & set(variables)
    assert not site.said
    await site.wait_for("listening\nPOST /a\nGET /b\n")


async def test_requests_at_once(site: _Served) -> None:
    """Requests at the same time start one program, and run in it at the same time."""
    answers = await asyncio.gather(*(site.fetch("/slow") for _ in range(8)))
    assert sorted(json.loads(body)["requests"] for _, body in answers) == [8] * 8


async def test_stream(site: _Served) -> None:
    """Parts of a response reach the client as the program writes them."""
    await site.fetch("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for number in range(3):
        await reader.readuntil(f"part {number}\n".encode())
        await site.fetch("/next")  # it writes no more before
    assert await reader.readuntil(b"\r\n0\r\n\r\n")
    writer.close()


async def test_crash(site: _Served) -> None:
    """A program that ends during a request is a 502; the next request starts it again."""
    before = await site.version()
    assert await site.fetch("/exit") == (502, b"Internal Server Error")
    assert await site.version() != before
    assert "the program failed: it closed the connection" in site.messages()[0]
    assert "the program exited with status 3" in site.log.entries


async def test_crash_between_requests(site: _Served) -> None:
    """A program that ends between two requests is started again, and nobody notices."""
    _, first = await site.version()
    assert (await site.fetch("/exit-later"))[0] == 200
    await asyncio.sleep(0.5)
    _, second = await site.version()
    assert first != second
    assert not site.said


@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        pytest.param(
            "console.error('no database'); process.exit(7);",
            502,
            "the program exited with status 7 before it listened at `127.0.0.1:",
            id="exits",
        ),
        pytest.param(_SILENT, 504, "after 1 seconds", id="does-not-listen"),
    ],
)
async def test_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, status: int, said: str
) -> None:
    """A program that ends or does not listen in time is an error that names the address; each request tries again."""
    monkeypatch.setattr(web_program, "INIT_SECONDS", 1.0)
    async with _serve(tmp_path / "project") as site:
        (site.directory / "program/server.mjs").write_text(program)
        assert (await site.fetch("/"))[0] == status
        assert (await site.fetch("/"))[0] == status
        assert said in site.messages()[0]
        if status == 504:
            assert "`AWS_LAMBDA_HTTP_ENDPOINT`" in (site.said[0].hint or "")
        else:
            assert "no database" in site.output


async def test_missing_program(tmp_path: Path) -> None:
    """A program that the code does not have is named with its place."""
    async with _serve(tmp_path / "project") as site:
        (site.directory / "program/server.mjs").unlink()
        assert (await site.fetch("/"))[0] == 502
        (said,) = site.said
        assert "has no `server.mjs`, the entry point of `Site`" in said.message
        assert said.place


async def test_change(tmp_path: Path) -> None:
    """A change of the code replaces the program; one of something else does not."""
    async with _serve(tmp_path / "project", watches=True) as site:
        assert (await site.version())[0] == 1
        site.write("version: 1", "version: 2")
        async with asyncio.timeout(20):
            while (await site.version())[0] != 2:  # noqa: ASYNC110  # the watcher needs a moment
                await asyncio.sleep(0.1)
        _, endpoint = await site.version()
        assert any("has changed" in each for each in site.observer.statuses)
        template = site.directory / "template.yaml"
        template.write_text(template.read_text() + "# a comment\n")
        await asyncio.sleep(1)
        assert await site.version() == (2, endpoint)


async def test_change_during_a_start(tmp_path: Path) -> None:
    """A request for a program that is replaced while it starts gets the answer of the next one."""
    async with _serve(tmp_path / "project", watches=True) as site:
        program = site.directory / "program/server.mjs"
        working = program.read_text()
        program.write_text(f"console.log('started');{_SILENT}")
        asking = asyncio.create_task(site.fetch("/"))
        await site.wait_for("started")
        program.write_text(working.replace("version: 1", "version: 2"))
        status, body = await asking
        assert status == 200, site.messages()
        assert json.loads(body)["version"] == 2
        assert not site.said


async def test_idle(tmp_path: Path) -> None:
    """A program without requests ends after the idle time."""
    async with _serve(tmp_path / "project", idle_seconds=0.3) as site:
        _, first = await site.version()
        async with asyncio.timeout(10):
            while _is_running(first):  # noqa: ASYNC110  # it ends by itself
                await asyncio.sleep(0.05)
        assert (await site.version())[1] != first


async def test_end(tmp_path: Path) -> None:
    """No program outlives what serves it."""
    async with _serve(tmp_path / "project") as site:
        _, endpoint = await site.version()
        assert _is_running(endpoint)
    assert not _is_running(endpoint)


async def test_warm_up(site: _Served) -> None:
    """Programs can be started before the first request."""
    assert await site.project.warm_up()
    await site.wait_for("listening")


async def test_warm_up_after_changes(tmp_path: Path) -> None:
    """A web function that comes with a change of the template is started, too; one that goes is not missed."""
    async with _serve(tmp_path / "project", watches=True) as site:
        assert await site.project.warm_up()
        template = site.directory / "template.yaml"
        before = template.read_text()
        (site.directory / "program/second.mjs").write_text(_SECOND)
        second = before.replace("server.mjs", "second.mjs").partition("  Site:")[2]
        template.write_text(f"{before}  Second:{second}")
        await site.wait_for("the second listens")
        template.write_text(before)
        async with asyncio.timeout(20):
            while len((await site.project.web_functions()).functions) > 1:  # noqa: ASYNC110  # the watcher needs a moment
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.2)
        template.write_text(f"{before}  Second:{second}")
        async with asyncio.timeout(20):
            while site.output.count("the second listens") < 2:  # noqa: ASYNC110  # same
                await asyncio.sleep(0.05)
        assert not [each for each in site.observer.messages if "cannot run" in each]


async def test_change_during_warm_up(tmp_path: Path) -> None:
    """A program that is replaced while it starts ahead is started in its new version."""
    async with _serve(tmp_path / "project", watches=True) as site:
        program = site.directory / "program/server.mjs"
        working = program.read_text()
        program.write_text(f"console.log('started');{_SILENT}")
        starting = asyncio.create_task(site.project.warm_up())
        await site.wait_for("started")
        program.write_text(working)
        assert await starting
        assert "listening" in site.output


async def test_end_during_warm_up(tmp_path: Path) -> None:
    """A program that is ended while it starts is no error, as one that is replaced."""
    async with _serve(tmp_path / "project") as site:
        silent = f"console.log('started');{_SILENT}"
        (site.directory / "program/server.mjs").write_text(silent)
        starting = asyncio.create_task(site.project.warm_up())
        await site.wait_for("started")
    assert not await starting
    assert not [each for each in site.observer.messages if "cannot run" in each]


def _is_running(endpoint: str) -> bool:
    """Return whether a program lives that was told to listen there."""
    variable = f"AWS_LAMBDA_HTTP_ENDPOINT={endpoint}".encode()
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable in each.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def _connect(site: _Served, path: str = "/chat") -> websocket.WebSocket:
    return websocket.create_connection(
        f"ws://127.0.0.1:{site.port}{path}", timeout=20, subprotocols=["chat"]
    )


async def test_websocket(site: _Served) -> None:
    """Messages of a WebSocket reach the program, and its messages the client; so does what closes it."""

    def talk() -> tuple[Any, ...]:
        client = _connect(site)
        heads = client.headers["x-own"], client.getsubprotocol()
        client.send("grüße")
        text = client.recv()
        client.send_binary(b"\x00\xff")
        content = client.recv()
        client.ping("x")
        client.send("close")
        opcode, data = client.recv_data()
        while opcode != websocket.ABNF.OPCODE_CLOSE:
            opcode, data = client.recv_data()
        client.shutdown()  # type: ignore[no-untyped-call]
        return *heads, text, content, int.from_bytes(data[:2], "big")

    assert await site.run(talk) == ("yes", "chat", "grüße", b"\x00\xff", 4000)
    assert not site.said


async def test_client_closes_websocket(site: _Served) -> None:
    """The code with which a client closes its WebSocket reaches the program."""

    def talk() -> None:
        client = _connect(site)
        client.send("hello")
        client.recv()
        client.close(status=4123)
        client.shutdown()  # type: ignore[no-untyped-call]

    await site.run(talk)
    await site.wait_for("closed with 4123")


def _refusal(site: _Served, path: str = "/chat") -> tuple[int, bytes, str | None]:
    """Return the response to a request for a WebSocket, and its header `X-Own`."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=40)
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    try:
        connection.request("GET", path, headers=asked)
        response = connection.getresponse()
        return response.status, response.read(), response.getheader("x-own")
    finally:
        connection.close()


async def test_refused_websocket(site: _Served) -> None:
    """A response of the program to a request for a WebSocket is the client's response."""
    assert await site.run(_refusal, site, "/refused") == (401, b"nope", "yes")


async def test_crash_with_websocket(site: _Served) -> None:
    """A program that ends closes the WebSockets of its clients, as one that goes away."""

    def talk() -> int:
        client = _connect(site)
        client.send("exit")
        opcode, data = client.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE
        client.shutdown()  # type: ignore[no-untyped-call]
        return int.from_bytes(data[:2], "big")

    assert await site.run(talk) == 1001


async def test_websocket_and_change(tmp_path: Path) -> None:
    """A WebSocket does not keep an old program alive: clients that connect again reach the new one."""
    async with _serve(tmp_path / "project", watches=True) as site:
        client = await site.run(_connect, site)
        site.write("version: 1", "version: 2")
        opcode, _ = await site.run(client.recv_data)
        assert opcode == websocket.ABNF.OPCODE_CLOSE
        assert (await site.version())[0] == 2
        client.shutdown()


async def test_websocket_without_program(tmp_path: Path) -> None:
    """A client that asks for a WebSocket learns that the program does not run."""
    async with _serve(tmp_path / "project") as site:
        (site.directory / "program/server.mjs").write_text("process.exit(7);")
        assert await site.run(_refusal, site) == (502, b"Internal Server Error", None)
        assert "status 7" in site.messages()[0]


async def test_many_messages(site: _Served) -> None:
    """Messages that cross the end of a WebSocket do no harm, and all before it arrive in their order."""

    def talk() -> tuple[list[Any], int]:
        client = _connect(site)
        for number in range(200):
            client.send(str(number))
        client.send("close")
        try:
            for number in range(200):
                client.send(str(number))
        except OSError:  # it is closed already
            pass
        answers, code = [], 0
        while not code:
            opcode, data = client.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                code = int.from_bytes(data[:2], "big")
            else:
                answers.append(int(data))
        client.shutdown()  # type: ignore[no-untyped-call]
        return answers, code

    answers, code = await site.run(talk)
    assert answers[:200] == list(range(200))
    assert code == 4000
    assert (await site.fetch("/"))[0] == 200
    assert not site.said


async def test_number_of_web_functions(tmp_path: Path) -> None:
    """After a change of the template the number is known, before they are read again: it decides names in logs."""
    async with _serve(tmp_path / "project", watches=True) as site:
        template = site.directory / "template.yaml"
        revision = site.project.revision
        template.write_text(template.read_text() + "# changed\n")
        async with asyncio.timeout(10):
            while site.project.revision == revision:  # noqa: ASYNC110  # of a thread
                await asyncio.sleep(0.02)
        assert site.project.web_function_count == 1
