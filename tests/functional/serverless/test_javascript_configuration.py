"""Configurations in JavaScript and TypeScript, read by real versions of Node.js."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store, cache_folder
from samlocal.documents.read_files import recorded_files
from samlocal.errors import Place, SamlocalError, TemplateNotFoundError
from samlocal.serverless.configuration import read_configuration

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file into the directory of the service."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture(scope="session")
def node_22() -> str:
    """Return the directory of a Node.js that reads TypeScript itself."""
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    store = Store(cache_folder())
    with store.alone():
        return str(ingredients.nodejs(store, client.version) / "bin")


def read(path: Path) -> object:
    return read_configuration(path).root.plain()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("serverless.js", "module.exports = {service: 'x'}"),
        ("serverless.cjs", "module.exports = Promise.resolve({service: 'x'})"),
        ("serverless.js", "module.exports = async () => ({service: 'x'})"),
        ("serverless.mjs", "export default {service: 'x'}"),
        ("serverless.mjs", "const service = await 'x'; export default async () => ({service})"),
        ("serverless.js", "exports.__esModule = true; exports.default = {service: 'x'}"),
    ],
)
def test_every_way_to_export(write: Callable[[str, str], Path], name: str, text: str) -> None:
    """An export is an object, a promise or a function; a default export counts."""
    assert read(write(name, text)) == {"service": "x"}


def test_a_package_of_modules(write: Callable[[str, str], Path]) -> None:
    """A `.js` file is a module if its package says so."""
    write("package.json", '{"type": "module"}')
    assert read(write("serverless.js", "export default {service: 'x'}")) == {"service": "x"}


def test_values_are_those_of_json(write: Callable[[str, str], Path]) -> None:
    """Members that are undefined vanish, dates are ISO texts, and numbers have JavaScript's text."""
    path = write(
        "serverless.js",
        "module.exports = {a: undefined, b: new Date(0), c: 1.0, d: 1e-7, e: [12345678901234567890]}",
    )
    root = read_configuration(path).root
    assert root.plain() == {
        "b": "1970-01-01T00:00:00.000Z",
        "c": 1,
        "d": 1e-7,
        "e": [12345678901234567000],
    }
    small = root.get("d")
    assert small is not None
    assert (small.optional_text(), small.place) == ("1e-7", Place(path, 1, 1))


def test_output_goes_to_stderr(
    write: Callable[[str, str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """What a configuration prints is neither part of it nor of stdout."""
    path = write("serverless.js", "console.log('loud'); module.exports = {cwd: process.cwd()}")
    assert read(path) == {"cwd": str(path.parent)}
    assert capfd.readouterr() == ("", "loud\n")


def test_files_are_recorded(write: Callable[[str, str], Path]) -> None:
    """The files that a configuration requires are known to whoever watches the project."""
    part = write("part.js", "module.exports = 'x'")
    path = write("serverless.js", "module.exports = {service: require('./part')}")
    with recorded_files() as files:
        read(path)
    assert files == {path, part}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        pytest.param(
            "const a = 1;\nthrow new TypeError('no token')",
            "`serverless.js` throws: TypeError: no token",
            2,
            id="throws",
        ),
        pytest.param(
            "\nmodule.exports = Promise.reject('no network')",
            "`serverless.js` throws: no network",
            1,
            id="rejects with text",
        ),
        pytest.param(
            "module.exports = {\n  a: 1,\n  b: ]\n}",
            "`serverless.js` throws: SyntaxError: Unexpected token ']'",
            3,
            id="syntax",
        ),
        pytest.param(
            "module.exports = [1]",
            "the configuration of a service must be a mapping, not a list",
            1,
            id="a list",
        ),
        pytest.param(
            "module.exports = undefined",
            "the configuration of the service is empty",
            1,
            id="nothing",
        ),
    ],
)
def test_errors_have_places(
    write: Callable[[str, str], Path], text: str, message: str, line: int
) -> None:
    """An error has the message of JavaScript and the line of the file."""
    path = write("serverless.js", text)
    with pytest.raises(SamlocalError) as caught:
        read(path)
    assert caught.value.message == message
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == (path, line)


def test_errors_of_required_files(write: Callable[[str, str], Path]) -> None:
    """The place of an error is the file that throws."""
    part = write("part.js", "\n\nthrow new Error('broken')")
    path = write("serverless.js", "module.exports = {service: require('./part')}")
    with pytest.raises(SamlocalError, match=r"`serverless\.js` throws: broken") as caught:
        read(path)
    assert caught.value.place == Place(part, 3, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("process.exit(3)", "ended Node.js with exit code 3"),
        ("process.kill(process.pid, 'SIGKILL')", "ended Node.js with signal 9"),
        ("module.exports = new Promise(() => {})", "a promise that is never resolved"),
        (
            "module.exports = new Promise(() => {}); setTimeout(() => 0, 50)",
            "a promise that is never resolved",
        ),
        ("const a = {}; module.exports = {a}; a.a = a", "Converting circular structure to JSON"),
        ("module.exports = {a: 1n}", "Do not know how to serialize a BigInt"),
    ],
)
def test_no_configuration(write: Callable[[str, str], Path], text: str, message: str) -> None:
    """What is not data, or ends Node.js, is an error."""
    with pytest.raises(SamlocalError) as caught:
        read(write("serverless.js", text))
    assert message in caught.value.message


def test_texts_that_are_not_unicode(write: Callable[[str, str], Path]) -> None:
    """Half of a surrogate pair becomes a replacement character; a backslash before `u` stays one."""
    text = r"module.exports = {a: '\ud83d', b: '\ud83d\ude00', c: '\\ud83d', d: '\\\ud83d\ud83d'}"
    assert read(write("serverless.js", text)) == {
        "a": "\ufffd",
        "b": "\U0001f600",
        "c": r"\ud83d",
        "d": "\\\ufffd\ufffd",
    }


def test_node_that_does_not_start(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Node.js that refuses its options is an error."""
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    with pytest.raises(SamlocalError, match=r"ended Node\.js with exit code 9"):
        read(write("serverless.js", "module.exports = {}"))


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that does not exist is an error of its own, without Node.js."""
    with pytest.raises(TemplateNotFoundError, match="no configuration at"):
        read(tmp_path / "serverless.js")


def test_no_node(write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node.js the error says that it is needed."""
    path = write("serverless.js", "module.exports = {}")
    monkeypatch.setenv("PATH", str(path.parent))
    with pytest.raises(SamlocalError, match=r"Node\.js is not installed") as caught:
        read(path)
    assert caught.value.hint is not None
    assert "https://nodejs.org" in caught.value.hint


def test_an_old_node(write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node.js that is too old is named with its version, and with the one that is needed."""
    real = shutil.which("node")
    old = write("old.js", "Object.defineProperty(process.versions, 'node', {value: '12.22.12'})")
    program = write("bin/node", f'#!/bin/sh\nexec "{real}" --require "{old}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SamlocalError, match=r"Node\.js 12\.22\.12 is too old") as caught:
        read(write("serverless.js", "module.exports = {}"))
    assert caught.value.hint == "install Node.js 14 or newer, or put it first on the PATH"


TYPESCRIPT = """\
import type { AWS } from '@serverless/typescript';

enum Size { Small = 128 }
const configuration: AWS = { service: 'x', provider: { memorySize: Size.Small } };
"""


@pytest.mark.parametrize("ending", ["export default", "module.exports ="])
def test_typescript(
    write: Callable[[str, str], Path],
    node_22: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    ending: str,
) -> None:
    """A Node.js that reads TypeScript needs nothing else, and prints no warning."""
    monkeypatch.setenv("PATH", f"{node_22}{os.pathsep}{os.environ['PATH']}")
    text = TYPESCRIPT if ending == "export default" else TYPESCRIPT.partition("\n")[2]
    path = write("serverless.ts", f"{text}{ending} configuration;\n")
    assert read(path) == {"service": "x", "provider": {"memorySize": 128}}
    assert capfd.readouterr() == ("", "")


def test_typescript_through_a_compiler_of_the_service(write: Callable[[str, str], Path]) -> None:
    """A compiler that the service has installed comes first."""
    write("node_modules/ts-node/package.json", '{"name": "ts-node", "main": "main.js"}')
    write(
        "node_modules/ts-node/main.js",
        """\
exports.register = () => {
  require.extensions['.ts'] = (module, name) =>
    module._compile(require('fs').readFileSync(name, 'utf8').replace(': Text', ''), name);
};
""",
    )
    path = write("serverless.ts", "const service: Text = 'x';\nmodule.exports = {service};\n")
    assert read(path) == {"service": "x"}


def test_typescript_that_nothing_reads(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a compiler, an older Node.js is named, and what can be installed."""
    real = shutil.which("node")
    old = write(
        "old.js",
        "Object.defineProperty(process.versions, 'node', {value: '20.20.2'});\n"
        "Object.defineProperty(process.features, 'typescript', {value: false});\n"
        "Object.defineProperty(process, 'allowedNodeEnvironmentFlags', {value: new Set()});\n",
    )
    program = write("bin/node", f'#!/bin/sh\nexec "{real}" --require "{old}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    with pytest.raises(SamlocalError) as caught:
        read(write("serverless.ts", "export default {service: 'x'}"))
    assert caught.value.message == "Node.js 20.20.2 does not read TypeScript"
    assert caught.value.hint is not None
    assert "npm install --save-dev tsx" in caught.value.hint


def test_the_words_of_the_command(write: Callable[[str, str], Path]) -> None:
    """A configuration sees the words of the command where Serverless has them."""
    path = write(
        "serverless.js", "console.log(JSON.stringify(process.argv.slice(1))); module.exports = {}"
    )
    done = subprocess.run(
        [sys.executable, "-m", "samlocal", "validate", "--stage", "prod"],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith('["serverless","validate","--stage","prod"]\n')


HANGS = """\
const child = require('child_process').spawn('sleep', ['1000']);
console.log(process.pid, child.pid);
for (;;);
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_configuration_that_hangs(
    write: Callable[[str, str], Path], number: signal.Signals
) -> None:
    """A configuration that never ends, and the programs that it started, end with the command."""
    path = write("serverless.js", HANGS)
    with subprocess.Popen(
        [sys.executable, "-m", "samlocal", "validate"],
        cwd=path.parent,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            assert command.stderr is not None
            pids = [int(word) for word in command.stderr.readline().split()]
            assert len(pids) == 2
            command.send_signal(number)
            command.wait()
        finally:
            command.kill()
    assert number == signal.SIGKILL or not _runs(pids[0])
    deadline = time.monotonic() + 60
    while any(map(_runs, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_process_outlives_a_command(write: Callable[[str, str], Path]) -> None:
    """The process that runs the files of variables ends before the command does."""
    write("pid.js", "console.log(process.pid); module.exports = 'x'")
    path = write(
        "serverless.yml",
        "service: ${file(pid.js)}\nprovider: {name: aws, runtime: python3.12}\nfunctions: {}\n",
    )
    done = subprocess.run(
        [sys.executable, "-m", "samlocal", "validate"],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not _runs(int(done.stderr.split()[0]))


def _runs(pid: int) -> bool:
    """Tell whether a process is there, and not only its entry for whoever has adopted it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return not text.rpartition(")")[2].startswith(" Z")
