from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import CodeNotFoundError, Place, RuntimeNotFoundError, TemplateError
from samlocal.project.links import OutgoingLink
from samlocal.project.model import Function, LocalCode
from samlocal.sandbox.box import box_findings
from samlocal.sandbox.plan import SandboxSettings, end_of_support, plan_sandbox
from samlocal.sandbox.sandbox import Mount, SandboxSpec

if TYPE_CHECKING:
    from samlocal.runtimes import Architecture

TEMPLATE = Path("/shop/template.yaml")
PLACE = Place(TEMPLATE, 12, 5)


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """A Python function whose code is an empty directory."""
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


def plan(
    function: Function, code: Path, *, repository: str | None = None, layers: Path | None = None
) -> SandboxSpec:
    return plan_with(SandboxSettings(image_repository=repository), function, code, layers)


def plan_with(
    settings: SandboxSettings, function: Function, code: Path, layers: Path | None = None
) -> SandboxSpec:
    return plan_sandbox(
        function,
        {"STAGE": "dev"},
        project=TEMPLATE,
        code=code,
        layers=layers,
        settings=settings,
    )


def test_runtime_of_the_image(function: Function, tmp_path: Path) -> None:
    """The image's own entry point takes the handler; the code is mounted read-only."""
    assert plan(function, tmp_path) == SandboxSpec(
        function="Shop/Ratings",
        project=TEMPLATE,
        image="public.ecr.aws/lambda/python:3.11",
        environment={"STAGE": "dev"},
        memory_mb=256,
        cpus=256 / 1769,
        mounts=(Mount(source=tmp_path, target="/var/task", read_only=True),),
        entrypoint=None,
        command=("app.handler",),
        family="python",
    )


def test_limits_that_are_off(function: Function, tmp_path: Path) -> None:
    """Memory alone as with sam, or all of them."""
    unlimited_memory = plan_with(SandboxSettings(limits_memory=False), function, tmp_path)
    assert (unlimited_memory.memory_mb, unlimited_memory.cpus) == (None, 256 / 1769)
    settings = SandboxSettings(limits_memory=False, limits_rest=False, strict=True)
    unlimited = plan_with(settings, function, tmp_path)
    assert (unlimited.memory_mb, unlimited.cpus, unlimited.tmp_mb) == (None, None, None)


def test_strict_sandbox_has_a_tmp_of_the_functions_size(function: Function, tmp_path: Path) -> None:
    """Who isn't strict keeps /tmp on disk, without a size."""
    sized = replace(function, ephemeral_storage_mb=1024)
    assert plan_with(SandboxSettings(strict=True), sized, tmp_path).tmp_mb == 1024
    assert plan_with(SandboxSettings(), sized, tmp_path).tmp_mb is None


def test_findings_of_the_box(function: Function, tmp_path: Path) -> None:
    """Only a strict sandbox minds who may read the code."""
    (tmp_path / "app.py").touch(0o600)
    tmp_path.chmod(0o755)
    assert box_findings(function, SandboxSettings(), tmp_path) == ()
    (finding,) = box_findings(function, SandboxSettings(strict=True), tmp_path)
    assert finding.message.startswith(f"`{tmp_path}/app.py` can't be read")


def test_ca_bundle_is_mounted(function: Function, tmp_path: Path) -> None:
    """Java is told that it reads none."""
    settings = SandboxSettings(ca_bundle=Path("/corp/ca.pem"))
    spec = plan_with(settings, function, tmp_path)
    assert [mount.source for mount in spec.mounts] == [tmp_path, Path("/corp/ca.pem")]
    assert box_findings(function, settings, tmp_path) == ()
    (finding,) = box_findings(replace(function, runtime="java21"), settings, tmp_path)
    assert "JAVA_TOOL_OPTIONS" in str(finding.hint)


@pytest.mark.parametrize("repository", ["localhost/samlocal", "localhost/samlocal/"])
def test_image_repository(function: Function, tmp_path: Path, repository: str) -> None:
    """Another repository has the images under the same names."""
    assert plan(function, tmp_path, repository=repository).image == "localhost/samlocal/python:3.11"


@pytest.mark.parametrize("handler", ["function.handler", None])
def test_runtime_of_the_function(function: Function, tmp_path: Path, handler: str | None) -> None:
    """A `bootstrap` in the code is the entry point; it needs no handler."""
    (tmp_path / "bootstrap").touch(mode=0o755)
    custom = replace(function, runtime="provided.al2023", handler=handler)
    spec = plan(custom, tmp_path)
    assert (spec.entrypoint, spec.command) == (("/var/task/bootstrap",), ())


def test_bootstrap_that_is_missing(function: Function, tmp_path: Path) -> None:
    """The message names the runtime and the directory, at the place of the code."""
    with pytest.raises(CodeNotFoundError, match=r"`provided.al2023` runs an exec.*has none") as e:
        plan(replace(function, runtime="provided.al2023"), tmp_path)
    assert e.value.place == PLACE


def test_bootstrap_that_cannot_be_executed(function: Function, tmp_path: Path) -> None:
    """The hint is the command that makes it executable."""
    (tmp_path / "bootstrap").touch(mode=0o644)
    with pytest.raises(CodeNotFoundError, match="is not executable") as caught:
        plan(replace(function, runtime="provided.al2023"), tmp_path)
    assert caught.value.hint == f"`chmod +x {tmp_path}/bootstrap`"


def test_bootstrap_that_is_a_directory(function: Function, tmp_path: Path) -> None:
    """A directory of that name can't be run."""
    (tmp_path / "bootstrap").mkdir()
    with pytest.raises(CodeNotFoundError, match="has none"):
        plan(replace(function, runtime="provided.al2023"), tmp_path)


def test_handler_that_is_missing(function: Function, tmp_path: Path) -> None:
    """A runtime of an image must be told what to run."""
    with pytest.raises(TemplateError, match="`Ratings` has no `Handler`") as caught:
        plan(replace(function, handler=None), tmp_path)
    assert caught.value.hint == "that of `python3.11` is like `app.handler`"


@pytest.mark.parametrize(
    ("runtime", "message"),
    [(None, "`Ratings` has no `Runtime`"), ("python1.5", "unknown runtime `python1.5`")],
)
def test_runtime_that_is_missing(
    function: Function, tmp_path: Path, runtime: str | None, message: str
) -> None:
    """Both are said at the place of the function."""
    with pytest.raises(RuntimeNotFoundError, match=message) as caught:
        plan(replace(function, runtime=runtime), tmp_path)
    assert caught.value.place == PLACE


def test_layers_are_mounted(function: Function, tmp_path: Path) -> None:
    """They are in `/opt`, read-only as the code is."""
    (tmp_path / "layers").mkdir()
    spec = plan(function, tmp_path, layers=tmp_path / "layers")
    assert spec.mounts[1:] == (Mount(source=tmp_path / "layers", target="/opt", read_only=True),)


def test_what_links_lead_to_is_mounted(function: Function, tmp_path: Path) -> None:
    """It is where the link leads to in the container."""
    link = OutgoingLink(path=tmp_path / "lib", source=Path("/shop/shared"), target="/var/shared")
    spec = plan_sandbox(
        function, {}, project=TEMPLATE, code=tmp_path, links=[link], settings=SandboxSettings()
    )
    assert spec.mounts[1:] == (Mount(source=Path("/shop/shared"), target="/var/shared"),)


def test_paths_of_the_engine(function: Function, tmp_path: Path) -> None:
    """What is beside the template is elsewhere for the engine; what isn't is where it is."""
    settings = SandboxSettings(volume_basedir="/host/shop", delivery="copy")
    spec = plan_sandbox(
        function, {}, project=TEMPLATE, code=Path("/shop/src"), layers=tmp_path, settings=settings
    )
    assert [mount.engine_path for mount in spec.mounts] == ["/host/shop/src", None]
    assert spec.delivery == "copy"


@pytest.mark.parametrize(
    ("folders", "entrypoint"),
    [(["layers"], "/opt/bootstrap"), (["code", "layers"], "/var/task/bootstrap")],
)
def test_bootstrap_of_a_layer(
    function: Function, tmp_path: Path, folders: list[str], entrypoint: str
) -> None:
    """A layer's `bootstrap` serves where the code has none."""
    for folder in ("code", "layers"):
        (tmp_path / folder).mkdir()
    for folder in folders:
        (tmp_path / folder / "bootstrap").touch(mode=0o755)
    custom = replace(function, runtime="provided.al2023")
    spec = plan(custom, tmp_path / "code", layers=tmp_path / "layers")
    assert spec.entrypoint == (entrypoint,)


def test_bootstrap_that_no_layer_has(function: Function, tmp_path: Path) -> None:
    """The message says that layers were looked at as well."""
    custom = replace(function, runtime="provided.al2023")
    with pytest.raises(CodeNotFoundError, match="has none, nor have its layers"):
        plan(custom, tmp_path, layers=tmp_path)


@pytest.mark.parametrize(
    ("machine", "architecture", "foreign"),
    [
        pytest.param("x86_64", "x86_64", None, id="own"),
        pytest.param("aarch64", "arm64", None, id="own-arm64"),
        pytest.param("x86_64", "arm64", "arm64", id="arm64-on-x86_64"),
        pytest.param("arm64", "x86_64", "x86_64", id="x86_64-on-arm64"),
    ],
)
def test_another_architecture(
    function: Function,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    architecture: Architecture,
    foreign: str | None,
) -> None:
    """A function that is not for this machine has an image of its own, beside that of this machine."""
    monkeypatch.setattr("platform.machine", lambda: machine)
    spec = plan(replace(function, architecture=architecture), tmp_path)
    assert spec.architecture == foreign
    assert spec.image == "public.ecr.aws/lambda/python:3.11"
    tagged = foreign and f"public.ecr.aws/lambda/python:3.11-{foreign}"
    assert spec.architecture_image == tagged


def test_architecture_that_a_runtime_lacks(function: Function, tmp_path: Path) -> None:
    """The first OS-only runtime never ran on arm64."""
    first = replace(function, runtime="provided", architecture="arm64")
    with pytest.raises(TemplateError, match="`provided` runs on x86_64 only") as caught:
        plan(first, tmp_path)
    assert caught.value.hint == "move to `provided.al2023`, which runs on arm64 as well"


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
def test_end_of_support_is_said(
    function: Function, runtime: str, today: date, said: list[tuple[str, str | None]]
) -> None:
    """From its day on, a runtime that AWS no longer maintains is named with what replaces it."""
    findings = end_of_support(replace(function, runtime=runtime), today=today)
    assert [(finding.message, finding.hint) for finding in findings] == said
