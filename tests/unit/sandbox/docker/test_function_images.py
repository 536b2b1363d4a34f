"""Which image is run, when it is pulled or built, and what is said of its architecture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.engine.engine_api import ImageMissingError
from samlocal.engine.images.build import RECIPE_LABEL, recipe_of
from samlocal.engine.images.policy import Build, ImagePolicy
from samlocal.errors import (
    ImageArchitectureError,
    ImageNotFoundError,
    ImagePullError,
    SandboxError,
    UnusableImageError,
)
from samlocal.function import ImageBuild
from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.function_images import exit_hint, with_prepared_image
from samlocal.sandbox.docker.image_preparation import ImagePreparation
from samlocal.sandbox.image_functions import EXIT_HINT
from tests.unit.engine.fakes import fake_engine
from tests.unit.sandbox.specs import SANDBOX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.engine.engine import Engine
    from samlocal.engine.engine_api import Json


@dataclass
class Machine:
    """An engine's machine with images; registries have others, or raise. Every build succeeds."""

    here: dict[str, Json] = field(default_factory=dict)
    registry: dict[str, Json | SandboxError] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)
    architecture: str = "amd64"
    is_cancelled: bool = False

    @property
    def engine(self) -> Engine:
        return fake_engine(api=self, architecture=lambda: self.architecture)

    def image(self, name: str) -> Json:
        if name not in self.here:
            raise ImageMissingError(404, "no such image")
        return self.here[name]

    def pull(
        self,
        _engine: Engine,
        image: str,
        *,
        platform: str | None,
        profile: str | None,
        progress: object,
        cancelled: Callable[[], bool],
    ) -> None:
        assert (profile, progress, cancelled()) == ("shop", self, self.is_cancelled)
        key = f"{image} for {platform}" if platform else image
        self.did.append(f"pull {key}")
        found = self.registry.get(key)
        if isinstance(found, SandboxError):
            raise found
        if found:
            self.here[image] = found

    def build(
        self, _engine: Engine, build: Build, *, progress: object, cancelled: Callable[[], bool]
    ) -> None:
        assert (progress, cancelled()) == (self, self.is_cancelled)
        self.did.append(f"build {build.image}")
        self.here[build.image] = facts()

    def note(self, text: str) -> None:
        self.did.append(text)

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine without images."""
    made = Machine()
    monkeypatch.setattr("samlocal.engine.images.pull.pull_image", made.pull)
    monkeypatch.setattr("samlocal.engine.images.build.build_image", made.build)
    return made


def facts(architecture: str = "amd64", *, built: Build | None = None) -> Json:
    labels = {RECIPE_LABEL: recipe_of(built)} if built else None
    config = {"Cmd": ["/run"], "Entrypoint": None, "Labels": labels}
    return {"Architecture": architecture, "Config": config}


def spec(name: str = "mine:1", **image: Any) -> ContainerSpec:  # noqa: ANN401  # of ImageRequest
    return ContainerSpec(
        sandbox=replace(SANDBOX, architecture="x86_64"),
        image=ImageRequest(name=name, **{"is_function": True, "profile": "shop", **image}),
    )


def ready(machine: Machine, of: ContainerSpec) -> ContainerSpec:
    preparation = ImagePreparation(machine.engine, machine, cancelled=lambda: machine.is_cancelled)
    return with_prepared_image(
        machine.engine,
        of,
        progress=machine,
        cancelled=lambda: machine.is_cancelled,
        pull=preparation.pull,
    )


def built(tmp_path: Path, policy: ImagePolicy = "missing") -> Build:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Build(
        function="Ratings",
        recipe=ImageBuild(context=tmp_path),
        image="samlocal/ratings:latest",
        platform="linux/amd64",
        policy=policy,
    )


def test_existing_image(machine: Machine) -> None:
    """An existing image is not pulled, and runs its own program."""
    machine.here["mine:1"] = facts()
    found = ready(machine, spec())
    assert (machine.did, found.sandbox.entrypoint) == ([], ("/run",))
    assert (found.image.name, found.image.foreign_architecture) == ("mine:1", None)


def test_image_that_is_missing(machine: Machine) -> None:
    """A missing image is pulled; an image that is missing afterwards is an error."""
    machine.registry["mine:1"] = facts()
    assert ready(machine, spec()).sandbox.entrypoint == ("/run",)
    assert machine.did == ["pull mine:1"]
    with pytest.raises(ImageNotFoundError, match="the engine does not have `lost:1`"):
        ready(machine, spec("lost:1"))


def test_image_that_is_pulled_always(machine: Machine) -> None:
    """With `--pull always`, an existing image is pulled too."""
    machine.here["mine:1"] = machine.registry["mine:1"] = facts()
    ready(machine, spec(pull="always"))
    assert machine.did == ["pull mine:1"]


def test_image_that_may_not_be_pulled(machine: Machine) -> None:
    """The hint names the option that forbids the pull."""
    with pytest.raises(ImageNotFoundError) as caught:
        ready(machine, spec(pull="never", pull_option="--skip-pull-image"))
    assert "`--skip-pull-image`" in (caught.value.hint or "")
    assert machine.did == []


def test_cancelled_pull(machine: Machine) -> None:
    """A cancelled pull leaves the spec unchanged."""
    of = spec()
    machine.is_cancelled = True
    assert ready(machine, of) is of


def test_chosen_image_for_another_architecture(machine: Machine) -> None:
    """A chosen image that is only for the engine's architecture is pulled, with a note."""
    machine.registry |= {
        "mine:1 for linux/arm64": ImageArchitectureError("not for arm64"),
        "mine:1": facts(),
    }
    of = spec(is_function=False, is_chosen=True, foreign_architecture="arm64")
    of = replace(of, sandbox=replace(of.sandbox, architecture="arm64"))
    found = ready(machine, of)
    assert (found.image.foreign_architecture, found.sandbox.entrypoint) == (None, None)
    assert machine.did == [
        *("pull mine:1 for linux/arm64", "pull mine:1"),
        "`mine:1` is for x86_64, but the function is for arm64",
    ]


def test_function_image_for_another_architecture(machine: Machine) -> None:
    """An image function for another architecture runs, with a note."""
    machine.here["mine:1"] = facts("arm64")
    assert ready(machine, spec()).image.foreign_architecture == "arm64"
    assert machine.did == ["`mine:1` is for arm64, but the function is for x86_64"]


def test_runtime_image_that_a_repository_lacks(machine: Machine) -> None:
    """The error names an existing image for this machine's architecture, unless it is the image itself."""
    machine.registry["a:1 for linux/arm64"] = ImageNotFoundError("no image")
    of = spec("a:1", is_function=False, foreign_architecture="arm64")
    of = replace(of, sandbox=replace(of.sandbox, architecture="arm64"))
    for native in (None, "a:1", "b:1"):
        with pytest.raises(ImageNotFoundError, match=r"^no image$"):
            ready(machine, replace(of, image=replace(of.image, native=native)))
    machine.here["b:1"] = facts()
    with pytest.raises(ImageNotFoundError, match="`b:1` is available"):
        ready(machine, replace(of, image=replace(of.image, native="b:1")))


def test_runtime_image_for_another_architecture(machine: Machine) -> None:
    """The error for a missing architecture names an existing image for this machine's."""
    machine.registry["python:3.11-arm64 for linux/arm64"] = ImageArchitectureError("not for arm64")
    machine.here["python:3.11"] = facts()
    of = spec(
        "python:3.11-arm64", is_function=False, foreign_architecture="arm64", native="python:3.11"
    )
    of = replace(of, sandbox=replace(of.sandbox, architecture="arm64"))
    with pytest.raises(
        ImageArchitectureError, match=r"`python:3\.11` is available for x86_64"
    ) as caught:
        ready(machine, of)
    assert caught.value.hint == "`--architecture x86_64` runs the function in it"
    machine.here["python:3.11"] = facts("arm64")
    found = ready(machine, of).image
    assert (found.name, found.foreign_architecture) == ("python:3.11", "arm64")


def test_runtime_image_for_the_wrong_architecture(machine: Machine) -> None:
    """A runtime image for another architecture than the function's is an error."""
    machine.here["python:3.11"] = facts("arm64")
    with pytest.raises(
        UnusableImageError, match="is for arm64, but the function is for x86_64"
    ) as caught:
        ready(machine, spec("python:3.11", is_function=False))
    assert caught.value.hint == "`--architecture arm64` runs the function in it"


def test_registry_that_refuses(machine: Machine) -> None:
    """Without another image, the registry's error is unchanged."""
    machine.registry["mine:1"] = ImagePullError("no")
    with pytest.raises(ImagePullError, match=r"^no$"):
        ready(machine, spec())


@pytest.mark.parametrize(
    ("policy", "here", "name", "did"),
    [
        pytest.param("missing", [], "B", ["build B"], id="missing"),
        pytest.param("missing", ["B"], "B", [], id="built"),
        pytest.param("missing", ["old B"], "B", ["build B"], id="another recipe"),
        pytest.param("missing", ["mine:1"], "mine:1", [], id="named"),
        pytest.param("always", ["B", "mine:1"], "B", ["build B"], id="always"),
        pytest.param("never", ["old B"], "B", [], id="never"),
        pytest.param("never", [], "mine:1", ["pull mine:1"], id="never, but named"),
    ],
)
def test_image_that_can_be_built(
    machine: Machine,
    tmp_path: Path,
    policy: ImagePolicy,
    here: list[str],
    name: str,
    did: list[str],
) -> None:
    """An image is built if neither it nor the template's image exists, or as the policy requires."""
    build = built(tmp_path, policy)
    machine.registry["mine:1"] = facts()
    for each in here:
        recipe = build if each == "B" else None
        machine.here["mine:1" if each == "mine:1" else build.image] = facts(built=recipe)
    found = ready(machine, spec(build=build))
    assert found.image.name == name.replace("B", build.image)
    assert machine.did == [each.replace("B", build.image) for each in did]


def test_image_that_may_not_be_built(machine: Machine, tmp_path: Path) -> None:
    """With `--build never`, a missing image without an alternative is an error."""
    build = built(tmp_path, "never")
    machine.here[build.image] = facts()
    assert ready(machine, spec(build.image, build=build)).image.name == build.image
    machine.here.clear()
    with pytest.raises(ImageNotFoundError, match="`Ratings`") as caught:
        ready(machine, spec(build.image, build=build))
    assert "`--invoke-image`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("times", "is_said"),
    [
        pytest.param({"Created": "2020-01-01T00:00:00+00:00"}, True, id="old"),
        pytest.param({"Created": "2999-01-01T00:00:00+00:00"}, False, id="new"),
        pytest.param(
            {
                "Created": "2020-01-01T00:00:00+00:00",
                "Metadata": {"LastTagTime": "2999-01-01T00:00:00+00:00"},
            },
            False,
            id="of cached steps",
        ),
        pytest.param({}, False, id="unknown"),
    ],
)
def test_source_that_is_newer_than_its_image(
    machine: Machine, tmp_path: Path, times: Json, *, is_said: bool
) -> None:
    """A newer source is reported, and the image is not rebuilt."""
    build = built(tmp_path)
    machine.here[build.image] = facts(built=build) | times
    ready(machine, spec(build=build))
    assert [f"newer than `{build.image}`" in each for each in machine.did] == [True] * is_said


def test_hint_for_a_sandbox_that_ended(machine: Machine) -> None:
    """The hint depends on the image: a runtime image may be for another architecture."""
    machine.here |= {"python:3.11": facts("arm64"), "mine:1": facts("arm64"), "good:1": facts()}
    hint = exit_hint(machine.engine, spec("python:3.11", is_function=False))
    assert hint is not None
    assert "is for arm64, but the function is for x86_64" in hint
    assert exit_hint(machine.engine, spec("good:1", is_function=False)) is None
    assert exit_hint(machine.engine, spec("none:1", is_function=False)) is None
    assert exit_hint(machine.engine, spec()) == EXIT_HINT
