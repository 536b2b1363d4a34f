"""The sandbox of a function, with its code and layers at hand."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.env_vars.environment import Environment, Origin, ResolvedVariable
from samlocal.errors import Place, PortInUseError
from samlocal.function import Code, FileSystem, Function, ImageCode, Layer, LocalCode
from samlocal.preparation.options import CodeOptions
from samlocal.preparation.preparation import prepare
from samlocal.preparation.resolution import ResolvedFunction
from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.sandbox.debugging import DebugSettings
from samlocal.sandbox.plan import SandboxSettings
from samlocal.sandbox.sandbox import Mount
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.sandbox.sandbox import SandboxKind
    from samlocal.sandbox.spec import Spec

PLACE = Place(Path("/shop/template.yaml"), 3, 7)
STAGE = ResolvedVariable(value="dev", origin=Origin(source="shell", label="shell"))
IMAGE = ImageCode(uri="inference:1", place=PLACE, command=("app.handler",))


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def resolved(code: Code | Path, *layers: Layer, runtime: str = "python3.11") -> ResolvedFunction:
    return ResolvedFunction(
        project=PLACE.path,
        function=Function(
            logical_id="Ratings",
            full_path="Shop/Ratings",
            name="Ratings",
            code=LocalCode(path=code, place=PLACE) if isinstance(code, Path) else code,
            place=PLACE,
            runtime=runtime,
            handler="app.handler",
            layers=layers,
            file_systems=(FileSystem(mount_path="/mnt/models", place=PLACE),),
        ),
        arn="arn",
        version="$LATEST",
        environment=Environment(variables={"STAGE": STAGE}),
        diagnostics=(Diagnostic(message="of the function"),),
    )


def spec(
    function: ResolvedFunction,
    tmp_path: Path,
    settings: SandboxSettings = SandboxSettings(),  # noqa: B008  # frozen
) -> ContainerSpec:
    return container(prepare(function, settings, host(tmp_path), RecordingObserver()).spec)


def container(spec: Spec) -> ContainerSpec:
    assert isinstance(spec, ContainerSpec)
    return spec


@pytest.mark.parametrize("kind", ["docker", "process"])
def test_interpreter_without_effect(code: Path, tmp_path: Path, kind: SandboxKind) -> None:
    """A container has the interpreter of its image, and says so if another one is given."""
    settings = SandboxSettings(kind=kind, interpreter=Path(sys.executable))
    observer = RecordingObserver()
    prepare(resolved(code), settings, host(tmp_path), observer)
    told = any(each.startswith("`--interpreter` has no effect") for each in observer.messages)
    assert told == (kind == "docker")


def test_function_of_a_runtime(code: Path, tmp_path: Path) -> None:
    """Its container has its code, its layer, what links lead to, its environment and its handler."""
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    layer = Layer(name="F", code=LocalCode(path=fonts, place=PLACE), arn=None, place=PLACE)
    function = resolved(code, layer)
    prepared = prepare(function, SandboxSettings(), host(tmp_path), RecordingObserver())
    assert prepared.resolved == function
    sandbox = prepared.spec.sandbox
    assert sandbox.mounts == (
        Mount(source=code, target="/var/task"),
        Mount(source=fonts, target="/opt"),
        Mount(source=code.parent / "shared", target="/var/shared"),
    )
    token = {"AWS_LAMBDA_METADATA_TOKEN": prepared.configuration.metadata_token}
    assert (sandbox.environment, sandbox.command) == ({"STAGE": "dev", **token}, ("app.handler",))
    assert (sandbox.function, sandbox.project) == ("Shop/Ratings", PLACE.path)
    assert (container(prepared.spec).image.profile, container(prepared.spec).image.is_chosen) == (
        None,
        False,
    )


def test_links_are_left_alone(code: Path, tmp_path: Path) -> None:
    """How code becomes a directory is chosen."""
    prepared = prepare(
        *(resolved(code), SandboxSettings(), host(tmp_path), RecordingObserver()),
        code=CodeOptions(mounts_symlinks=False),
    )
    assert [mount.target for mount in prepared.spec.sandbox.mounts] == ["/var/task"]


def test_settings_of_the_function(code: Path, tmp_path: Path) -> None:
    """Its image and profile replace those of the settings, even where it has none."""
    others = SandboxSettings(image="other:1", profile="other", network="shop")
    own = replace(resolved(code), image="mine:1", profile="shop")
    chosen, unchosen = spec(own, tmp_path, others), spec(resolved(code), tmp_path, others)
    assert (chosen.image.name, chosen.image.profile) == ("mine:1", "shop")
    assert (unchosen.image.is_chosen, unchosen.image.profile) == (False, None)
    assert chosen.network.name == unchosen.network.name == "shop"


def test_everything_is_reported(code: Path, tmp_path: Path) -> None:
    """The function's own diagnostics come first, then its runtime's, its content's and its limits'."""
    runtime = code.parent / "runtime" / "lib"
    runtime.mkdir(parents=True)
    (code / "lib").symlink_to("../runtime/lib")
    observer = RecordingObserver()
    function = resolved(code, runtime="python3.8")
    prepare(function, SandboxSettings(), host(tmp_path), observer)
    own, support, link, file_system = observer.messages
    assert (own, support) == (
        "of the function",
        "AWS ended the support of `python3.8` on 2024-10-14",
    )
    assert "`/var/runtime/lib`" in link
    assert file_system == "no file system is mounted at `/mnt/models`"


def test_debugged_function(code: Path, tmp_path: Path) -> None:
    """The function's debugger is the sandbox's, and that of the settings is nobody's."""
    debug = DebugSettings(ports=(0,), arguments=("-m", "debugpy"))
    others = SandboxSettings(debug=debug)
    debugged = spec(replace(resolved(code), debug=debug), tmp_path)
    assert debugged.sandbox.debugger is not None
    assert spec(resolved(code), tmp_path, others).sandbox.debugger is None


def test_port_in_use(code: Path, tmp_path: Path, busy_port: int) -> None:
    """It is found out before anything starts, on the address that ports are published on."""
    debug = DebugSettings(ports=(busy_port,))
    function = replace(resolved(code), debug=debug)
    with pytest.raises(PortInUseError, match=f"port {busy_port} of this machine is in use"):
        spec(function, tmp_path)
    assert spec(function, tmp_path, SandboxSettings(publish_on="127.0.0.2")).sandbox.debugger


def test_ca_bundle(code: Path, tmp_path: Path) -> None:
    """It is mounted from the cache."""
    function = replace(resolved(code), ca_bundle=b"PEM")
    (mount,) = [
        each for each in spec(function, tmp_path).sandbox.mounts if each.target == "/etc/samlocal"
    ]
    assert mount.source.is_relative_to(tmp_path / "cache")
    assert (mount.source / "ca-bundle.pem").read_bytes() == b"PEM"


def test_ca_bundle_in_a_temporary_cache(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The observer is told where the bundle is kept instead."""
    (tmp_path / "cache").touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o700)
    monkeypatch.setattr("samlocal.cache.fallback.temporary_cache", lambda: temporary)
    observer = RecordingObserver()
    function = replace(resolved(code), ca_bundle=b"PEM", diagnostics=())
    prepare(function, SandboxSettings(), host(tmp_path), observer)
    assert f"using `{temporary}`" in observer.messages[0]


def test_image_function(tmp_path: Path) -> None:
    """Its container has its image and its environment, and no code of this machine."""
    found = spec(resolved(IMAGE), tmp_path)
    assert (found.image.name, found.image.is_function) == ("inference:1", True)
    assert (found.sandbox.environment["STAGE"], found.sandbox.mounts) == ("dev", ())
    assert (found.sandbox.command, found.sandbox.project) == (("app.handler",), PLACE.path)
    assert not (tmp_path / "cache").exists()


def test_image_function_is_reported(tmp_path: Path) -> None:
    """Lambda ignores its layers; its file systems are those of any function."""
    observer = RecordingObserver()
    layer = Layer(name="Fonts", code=None, arn="arn", place=PLACE)
    surplus = SandboxSettings(file_systems={"/mnt/data": tmp_path})
    prepare(resolved(IMAGE, layer), surplus, host(tmp_path), observer)
    own, layers, missing, unknown = observer.messages
    assert own == "of the function"
    assert layers.startswith("the layer `Fonts` is not mounted")
    assert missing == "no file system is mounted at `/mnt/models`"
    assert "`/mnt/data`" in unknown


def test_function_with_an_endpoint_for_others(code: Path, tmp_path: Path) -> None:
    """Its environments know the endpoint of Lambda's API, and its sandbox that there is one."""
    function = resolved(code)
    for endpoint in (None, Path("/run/endpoint.sock")):
        settings = SandboxSettings(lambda_endpoint=endpoint)
        prepared = prepare(function, settings, host(tmp_path), RecordingObserver())
        assert prepared.configuration.lambda_endpoint == endpoint
        assert prepared.spec.sandbox.calls_functions is (endpoint is not None)
