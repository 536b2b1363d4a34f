"""Functions on Lambda Managed Instances, by the template or by a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.errors import UsageError
from samlocal.preparation.configuration import configuration_of
from samlocal.preparation.options import FunctionOptions
from samlocal.preparation.resolution import ResolvedFunction, resolve_function
from samlocal.sandbox.debugging import DebugSettings
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

PROVIDER = "CapacityProviderConfig: {Arn: any}"
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
DEFAULTS = FunctionOptions()
VARIABLE = "AWS_LAMBDA_MAX_CONCURRENCY"


def resolve(
    directory: Path, properties: str = PROVIDER, options: FunctionOptions = DEFAULTS
) -> ResolvedFunction:
    """Return a function with the properties, separated by line feeds."""
    own = {"Runtime": "python3.13", "Handler": "app.handler", "CodeUri": ".", "MemorySize": "2048"}
    own |= dict(line.split(": ", 1) for line in properties.splitlines())
    lines = "".join(f"\n      {name}: {value}" for name, value in own.items())
    text = f"Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:{lines}\n"
    (directory / "template.yaml").write_text(text)
    project = open_project(directory / "template.yaml")
    return resolve_function(project, None, options, host(directory, **KEYS))


def messages(resolved: ResolvedFunction) -> list[str]:
    return [each.message for each in resolved.diagnostics]


def test_function_of_the_template(tmp_path: Path) -> None:
    """Its environment and configuration state managed instances and the concurrency; its logs are in JSON."""
    resolved = resolve(tmp_path)
    configuration, variables = configuration_of(resolved), resolved.environment.as_dict()

    assert configuration.initialization_type == "lambda-managed-instances"
    assert (configuration.max_concurrency, configuration.log_format) == (16, "JSON")
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "lambda-managed-instances"
    assert (variables[VARIABLE], variables["AWS_LAMBDA_LOG_FORMAT"]) == ("16", "JSON")
    assert variables["AWS_LAMBDA_LOG_LEVEL"] == "INFO"
    assert messages(resolved) == []


@pytest.mark.parametrize(
    ("properties", "concurrency"),
    [
        pytest.param("", 16, id="one vCPU"),
        pytest.param("MemorySize: 8192", 64, id="memory"),
        pytest.param(
            "MemorySize: 8192\nCapacityProviderConfig: {Arn: any, ExecutionEnvironmentMemoryGiBPerVCpu: 8}",
            16,
            id="memory per vCPU",
        ),
        pytest.param("Runtime: nodejs24.x", 64, id="runtime"),
        pytest.param(
            "CapacityProviderConfig: {Arn: any, PerExecutionEnvironmentMaxConcurrency: 5}",
            5,
            id="chosen",
        ),
    ],
)
def test_concurrency(tmp_path: Path, properties: str, concurrency: int) -> None:
    """The default depends on the runtime and on the vCPUs that come with the memory."""
    found = resolve(tmp_path, f"{PROVIDER}\n{properties}")
    assert found.max_concurrency == concurrency


@pytest.mark.parametrize(
    ("properties", "options", "message"),
    [
        pytest.param(
            "Runtime: ruby3.4",
            FunctionOptions(),
            "`F` handles one invocation at a time because Lambda does not offer managed instances for `ruby3.4`",
            id="runtime",
        ),
        pytest.param(
            "",
            FunctionOptions(debug=DebugSettings(ports=(5678,))),
            "`F` handles one invocation at a time while it is debugged",
            id="debugger",
        ),
    ],
)
def test_one_invocation_at_a_time(
    tmp_path: Path, properties: str, options: FunctionOptions, message: str
) -> None:
    """A function that cannot handle several invocations at once is initialised on demand."""
    resolved = resolve(tmp_path, f"{PROVIDER}\n{properties}", options)
    assert message in messages(resolved)
    assert (resolved.initialization_type, resolved.max_concurrency) == ("on-demand", 1)
    assert VARIABLE not in resolved.environment.variables


def test_little_memory(tmp_path: Path) -> None:
    """Managed instances begin at 2 GB."""
    resolved = resolve(tmp_path, f"{PROVIDER}\nMemorySize: 512")
    assert messages(resolved) == ["`F` has 512 MB: managed instances need 2048 MB or more"]


@pytest.mark.parametrize("properties", [PROVIDER, "Timeout: 3"], ids=["overridden", "new"])
def test_variable(tmp_path: Path, properties: str) -> None:
    """`--env` chooses another concurrency, and puts any function on managed instances."""
    resolved = resolve(tmp_path, properties, FunctionOptions(variables={VARIABLE: "2"}))
    assert configuration_of(resolved).max_concurrency == 2
    assert configuration_of(resolved).initialization_type == "lambda-managed-instances"
    variables = resolved.environment.as_dict()
    assert (variables[VARIABLE], variables["AWS_LAMBDA_LOG_FORMAT"]) == ("2", "JSON")


@pytest.mark.parametrize("value", ["", "0", "1601", "many", "-1", "1.5", "²", "0" * 5000])
def test_impossible_variable(tmp_path: Path, value: str) -> None:
    """A concurrency that Lambda does not have is an error."""
    with pytest.raises(UsageError, match=f"`{VARIABLE}` must be a whole number from 1 to 1600"):
        resolve(tmp_path, options=FunctionOptions(variables={VARIABLE: value}))


def test_variable_of_the_template(tmp_path: Path) -> None:
    """The template cannot set the variable, which Lambda reserves."""
    resolved = resolve(tmp_path, f"Environment: {{Variables: {{{VARIABLE}: '4'}}}}")
    assert resolved.initialization_type == "on-demand"
    assert ["reserved keys" in each for each in messages(resolved)] == [True]
