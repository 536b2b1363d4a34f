"""What a command tells the service about its function and the function's neighbours."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.cli.service_runner import neighbours_of, warm_function
from samlocal.sandbox.debugging import DebugSettings
from samlocal.serving.options import ServingOptions

if TYPE_CHECKING:
    from samlocal.service.fleet_messages import WarmFunction

_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13}
"""


@pytest.fixture
def prepared(tmp_path: Path) -> samlocal.PreparedFunction:
    (tmp_path / "template.yaml").write_text(_TEMPLATE)
    (tmp_path / "app.py").write_text("")
    options = samlocal.FunctionOptions(reads_credentials=False)
    return samlocal.prepare(samlocal.open_project(tmp_path / "template.yaml"), options=options)


def test_the_same_function_has_the_same_pool_and_fingerprint(
    prepared: samlocal.PreparedFunction,
) -> None:
    """Options distinguish pools, so that two commands that take turns do not end each other's environments."""

    def of(*options: object) -> WarmFunction:
        return warm_function(prepared, 60.0, options)

    assert of("one").key == of("one").key
    assert of("one").key != of("two").key
    assert of("one").fingerprint == of("two").fingerprint
    assert of("one").spec.sandbox.is_reused


def test_an_image_that_is_pulled_each_time_is_never_warm(
    prepared: samlocal.PreparedFunction,
) -> None:
    """Each invocation then needs an environment of its own."""
    settings = samlocal.SandboxSettings(pull="always")
    project = samlocal.open_project(prepared.resolved.project)
    options = samlocal.FunctionOptions(reads_credentials=False)
    always = samlocal.prepare(project, options=options, sandbox=settings)
    fingerprints = {warm_function(always, 60.0, ()).fingerprint for _ in range(2)}
    assert len(fingerprints) == 2


def test_neighbours_have_what_applies_to_all(
    prepared: samlocal.PreparedFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is chosen for one function is left out, and relative paths become absolute."""
    monkeypatch.chdir(tmp_path)
    options = ServingOptions(
        project=samlocal.ProjectOptions(values_file=Path("values.yaml")),
        function=samlocal.FunctionOptions(
            runtime="python3.12",
            qualifier="3",
            images={"": "for-all", "Echo": "for-echo"},
            env_files=("env.json", "-"),
            variables={"STAGE": "test"},
            debug=DebugSettings(ports=(5858,)),
        ),
    )
    host = samlocal.Host(
        variables={"SHELL": "sh"},
        home=Path("/home/me"),
        directory=tmp_path,
        stdin=BytesIO(),
        cache=Path("/cache"),
    )
    neighbours = neighbours_of(prepared, options, host)

    function = neighbours.options.function
    assert (function.runtime, function.qualifier, function.debug) == (None, None, None)
    assert function.images == {"Echo": "for-echo"}
    assert function.env_files == (str(tmp_path / "env.json"),)
    assert function.variables == {"STAGE": "test"}
    assert neighbours.options.project.template == tmp_path / "template.yaml"
    assert neighbours.options.project.values_file == tmp_path / "values.yaml"
    assert neighbours.variables == {"SHELL": "sh"}
