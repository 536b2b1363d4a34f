from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import docker
import docker.errors
import pytest

from runtimes.images.engine import Engine
from samlocal.data import data_folder
from samlocal.runtimes import find_runtime
from tests.docker import build_cache
from tests.docker.fixtures import STAND_INS
from tests.docker.one_event import FUNCTION_ARN, REQUEST_ID, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.docker.fixtures import SampleApp
    from tests.docker.registry import Registry

    StandIn = Callable[[str], str]

_CHECKOUT = Path(__file__).parents[2]
_FUNCTIONS = _CHECKOUT / "tests" / "projects" / "runtime-paths"
_LAYER = _FUNCTIONS / "layer"
_LIBRARY_FOLDERS = (
    *("/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib"),
    *("/var/task", "/var/task/lib", "/opt/lib"),
)

# What Lambda sets and the clients insist on.
_ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "Sample",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Sample",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
}

_JAVA = ["java:17", "java:21"]
_LANGUAGES = [
    "python:3.11",
    "python:3.13",
    "nodejs:20",
    "nodejs:22",
    "nodejs:24",
    "ruby:3.3",
]  # whose functions need no compiler
every_image = pytest.mark.parametrize("image", [*_LANGUAGES, *_JAVA, "provided:al2023"])


class Invoke:
    """Runs a function's folder in a stand-in image for one event, as Lambda would."""

    def __init__(self, engine: docker.APIClient, gateway: str) -> None:
        self._engine = engine
        self._gateway = gateway

    def __call__(
        self,
        image: str,
        code: Path,
        handler: str,
        *,
        event: object = None,
        env: Mapping[str, str] | None = None,
        entrypoint: str | None = None,
        layer: Path = _LAYER,
        outcome: str = "response",
    ) -> dict[str, Any]:
        """The function's result or error, a JSON object. Its container is gone afterwards."""
        with serve(self._gateway, event) as api:
            known = {**_ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": api.address, "_HANDLER": handler}
            container = self._engine.create_container(
                image,
                command=None if entrypoint else [handler],
                entrypoint=entrypoint,
                environment=known | dict(env or {}),
                host_config=self._engine.create_host_config(
                    binds=[f"{code}:/var/task:ro", f"{layer}:/opt:ro"]
                ),
            )
            with _started(self._engine, container):
                actual, result = api.answer.result(timeout=30)
        assert actual == outcome, result
        return cast("dict[str, Any]", result)


@pytest.fixture
def invoke(engine: docker.APIClient, gateway: str) -> Invoke:
    return Invoke(engine, gateway)


@contextmanager
def _started(engine: docker.APIClient, container: dict[str, Any]) -> Iterator[str]:
    """Starts a created container, and removes it in the end."""
    identifier: str = container["Id"]
    try:
        engine.start(identifier)
        yield identifier
    finally:
        # In one call Podman fails where the container ends by itself at that moment.
        with suppress(docker.errors.APIError):
            engine.kill(identifier)
        engine.wait(identifier)
        engine.remove_container(identifier, force=True)


def _run(engine: docker.APIClient, image: str, command: list[str] | None) -> tuple[int, str]:
    """The exit status and the output of that command, or of the image's entry point."""
    container = engine.create_container(image, entrypoint=command)
    with _started(engine, container) as identifier:
        status: int = engine.wait(identifier)["StatusCode"]
        output: bytes = engine.logs(identifier)
    return status, output.decode()


def _config(engine: docker.APIClient, image: str) -> dict[str, Any]:
    facts: dict[str, Any] = engine.inspect_image(image)  # type: ignore[no-untyped-call]  # docker's
    return cast("dict[str, Any]", facts["Config"])


@every_image
def test_the_layout_is_the_official_one(
    engine: docker.APIClient, stand_in: StandIn, image: str
) -> None:
    """Entry point, working directory and environment are those of AWS's images."""
    config = _config(engine, stand_in(image))
    assert config["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert config["WorkingDir"] == "/var/task"
    assert not config["Cmd"]
    assert set(config["Env"]) == {
        "LANG=en_US.UTF-8",
        "TZ=:/etc/localtime",
        "PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        f"LD_LIBRARY_PATH={':'.join(_LIBRARY_FOLDERS)}",
        "LAMBDA_TASK_ROOT=/var/task",
        "LAMBDA_RUNTIME_DIR=/var/runtime",
    }


@every_image
def test_no_container_inherits_a_label_that_samlocal_sweeps_by(
    engine: docker.APIClient, stand_in: StandIn, image: str
) -> None:
    """An image carries the digest of its recipe, and none of the labels of samlocal's containers."""
    labels = _config(engine, stand_in(image))["Labels"]
    assert labels.keys() == {"samlocal.image.digest", "org.opencontainers.image.title"}


@every_image
def test_a_shell_and_curl_are_there_and_the_locale_is_known(
    engine: docker.APIClient, stand_in: StandIn, image: str
) -> None:
    """A bootstrap in shell has the same tools as in AWS."""
    command = ["bash", "-c", "set -eu; curl --version >/dev/null; locale -a; cd /opt"]
    status, output = _run(engine, stand_in(image), command)
    assert status == 0, output
    assert "en_US.utf8" in output.split()


@pytest.mark.parametrize(
    ("image", "there"), [("python:3.11", True), ("java:17", True), ("provided:al2023", False)]
)
def test_only_a_language_brings_a_bootstrap(
    engine: docker.APIClient, stand_in: StandIn, image: str, *, there: bool
) -> None:
    """A managed runtime starts from /var/runtime/bootstrap, an OS-only one has none."""
    status, _ = _run(engine, stand_in(image), ["test", "-x", "/var/runtime/bootstrap"])
    assert (status == 0) is there


@pytest.mark.parametrize("image", _LANGUAGES)
def test_a_language_runs_a_function(invoke: Invoke, stand_in: StandIn, image: str) -> None:
    """The client gets the event, calls the handler with a context, and posts the result."""
    code = _FUNCTIONS / image.partition(":")[0]
    result = invoke(stand_in(image), code, "app.handler", event={"message": "hey"})
    assert result["event"] == {"message": "hey"}
    assert result["context"] == ["Sample", REQUEST_ID, FUNCTION_ARN]


@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_python_finds_modules_where_lambda_does(
    invoke: Invoke, stand_in: StandIn, version: str
) -> None:
    """The function comes first, then its layers, then what the runtime brings, the SDK among it."""
    result = invoke(stand_in(f"python:{version}"), _FUNCTIONS / "python", "app.handler")
    site_packages = f"/opt/python/lib/python{version}/site-packages"
    assert result["path"] == ["/var/task", site_packages, "/opt/python", "/var/runtime"]
    assert result["layer"] == ["from /opt/python", "from /opt/python/lib"]
    assert result["sdk"] == "boto3"


@pytest.mark.parametrize("version", ["20", "22", "24"])
def test_nodejs_finds_modules_where_lambda_does(
    invoke: Invoke, stand_in: StandIn, version: str
) -> None:
    """A layer's modules are found, those for this version of Node.js before those for any."""
    result = invoke(stand_in(f"nodejs:{version}"), _FUNCTIONS / "nodejs", "app.handler")
    assert result["layer"] == ["from /opt/nodejs"]
    assert result["path"] == [
        f"/opt/nodejs/node{version}/node_modules",
        "/opt/nodejs/node_modules",
        "/var/runtime/node_modules",
        "/var/runtime",
        "/var/task",
    ]


def test_ruby_finds_files_and_gems_where_lambda_does(invoke: Invoke, stand_in: StandIn) -> None:
    """The function's files come first; layers bring files and gems; Ruby's own gems are still there."""
    result = invoke(stand_in("ruby:3.3"), _FUNCTIONS / "ruby", "app.handler")
    assert result["path"] == ["/var/task", "/var/runtime/lib", "/opt/ruby/lib"]
    assert result["layer"] == ["from /opt/ruby/lib", "from /opt/ruby/gems"]
    assert result["debugger"] == 1


def test_ruby_gives_the_whole_context(invoke: Invoke, stand_in: StandIn) -> None:
    """The client of the stand-in, which is not AWS's, has every attribute that AWS documents."""
    result = invoke(stand_in("ruby:3.3"), _FUNCTIONS / "ruby", "app.handler")
    assert result["everything"] == [
        *("$LATEST", "128", "/aws/lambda/Sample", "stream", None, None, True, True),
        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
    ]


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        pytest.param("app.App.of_a_class", {"class": "App", "event": [1]}, id="class method"),
        pytest.param("app.bytes", {"raw": True}, id="stream"),
    ],
)
def test_ruby_handlers_have_every_form(
    invoke: Invoke, stand_in: StandIn, handler: str, expected: dict[str, Any]
) -> None:
    """A handler may be a method of a class, and may return a stream that is passed on as it is."""
    code = _FUNCTIONS / "ruby"
    assert invoke(stand_in("ruby:3.3"), code, handler, event=[1]) == expected


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        pytest.param("app.raises", "Function<ArgumentError>", "no stars", id="error"),
        pytest.param("app.raises_its_own", "Function<NoStars>", "no stars", id="own class"),
        pytest.param("app.leaves", "Function<SystemExit>", "exit", id="exit"),
        pytest.param("absent.handler", "Init<LoadError>", "cannot load such file", id="no file"),
        pytest.param("app", "Init<ArgumentError>", "Invalid handler app", id="no method"),
    ],
)
def test_ruby_reports_errors_as_lambda_does(
    invoke: Invoke, stand_in: StandIn, handler: str, kind: str, message: str
) -> None:
    """An error has the phase and class in its type, and a trace of the function's own lines."""
    error = invoke(stand_in("ruby:3.3"), _FUNCTIONS / "ruby", handler, outcome="error")
    assert error["errorType"] == kind
    assert error["errorMessage"].startswith(message)
    assert all("client.rb" not in line for line in error["stackTrace"])
    assert bool(error["stackTrace"]) is not message.startswith("Invalid")


def test_ruby_s_logger_names_the_request(invoke: Invoke, stand_in: StandIn) -> None:
    """A line of a `Logger` on stdout has Lambda's format, with the request's id."""
    result = invoke(stand_in("ruby:3.3"), _FUNCTIONS / "ruby", "app.logs")
    start, _, rest = result["line"].partition(" #")
    assert start == "I, [1970-01-01T00:00:00.000000"
    assert rest.partition("]")[2] == f"  INFO {REQUEST_ID} -- : hey\n"


def test_ruby_functions_may_marshal_themselves(invoke: Invoke, stand_in: StandIn) -> None:
    """What makes an event of a request and a body of a result can be replaced, as with AWS's client."""
    result = invoke(stand_in("ruby:3.3"), _FUNCTIONS / "ruby", "marshalled.handler", event=[1, 2])
    assert result == {"marshalled": {"size": len("[1, 2]")}}


@pytest.fixture(scope="module")
def java(sample_app: SampleApp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a function in Java in `task`, and in `opt` a layer with one of its classes."""
    folder = tmp_path_factory.mktemp("java")
    shutil.copytree(_LAYER, folder / "opt")
    shutil.copytree(sample_app("hello-java") / "lib", folder / "task" / "lib")
    javac = ["javac", "--release", "17", "-classpath", "layer:task/lib/*"]
    for destination, source in [("layer", "FromLayer"), ("task", "App")]:
        file = _FUNCTIONS / "java" / f"{source}.java"
        build_cache.run([*javac, "-d", destination, file], cwd=folder)
    (folder / "opt" / "java" / "lib").mkdir(parents=True)
    build_cache.run(
        ["jar", "--create", "--file=opt/java/lib/layer.jar", "-C", "layer", "."], cwd=folder
    )
    return folder


@pytest.mark.parametrize("image", _JAVA)
def test_java_runs_a_function(invoke: Invoke, stand_in: StandIn, java: Path, image: str) -> None:
    """The client gets the event, calls the handler with a context, and posts the result."""
    code, layer, event = java / "task", java / "opt", {"message": "hey"}
    result = invoke(stand_in(image), code, "App::handler", layer=layer, event=event)
    assert result["event"] == {"message": "hey"}
    assert result["context"] == ["Sample", REQUEST_ID, FUNCTION_ARN]
    assert result["environment"] == f"AWS_Lambda_{image.replace(':', '')}"


def test_java_finds_classes_where_lambda_does(
    invoke: Invoke, stand_in: StandIn, java: Path
) -> None:
    """Classes of the function come first, then its jars, in their order, then those of its layers."""
    result = invoke(stand_in("java:21"), java / "task", "App::handler", layer=java / "opt")
    assert result["layer"] == "from /opt/java/lib"
    assert result["path"] == [
        "/var/task/",
        "/var/task/lib/aws-lambda-java-core-1.4.0.jar",
        "/var/task/lib/hello-1.jar",
        "/opt/java/lib/layer.jar",
    ]


@pytest.mark.parametrize(
    ("env", "level"),
    [
        pytest.param({}, "1", id="as in Lambda"),
        pytest.param({"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=4"}, "4", id="overruled"),
    ],
)
def test_java_options_of_the_function_overrule_the_runtime_s(
    invoke: Invoke, stand_in: StandIn, java: Path, env: dict[str, str], level: str
) -> None:
    """The compiler stops where it does in Lambda, unless JAVA_TOOL_OPTIONS says otherwise."""
    code, layer = java / "task", java / "opt"
    result = invoke(stand_in("java:17"), code, "App::handler", layer=layer, env=env)
    assert result["tieredStopAtLevel"] == level


def test_a_wrapper_script_gets_the_command_of_java(
    invoke: Invoke, stand_in: StandIn, java: Path
) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER starts Java."""
    code, layer, env = java / "task", java / "opt", {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    result = invoke(stand_in("java:17"), code, "App::handler", layer=layer, env=env)
    assert result["wrapped"] == "/var/lang/bin/java"


@pytest.mark.parametrize(
    ("image", "code", "name", "program"),
    [
        ("python:3.11", "python", "AWS_Lambda_python3.11", "/var/lang/bin/python3.11"),
        ("nodejs:22", "nodejs", "AWS_Lambda_nodejs22.x", "/var/lang/bin/node"),
        ("ruby:3.3", "ruby", "AWS_Lambda_ruby3.3", "/var/lang/bin/ruby"),
    ],
)
def test_a_wrapper_script_gets_the_command(
    invoke: Invoke, stand_in: StandIn, image: str, code: str, name: str, program: str
) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER starts the language in the environment that Lambda names."""
    env = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    result = invoke(stand_in(image), _FUNCTIONS / code, "app.handler", env=env)
    assert (result["environment"], result["wrapped"]) == (name, program)
    assert invoke(stand_in(image), _FUNCTIONS / code, "app.handler")["wrapped"] is None


def test_a_bootstrap_in_shell_is_a_runtime(invoke: Invoke, stand_in: StandIn) -> None:
    """The sample of a custom runtime runs from its own bootstrap."""
    result = invoke(
        stand_in("provided:al2023"),
        data_folder("templates") / "hello-provided" / "src",
        "function.handler",
        event={"name": "shell"},
        env={"GREETING": "Hello"},
        entrypoint=find_runtime("provided.al2023").bootstraps[0],
    )
    assert result == {"greeting": "Hello", "event": {"name": "shell"}, "function": "Sample"}


def test_an_image_without_a_handler_says_so(engine: docker.APIClient, stand_in: StandIn) -> None:
    """The entry point takes the handler as its one argument, and nothing without it."""
    status, output = _run(engine, stand_in("python:3.11"), None)
    assert status == 142
    assert output == "/lambda-entrypoint.sh: the handler is missing, the one argument\n"


def test_images_that_are_up_to_date_are_not_built(machines_engine: docker.APIClient) -> None:
    """A second `make images` builds nothing."""
    command = [sys.executable, "-m", "runtimes.images.build"]
    subprocess.run(command, check=True, cwd=_CHECKOUT)
    before = {image["Id"] for image in machines_engine.images(name=f"{STAND_INS}/*")}
    second = subprocess.run(command, check=True, cwd=_CHECKOUT, capture_output=True, text=True)
    assert second.stderr.startswith(f"The stand-in images are up to date: {STAND_INS}/base:")
    assert before == {image["Id"] for image in machines_engine.images(name=f"{STAND_INS}/*")}


def test_a_registry_gives_back_what_was_pushed(
    machines_engine: docker.APIClient, registry: Registry, built_image: StandIn
) -> None:
    """The registry of the tests is a real one: the engine pulls an image that it no longer has."""
    tag = registry.push(built_image("provided:al2023"), "lambda/provided:al2023")
    assert not machines_engine.images(name=tag)
    assert Engine().why_not_pullable(tag) is None
    machines_engine.pull(tag)
    try:
        assert _config(machines_engine, tag)["Entrypoint"] == ["/lambda-entrypoint.sh"]
    finally:
        machines_engine.remove_image(tag, force=True)


def test_a_stand_in_is_chosen_where_no_registry_answers(machines_engine: docker.APIClient) -> None:
    """A stand-in is used if the registry does not answer, with the engine's reason."""
    assert machines_engine.ping()
    reason = Engine().why_not_pullable("127.0.0.1:1/lambda/python:3.11")
    assert reason
    assert "connection refused" in reason
