from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.artifacts.code import make_code_directory
from samlocal.artifacts.symlinks import OutgoingLink
from samlocal.errors import CodeNotFoundError, Place, RuntimeNotFoundError, TemplateError
from samlocal.function import Function, LocalCode
from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec, ImageRequest
from samlocal.sandbox.debugging import DebugSettings
from samlocal.sandbox.limit_diagnostics import limit_diagnostics
from samlocal.sandbox.plan import SandboxSettings, end_of_support, plan_sandbox
from samlocal.sandbox.sandbox import Debugger, Mount, SandboxSpec

if TYPE_CHECKING:
    from samlocal.runtimes import Architecture

TEMPLATE = Path("/shop/template.yaml")
PLACE = Place(TEMPLATE, 12, 5)


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """Return a Python function whose code is an empty directory."""
    return Function(
        logical_id="Ratings",
        full_path="Shop/Ratings",
        name="ratings",
        code=LocalCode(path=tmp_path, place=PLACE),
        place=PLACE,
        runtime="python3.11",
        handler="app.handler",
        memory_mb=256,
    )


def plan(function: Function, code: Path, *, layers: Path | None = None) -> SandboxSpec:
    return container(SandboxSettings(), function, code, layers).sandbox


def plan_with(settings: SandboxSettings, function: Function, code: Path) -> SandboxSpec:
    return container(settings, function, code).sandbox


def container(
    settings: SandboxSettings, function: Function, code: Path, layers: Path | None = None
) -> ContainerSpec:
    return plan_sandbox(
        function,
        {"STAGE": "dev"},
        project=TEMPLATE,
        code=code,
        layers=layers,
        settings=settings,
    )


def write_bootstrap(folder: Path, start: bytes = b"#!/bin/sh\n", *, mode: int = 0o755) -> Path:
    path = folder / "bootstrap"
    path.write_bytes(start)
    path.chmod(mode)
    return path


def test_runtime_of_the_image(function: Function, tmp_path: Path) -> None:
    """A runtime image gets the handler as its command, and the code is mounted read-only."""
    assert container(SandboxSettings(), function, tmp_path) == ContainerSpec(
        sandbox=SandboxSpec(
            function="Shop/Ratings",
            project=TEMPLATE,
            environment={"STAGE": "dev"},
            memory_mb=256,
            cpus=256 / 1769,
            mounts=(Mount(source=tmp_path, target="/var/task", read_only=True),),
            entrypoint=None,
            command=("app.handler",),
            family="python",
            architecture="x86_64",
        ),
        image=ImageRequest(
            name="public.ecr.aws/lambda/python:3.11",
            for_architecture="public.ecr.aws/lambda/python:3.11-x86_64",
        ),
    )


def test_container_is_as_chosen(function: Function, tmp_path: Path) -> None:
    """The container has the user's settings for image, network and engine."""
    settings = SandboxSettings(
        image_repository="mirror.test/lambda",
        pull="never",
        pull_option="--skip-pull-image",
        profile="dev",
        network="shop",
        hosts={"db": "10.0.0.2"},
        dns=("10.0.0.3",),
        publish_on="0.0.0.0",  # noqa: S104  # nothing listens here
        delivery="copy",
        api_connection="relay",
        engine_options={"privileged": True},
    )
    spec = container(settings, function, tmp_path)
    assert replace(spec, sandbox=plan(function, tmp_path)) == ContainerSpec(
        sandbox=plan(function, tmp_path),
        image=ImageRequest(
            name="mirror.test/lambda/python:3.11",
            for_architecture="mirror.test/lambda/python:3.11-x86_64",
            pull="never",
            pull_option="--skip-pull-image",
            profile="dev",
            repository="mirror.test/lambda",
        ),
        network=ContainerNetwork(
            name="shop",
            hosts={"db": "10.0.0.2"},
            dns=("10.0.0.3",),
            publish_on="0.0.0.0",  # noqa: S104  # nothing listens here
        ),
        delivery="copy",
        api_connection="relay",
        engine_options={"privileged": True},
    )


@pytest.mark.parametrize(
    ("network", "address"),
    [(None, "0.0.0.0"), ("shop", "0.0.0.0"), ("host", "127.0.0.1")],  # noqa: S104  # of the container
)
def test_debugger_listens_on_loopback_in_the_hosts_network(
    function: Function, tmp_path: Path, network: str | None, address: str
) -> None:
    """In the host's network a debugger listens on loopback, otherwise on all addresses."""
    settings = SandboxSettings(
        debug=DebugSettings(ports=(5858,)), network=network, reached_at="build.example"
    )
    spec = container(settings, replace(function, runtime="nodejs22.x"), tmp_path)
    arguments = spec.sandbox.environment["SAMLOCAL_DEBUG_ARGUMENTS"]
    assert arguments == f"--inspect-brk={address}:5858"
    assert spec.sandbox.debugger == Debugger(
        name="a Node.js inspector", ports=(5858,), host="build.example"
    )


def test_limits_that_are_off(function: Function, tmp_path: Path) -> None:
    """Either only the memory is limited, as in sam, or nothing."""
    unlimited_memory = plan_with(SandboxSettings(limits_memory=False), function, tmp_path)
    assert (unlimited_memory.memory_mb, unlimited_memory.cpus) == (None, 256 / 1769)
    settings = SandboxSettings(limits_memory=False, limits_rest=False, strict=True)
    unlimited = plan_with(settings, function, tmp_path)
    assert (unlimited.memory_mb, unlimited.cpus, unlimited.tmp_mb) == (None, None, None)


def test_strict_sandbox_has_a_tmp_of_the_functions_size(function: Function, tmp_path: Path) -> None:
    """Only a strict sandbox has a /tmp with a size."""
    sized = replace(function, ephemeral_storage_mb=1024)
    assert plan_with(SandboxSettings(strict=True), sized, tmp_path).tmp_mb == 1024
    assert plan_with(SandboxSettings(), sized, tmp_path).tmp_mb is None


def test_diagnostics_of_the_limits(function: Function, tmp_path: Path) -> None:
    """Only a strict sandbox has diagnostics about the permissions of the code."""
    (tmp_path / "app.py").touch(0o600)
    tmp_path.chmod(0o755)
    assert limit_diagnostics(function, SandboxSettings(), tmp_path) == ()
    (diagnostic,) = limit_diagnostics(function, SandboxSettings(strict=True), tmp_path)
    assert diagnostic.message.startswith(f"Lambda's user cannot read `{tmp_path}/app.py`")


def test_ca_bundle_is_mounted(function: Function, tmp_path: Path) -> None:
    """A CA bundle is mounted, and a diagnostic for Java reports that it is not read."""
    settings = SandboxSettings(ca_bundle=Path("/corp/ca.pem"))
    spec = plan_with(settings, function, tmp_path)
    assert [mount.source for mount in spec.mounts] == [tmp_path, Path("/corp/ca.pem")]
    assert limit_diagnostics(function, settings, tmp_path) == ()
    (diagnostic,) = limit_diagnostics(replace(function, runtime="java21"), settings, tmp_path)
    assert "JAVA_TOOL_OPTIONS" in str(diagnostic.hint)


@pytest.mark.parametrize("repository", ["localhost/samlocal", "localhost/samlocal/"])
def test_image_repository(function: Function, tmp_path: Path, repository: str) -> None:
    """Another repository has the runtime images under the same names."""
    spec = container(SandboxSettings(image_repository=repository), function, tmp_path)
    assert spec.image.name == "localhost/samlocal/python:3.11"


@pytest.mark.parametrize("handler", ["function.handler", None])
def test_runtime_of_the_function(function: Function, tmp_path: Path, handler: str | None) -> None:
    """A `bootstrap` in the code is the entry point, and needs no handler."""
    write_bootstrap(tmp_path)
    custom = replace(function, runtime="provided.al2023", handler=handler)
    spec = plan(custom, tmp_path)
    assert (spec.entrypoint, spec.command) == (("/var/task/bootstrap",), ())


def test_bootstrap_that_is_missing(function: Function, tmp_path: Path) -> None:
    """The error for a missing bootstrap has the runtime, the directory and the place of the code."""
    with pytest.raises(
        CodeNotFoundError, match=r"`provided.al2023` requires an exec.*has none"
    ) as e:
        plan(replace(function, runtime="provided.al2023"), tmp_path)
    assert e.value.place == PLACE


def test_bootstrap_that_cannot_be_executed(function: Function, tmp_path: Path) -> None:
    """The hint for a bootstrap without execute permission is the command that sets it."""
    write_bootstrap(tmp_path, mode=0o644)
    with pytest.raises(CodeNotFoundError, match="is not executable") as caught:
        plan(replace(function, runtime="provided.al2023"), tmp_path)
    assert caught.value.hint == f"run `chmod +x {tmp_path}/bootstrap`"


def test_bootstrap_of_an_archive_made_on_windows(function: Function, tmp_path: Path) -> None:
    """The error has the archive, not the directory in the cache."""
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.create_system, entry.external_attr = 0, 0
        package.writestr(entry, "#!/bin/sh\n")
    code = LocalCode(path=archive, place=PLACE)
    unpacked = make_code_directory(code, runtime=None, cache=tmp_path / "cache")
    with pytest.raises(CodeNotFoundError) as caught:
        plan(replace(function, runtime="provided.al2023", code=code), unpacked)
    assert caught.value.message == f"`bootstrap` in `{archive}` is not executable"
    assert caught.value.hint == (
        "archives from Windows have no permissions: create the archive on Linux, on macOS or in WSL"
    )


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + machine.to_bytes(2, "little")


@pytest.mark.parametrize(
    ("start", "message", "hint"),
    [
        pytest.param(
            b"#!/bin/sh\r\necho\r\n", "has Windows line endings (CRLF)", "(LF)", id="CRLF"
        ),
        pytest.param(
            b"\xef\xbb\xbf#!/bin/sh\n", "starts with a byte order mark", "UTF-8", id="BOM"
        ),
        pytest.param(b"echo hey\n", "is neither a program for Linux nor a script", "#!", id="text"),
        pytest.param(b"", "is neither a program for Linux nor a script", "#!", id="empty"),
        pytest.param(b"MZ\x90\0", "is a program for Windows", "GOOS=linux", id="Windows"),
        pytest.param(b"\xcf\xfa\xed\xfe", "is a program for macOS", "GOOS=linux", id="macOS"),
        pytest.param(
            elf(183),
            "is built for arm64, but `Ratings` is for x86_64",
            "or set `Architectures: [arm64]`",
            id="arm64",
        ),
        pytest.param(
            elf(3), "is built for i386, but `Ratings` is for x86_64", "GOARCH=amd64", id="i386"
        ),
    ],
)
def test_bootstrap_that_linux_cannot_start(
    function: Function, tmp_path: Path, start: bytes, message: str, hint: str
) -> None:
    """The error for a bootstrap that Linux cannot start has the reason and the place of the code."""
    path = write_bootstrap(tmp_path, start)
    with pytest.raises(CodeNotFoundError) as caught:
        plan(replace(function, runtime="provided.al2023"), tmp_path)
    assert caught.value.message.startswith(f"`{path}` {message}")
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(("machine", "architecture"), [(62, "x86_64"), (183, "arm64")])
def test_bootstrap_for_the_architecture_of_the_function(
    function: Function, tmp_path: Path, machine: int, architecture: Architecture
) -> None:
    """A program for the function's architecture is accepted, and so is a script."""
    write_bootstrap(tmp_path, elf(machine))
    custom = replace(function, runtime="provided.al2023", architecture=architecture)
    assert plan(custom, tmp_path).entrypoint == ("/var/task/bootstrap",)


def test_bootstrap_that_is_a_directory(function: Function, tmp_path: Path) -> None:
    """A directory named `bootstrap` is not a bootstrap."""
    (tmp_path / "bootstrap").mkdir()
    with pytest.raises(CodeNotFoundError, match="has none"):
        plan(replace(function, runtime="provided.al2023"), tmp_path)


def test_handler_that_is_missing(function: Function, tmp_path: Path) -> None:
    """A runtime without a bootstrap requires a handler."""
    with pytest.raises(TemplateError, match="`Ratings` has no `Handler`") as caught:
        plan(replace(function, handler=None), tmp_path)
    assert caught.value.hint == "a handler of `python3.11` looks like `app.handler`"


@pytest.mark.parametrize(
    ("runtime", "message"),
    [(None, "`Ratings` has no `Runtime`"), ("python1.5", "unknown runtime `python1.5`")],
)
def test_runtime_that_is_missing(
    function: Function, tmp_path: Path, runtime: str | None, message: str
) -> None:
    """A missing or unknown runtime is an error at the function."""
    with pytest.raises(RuntimeNotFoundError, match=message) as caught:
        plan(replace(function, runtime=runtime), tmp_path)
    assert caught.value.place == PLACE


def test_layers_are_mounted(function: Function, tmp_path: Path) -> None:
    """Layers are mounted at `/opt`, read-only."""
    (tmp_path / "layers").mkdir()
    spec = plan(function, tmp_path, layers=tmp_path / "layers")
    assert spec.mounts[1:] == (Mount(source=tmp_path / "layers", target="/opt", read_only=True),)


def test_targets_of_links_are_mounted(function: Function, tmp_path: Path) -> None:
    """The target of an outgoing symlink is mounted at its path."""
    link = OutgoingLink(path=tmp_path / "lib", source=Path("/shop/shared"), target="/var/shared")
    spec = plan_sandbox(
        function, {}, project=TEMPLATE, code=tmp_path, links=[link], settings=SandboxSettings()
    )
    assert spec.sandbox.mounts[1:] == (Mount(source=Path("/shop/shared"), target="/var/shared"),)


def test_paths_on_the_engines_machine(function: Function, tmp_path: Path) -> None:
    """Only mounts below the template's directory get another path on the engine's machine."""
    settings = SandboxSettings(volume_basedir="/host/shop", delivery="copy")
    spec = plan_sandbox(
        function, {}, project=TEMPLATE, code=Path("/shop/src"), layers=tmp_path, settings=settings
    )
    assert [mount.engine_path for mount in spec.sandbox.mounts] == ["/host/shop/src", None]
    assert spec.delivery == "copy"


@pytest.mark.parametrize(
    ("folders", "entrypoint"),
    [(["layers"], "/opt/bootstrap"), (["code", "layers"], "/var/task/bootstrap")],
)
def test_bootstrap_of_a_layer(
    function: Function, tmp_path: Path, folders: list[str], entrypoint: str
) -> None:
    """A layer's `bootstrap` is used if the code has none."""
    for folder in ("code", "layers"):
        (tmp_path / folder).mkdir()
    for folder in folders:
        write_bootstrap(tmp_path / folder)
    custom = replace(function, runtime="provided.al2023")
    spec = plan(custom, tmp_path / "code", layers=tmp_path / "layers")
    assert spec.entrypoint == (entrypoint,)


def test_bootstrap_that_no_layer_has(function: Function, tmp_path: Path) -> None:
    """The error for a missing bootstrap mentions the layers."""
    custom = replace(function, runtime="provided.al2023")
    with pytest.raises(CodeNotFoundError, match=r"neither .* nor its layers have one"):
        plan(custom, tmp_path, layers=tmp_path)


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_architecture(function: Function, tmp_path: Path, architecture: Architecture) -> None:
    """The plan has the image for the function's architecture besides the general one."""
    built = replace(function, architecture=architecture)
    spec = container(SandboxSettings(), built, tmp_path)
    assert spec.sandbox.architecture == architecture
    assert spec.image.name == "public.ecr.aws/lambda/python:3.11"
    assert spec.image.for_architecture == f"public.ecr.aws/lambda/python:3.11-{architecture}"
    assert not spec.image.is_chosen


def test_chosen_image_has_no_architecture_of_its_own(function: Function, tmp_path: Path) -> None:
    """A chosen image is the same for every architecture."""
    image = container(SandboxSettings(image="shop:1"), function, tmp_path).image
    assert (image.name, image.for_architecture, image.is_chosen) == ("shop:1", "shop:1", True)


def test_architecture_that_a_runtime_lacks(function: Function, tmp_path: Path) -> None:
    """An architecture that a runtime does not support is an error with the replacement."""
    first = replace(function, runtime="provided", architecture="arm64")
    with pytest.raises(TemplateError, match="`provided` runs on x86_64 only") as caught:
        plan(first, tmp_path)
    assert caught.value.hint == "move to `provided.al2023`, which also runs on arm64"


@pytest.mark.parametrize(
    ("runtime", "today", "said"),
    [
        pytest.param("nodejs20.x", date(2026, 4, 29), [], id="the day before"),
        pytest.param(
            "nodejs20.x",
            date(2026, 4, 30),
            [("AWS ended the support of `nodejs20.x` on 2026-04-30", "move to `nodejs24.x`")],
            id="the day itself",
        ),
        pytest.param("nodejs26.x", date(2040, 1, 1), [], id="preview"),
        pytest.param(
            "ruby4.0",
            date(2040, 1, 1),
            [("AWS ended the support of `ruby4.0` on 2029-03-31", None)],
            id="nothing newer",
        ),
    ],
)
def test_end_of_support_is_reported(
    function: Function, runtime: str, today: date, said: list[tuple[str, str | None]]
) -> None:
    """A runtime past its end of support has a diagnostic with the replacement."""
    diagnostics = end_of_support(replace(function, runtime=runtime), today=today)
    assert [(diagnostic.message, diagnostic.hint) for diagnostic in diagnostics] == said
