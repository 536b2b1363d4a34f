"""What changes the fingerprint of a function, and what does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samlocal.engine.images.policy import Build
from samlocal.env_vars.environment import Environment
from samlocal.errors import Place
from samlocal.function import Function, ImageBuild, LocalCode
from samlocal.function_configuration import ContainerCredentials
from samlocal.preparation.preparation import PreparedFunction, prepare
from samlocal.preparation.resolution import ResolvedFunction
from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.sandbox.debugging import DebugSettings
from samlocal.sandbox.plan import SandboxSettings
from samlocal.sandbox.sandbox import Debugger, Mount
from samlocal.serving.fingerprint import fingerprint
from tests.unit.preparation.host import RecordingObserver, host

PLACE = Place(Path("/shop/template.yaml"), 3, 7)
CREDENTIALS = ContainerCredentials(
    token="t", access_key_id="k", secret_access_key="s", expires=datetime(2030, 1, 1, tzinfo=UTC)
)
RANDOM = {
    "spec.sandbox.credentials.token",
    "spec.sandbox.environment.AWS_LAMBDA_METADATA_TOKEN",
    "configuration.credentials.token",
    "configuration.metadata_token",
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A directory with code."""
    directory = tmp_path / "code"
    (directory / "lib").mkdir(parents=True)
    (directory / "app.py").write_text("one")
    (directory / "lib" / "rates.py").write_text("two")
    (directory / "latest").symlink_to("lib")
    return directory


def prepared_function(code: Path, tmp_path: Path) -> PreparedFunction:
    """Return a function with a value in each optional part of its spec."""
    resolved = ResolvedFunction(
        project=PLACE.path,
        function=Function(
            logical_id="Ratings",
            full_path="Ratings",
            name="Ratings",
            code=LocalCode(path=code, place=PLACE),
            place=PLACE,
            runtime="python3.11",
            handler="app.handler",
        ),
        arn="arn",
        version="$LATEST",
        environment=Environment(variables={}),
        diagnostics=(),
        credentials=CREDENTIALS,
    )
    models = tmp_path / "models"
    models.mkdir(exist_ok=True)
    settings = SandboxSettings(file_systems={"/mnt/models": models}, hosts={"db": "10.0.0.1"})
    prepared = prepare(resolved, settings, host(tmp_path), RecordingObserver())
    container = prepared.spec
    assert isinstance(container, ContainerSpec)
    sandbox = replace(
        container.sandbox, debugger=Debugger(name="d", ports=(5858,)), entrypoint=("bootstrap",)
    )
    image = replace(
        container.image,
        build=Build(
            function="Ratings",
            recipe=ImageBuild(context=code),
            image="ratings:1",
            platform="linux/amd64",
        ),
    )
    options = {"ulimits": [{"Name": "nofile"}]}
    spec = replace(
        container,
        sandbox=sandbox,
        image=image,
        engine_options=options,
        debug=DebugSettings(ports=(5858,)),
    )
    return replace(prepared, spec=spec)


def changes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # of any field
    """Yield the value with each of its parts changed, and the path of that part."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            for name, changed in changes(getattr(value, each.name), f"{path}.{each.name}"):
                yield name, replace(value, **{each.name: changed})
    elif isinstance(value, Mapping):
        yield f"{path}.added", {**value, "ADDED": "1"}
        for key, item in value.items():
            yield f"{path}.{key}-", {name: each for name, each in value.items() if name != key}
            for name, changed in changes(item, f"{path}.{key}"):
                yield name, {**value, key: changed}
    elif isinstance(value, tuple | list):
        yield f"{path}.added", (*value, *(value[:1] or ("added",)))
        for index, item in enumerate(value):
            for name, changed in changes(item, f"{path}.{index}"):
                yield name, type(value)([*value[:index], changed, *value[index + 1 :]])
    else:
        yield path, _other(value)


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case str():
            return f"{value}x"
        case int() | float():
            return value + 1
        case Path():
            return value / "x"
        case datetime():
            return value.replace(year=2031)
        case None:
            return "x"
    raise AssertionError(value)


def test_each_value_counts(code: Path, tmp_path: Path) -> None:
    """Any other value of the spec or the configuration gives another fingerprint, except random ones."""
    prepared = prepared_function(code, tmp_path)
    known = fingerprint(prepared, state_of=str)
    parts = {"spec": prepared.spec, "configuration": prepared.configuration}
    changed = [
        (path, replace(prepared, **{name: other}))
        for name, part in parts.items()
        for path, other in changes(part, name)
    ]
    assert len(changed) > 80
    same = {path for path, other in changed if fingerprint(other, state_of=str) == known}
    assert {path.removesuffix("-") for path in same} == RANDOM


def test_two_preparations(code: Path, tmp_path: Path) -> None:
    """Two preparations of the same project have the same fingerprint, in spite of their random tokens."""
    first, second = prepared_function(code, tmp_path), prepared_function(code, tmp_path)
    assert first.configuration.metadata_token != second.configuration.metadata_token
    assert fingerprint(first) == fingerprint(second)


def _replaced_file(code: Path) -> None:
    (code / "new").write_text("one")
    os.utime(code / "new", ns=(0, (code / "app.py").stat().st_mtime_ns))
    (code / "new").replace(code / "app.py")


def _replaced_directory(code: Path) -> None:
    code.rename(code.with_name("old"))
    code.mkdir()


def _other_target(code: Path) -> None:
    (code / "latest").unlink()
    (code / "latest").symlink_to("app")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda code: (code / "app.py").write_text("longer"), id="size"),
        pytest.param(lambda code: os.utime(code / "app.py", ns=(0, 0)), id="time"),
        pytest.param(lambda code: (code / "lib" / "rates.py").chmod(0o755), id="mode"),
        pytest.param(lambda code: (code / "lib").chmod(0o750), id="mode of a directory"),
        pytest.param(lambda code: (code / "lib" / "new.py").touch(), id="added"),
        pytest.param(lambda code: (code / "lib" / "rates.py").unlink(), id="removed"),
        pytest.param(lambda code: (code / "app.py").rename(code / "application.py"), id="renamed"),
        pytest.param(lambda code: (code / "empty").mkdir(), id="directory"),
        pytest.param(_replaced_file, id="replaced, of the same size and time"),
        pytest.param(_replaced_directory, id="replaced directory"),
        pytest.param(_other_target, id="target of a link"),
    ],
)
def test_changed_files(change: Callable[[Path], object], code: Path, tmp_path: Path) -> None:
    """Every change of the files of the code changes the fingerprint."""
    prepared = prepared_function(code, tmp_path)
    before = fingerprint(prepared)
    change(code)
    assert fingerprint(prepared) != before


@pytest.mark.parametrize(
    "name", ["models/weights.bin", "code/__pycache__/app.pyc", "code/.git/index"]
)
def test_unimportant_files(name: str, code: Path, tmp_path: Path) -> None:
    """Files of file systems, Python's caches and Git's own files do not count."""
    prepared = prepared_function(code, tmp_path)
    for directory in (code / ".git", code / "__pycache__"):
        directory.mkdir()
    before = fingerprint(prepared)
    (tmp_path / name).write_text("new")
    assert fingerprint(prepared) == before


def test_missing_and_unreadable_content(code: Path, tmp_path: Path) -> None:
    """A directory that does not exist, and one with a strange name, have a fingerprint too."""
    prepared = prepared_function(code, tmp_path)
    strange = os.fsdecode(bytes(code) + b"/\xff")
    Path(strange).mkdir()
    seen = {fingerprint(prepared)}
    sandbox = replace(prepared.spec.sandbox, mounts=(Mount(source=code / "no", target="/opt"),))
    seen.add(fingerprint(replace(prepared, spec=replace(prepared.spec, sandbox=sandbox))))
    assert len(seen) == 2
