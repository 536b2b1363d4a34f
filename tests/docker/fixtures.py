"""Fixtures of tests with a real engine. With CI=true nothing is skipped: a missing requirement fails."""

from __future__ import annotations

import shutil
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import docker
import docker.errors
import pytest
from docker.utils import kwargs_from_env

from tests.docker import apps, aws_clients, podman_engine, real_programs
from tests.docker.aws_clients import AwsCommand, JavaScriptClient
from tests.docker.build_cache import NoCompilerError
from tests.docker.built_images import remove_built_images
from tests.docker.command import CHECKOUT, DIRECT, Samlocal
from tests.docker.endpoint import serving
from tests.docker.leftovers import leftovers
from tests.docker.registry import Registry, serve
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.docker.endpoint import Endpoint
    from tests.docker.podman_engine import Podman

_SECONDS_TO_COMPILE = 900
# The first test on an engine of the tests' own waits for its images.
_SECONDS_TO_FILL = 400

STAND_INS = "localhost/samlocal"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests with a registry in one worker, so that only one registry is started and filled.

    The same with Podman, and with the server of the Lambda API that clients call. Tests of a sample app
    have the time that it takes to fetch and compile all that it needs, and so have those of public clients.
    """
    for item in items:
        if isinstance(item, pytest.Function) and _is_in(item, "docker", "conformance"):
            if "registry" in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group("registry"))
            elif _runs_on_podman(item):
                item.add_marker(pytest.mark.xdist_group("podman"))
                item.add_marker(pytest.mark.timeout(_SECONDS_TO_FILL))
            elif "lambda_server" in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group("lambda_server"))
            if {"sample_app", "programs", "aws", "javascript"} & set(item.fixturenames):
                item.add_marker(pytest.mark.timeout(_SECONDS_TO_COMPILE))


def _is_in(item: pytest.Item, *folders: str) -> bool:
    """Return whether a test is in one of the folders of `tests`; a plugin is asked for all tests."""
    tests = Path(__file__).parents[1]
    return any(tests / each in item.path.parents for each in folders)


def _runs_on_podman(item: pytest.Function) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and any(
        callspec.params.get(each) == "podman" for each in ("engine", "sandbox")
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of an engine on all that `--engines` names, else those that the module's `ENGINES` has."""
    engines = metafunc.config.getoption("engines")
    if not (engines or metafunc.definition.get_closest_marker("any_engine")):
        engines = getattr(metafunc.module, "ENGINES", None)
    if engines and "engine" in metafunc.fixturenames and _is_in(metafunc.definition, "docker"):
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """A separate Podman for the tests, without images."""
    if not podman_engine.can_run():
        missing("Podman needs root, and Debian's packages podman, netavark and uidmap")
    with podman_engine.serve() as running:
        yield running


@pytest.fixture(scope="session")
def engine_variables(
    request: pytest.FixtureRequest, engine: docker.APIClient, machines_engine: docker.APIClient
) -> dict[str, str]:
    """Return the variables that select the engine for a command."""
    return {} if engine is machines_engine else {"DOCKER_HOST": _podman(request).address}


def _podman(request: pytest.FixtureRequest) -> Podman:
    running: Podman = request.getfixturevalue("podman")
    return running


@pytest.fixture(scope="session")
def machines_engine() -> Iterator[docker.APIClient]:
    """The engine that `.ci/engine` started, or any other. It has the images for all engines of the tests."""
    try:
        client = docker.APIClient(version="auto", **kwargs_from_env())
    except docker.errors.DockerException as problem:
        missing(f"no container engine answers (.ci/engine starts one): {problem}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[docker.APIClient]:
    """The machine's engine, or Podman where the test runs on that."""
    name = getattr(request, "param", "docker")
    if name == "docker":
        yield request.getfixturevalue("machines_engine")
    elif name == "podman":
        with closing(docker.APIClient(base_url=_podman(request).address, version="auto")) as client:
            yield client
    else:
        pytest.fail(f"no engine `{name}`: there are docker and podman")


@pytest.fixture(scope="session")
def on_podman(engine: docker.APIClient) -> bool:
    """Whether the engine is Podman, whose messages differ."""
    return "Podman" in engine.version()["Components"][0]["Name"]


@pytest.fixture(scope="session")
def built_image(machines_engine: docker.APIClient) -> Callable[[str], str]:
    """Returns the tag of a stand-in image of the machine's engine, for loading it into another one."""

    def tag(name: str) -> str:
        if not machines_engine.images(name=f"{STAND_INS}/{name}"):
            missing(f"no image {STAND_INS}/{name} (`make images` builds it)")
        return f"{STAND_INS}/{name}"

    return tag


@pytest.fixture(scope="session")
def stand_in(
    request: pytest.FixtureRequest,
    engine: docker.APIClient,
    engine_variables: dict[str, str],
    built_image: Callable[[str], str],
) -> Callable[[str], str]:
    """Gives the tag of a stand-in image that the engine has: `python:3.11` -> `localhost/samlocal/python:3.11`."""

    def tag(name: str) -> str:
        image = built_image(name)
        if engine_variables and not engine.images(name=image):
            _podman(request).load(image)
        return image

    return tag


@pytest.fixture
def environment(engine_variables: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The variables of a command: the engine, stand-in images, no relay, and an empty home."""
    fixed = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(tmp_path)}
    return engine_variables | fixed | DIRECT


@pytest.fixture
def runtime_folder(short_path: Path) -> Iterator[Path]:
    """An `XDG_RUNTIME_DIR` of the test's own, in which nothing may remain."""
    yield short_path
    assert not [*short_path.glob("samlocal/*")]


class CopyOf(Protocol):
    def __call__(self, project: Path, *images: str) -> Path: ...


@pytest.fixture
def remains_of(engine: docker.APIClient) -> Callable[[Path], list[Any]]:
    """Returns what remains of the sandboxes for a project's directory."""
    return lambda folder: leftovers(engine, folder)


@pytest.fixture
def copy_of(
    stand_in: Callable[[str], str], remains_of: Callable[[Path], list[Any]], tmp_path: Path
) -> Iterator[CopyOf]:
    """Returns a copy of a project, with stand-in images for it; nothing of its sandboxes may remain."""
    copy = tmp_path / "project"

    def there(project: Path, *images: str) -> Path:
        for image in images:
            stand_in(image)
        return shutil.copytree(project, copy)

    yield there
    assert not remains_of(copy)


class SamlocalIn(Protocol):
    def __call__(self, project: Path, *images: str) -> Samlocal: ...


@pytest.fixture
def samlocal_in(copy_of: CopyOf, environment: dict[str, str]) -> SamlocalIn:
    """Returns the command in a copy of a project, with stand-in images; no container may remain."""

    def there(project: Path, *images: str) -> Samlocal:
        return Samlocal(directory=copy_of(project, *images), environment=environment)

    return there


class SampleApp(Protocol):
    def __call__(self, name: str, *, debug: bool = False) -> Path: ...


@pytest.fixture(scope="session")
def sample_app() -> SampleApp:
    """Returns the folder of a sample app, built as in its README if needed."""

    def folder(name: str, *, debug: bool = False) -> Path:
        try:
            return apps.built(name, debug=debug)
        except NoCompilerError as reason:
            missing(str(reason))

    return folder


@pytest.fixture(scope="module")
def programs(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with public programs; the images of its functions are removed afterwards."""
    directory = tmp_path_factory.mktemp("programs") / "project"
    try:
        real_programs.lay_out(directory)
    except NoCompilerError as reason:
        missing(str(reason))
    yield directory
    remove_built_images(engine, directory / "template.yaml")


@pytest.fixture(scope="session")
def lambda_server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    engine_variables: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Endpoint]:
    """A server of the Lambda API for the functions of its project; it leaves no container."""
    folder = tmp_path_factory.mktemp("lambda")
    for image in ("python:3.11", "nodejs:22"):
        stand_in(image)
    project = shutil.copytree(CHECKOUT / "tests/projects/lambda-endpoint", folder / "project")
    own = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(folder)}
    environment = engine_variables | own | DIRECT | {"XDG_RUNTIME_DIR": str(folder)}
    with serving(Samlocal(directory=project, environment=environment)) as server:
        yield server
    assert not leftovers(engine, project)


@pytest.fixture(params=[1, 2], ids=["aws 1", "aws 2"])
def aws(request: pytest.FixtureRequest, lambda_server: Endpoint, tmp_path: Path) -> AwsCommand:
    """The `aws` command in an empty directory; it calls the server."""
    version: int = request.param
    try:
        program = aws_clients.aws_1() if version == 1 else aws_clients.aws_2()
    except NoCompilerError as reason:
        missing(str(reason))
    return AwsCommand(program=program, version=version, server=lambda_server, directory=tmp_path)


@pytest.fixture(scope="session")
def javascript(lambda_server: Endpoint) -> JavaScriptClient:
    """The AWS SDK for JavaScript; it calls the server."""
    node, program = aws_clients.javascript_sdk()
    return JavaScriptClient(node=node, program=program, server=lambda_server)


@pytest.fixture(scope="session")
def gateway(engine: docker.APIClient) -> str:
    """The address of this machine in the default network of containers."""
    network = engine.inspect_network("bridge")["IPAM"]["Config"][0]
    # An engine that has just started names only the subnet, of which the gateway is the first address.
    return str(network.get("Gateway") or ip_network(network["Subnet"])[1])


@pytest.fixture(scope="session")
def registry(
    machines_engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """An empty registry on a free port of the loopback interface."""
    if not shutil.which("docker-registry"):
        missing("docker-registry is not installed (Debian's package has that name)")
    with serve(tmp_path_factory.mktemp("registry"), machines_engine) as running:
        yield running
