from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.errors import (
    AmbiguousFunctionError,
    FunctionNotFoundError,
    ParameterError,
    TemplateError,
    TemplateNotFoundError,
)
from samlocal.function import Function, LocalCode, S3Code

PROJECTS = Path(__file__).parents[2] / "projects"
BASIC = PROJECTS / "sam-basic" / "template.yaml"


def write(directory: Path, text: str) -> CloudFormationProject:
    (directory / "template.yaml").write_text(text)
    return open_project(directory / "template.yaml")


def resolve(name: str, **overrides: str) -> Function:
    project = open_project(BASIC, parameter_overrides=overrides)
    return project.resolve(project.find(name))


def values(function: Function) -> dict[str, str | None]:
    return {name: variable.value for name, variable in function.environment.items()}


def test_a_serverless_function_is_read_on_top_of_the_globals() -> None:
    """A function's own properties win, and its variables join the global ones."""
    function = resolve("Ratings", Stage="prod")
    assert function.name == function.function_name == "prod-ratings"
    assert (function.runtime, function.handler) == ("python3.11", "app.handler")
    assert (function.memory_mb, function.timeout_seconds) == (512, 10)
    assert isinstance(function.code, LocalCode)
    assert function.code.path == BASIC.parent / "src"
    assert values(function) == {
        "STAGE": "prod",
        "LOG_LEVEL": "debug",
        "TABLE": "Table",
        "FLAG": "true",
        "LIMIT": "10",
        "EMPTY": "",
    }
    assert str(function.environment["LOG_LEVEL"].place) == f"{BASIC}:32:22"


def test_a_lambda_function_has_no_globals() -> None:
    """`Globals` do not apply to `AWS::Lambda::Function`."""
    function = resolve("Reviews", Token="s3cr3t")
    assert (function.timeout_seconds, function.memory_mb) == (3, 128)
    assert isinstance(function.code, S3Code)
    assert (function.code.bucket, function.code.key) == ("artifacts", "reviews.zip")
    assert values(function) == {
        "RATINGS": "arn:aws:lambda:us-east-1:123456789012:function:dev-ratings",
        "TOKEN": "s3cr3t",
    }


def test_a_parameter_without_a_value_omits_the_variable() -> None:
    """A function can run without a parameter that only a variable needs."""
    function = resolve("Reviews")
    assert values(function)["TOKEN"] is None
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == "skipping `TOKEN`: parameter `Token` has no value"
    assert str(diagnostic.place) == f"{BASIC}:48:18"
    assert diagnostic.hint == "give it one: --parameter-overrides Token=…"


def test_a_parameter_with_a_value_that_is_not_allowed() -> None:
    """`AllowedValues` apply to overrides."""
    with pytest.raises(ParameterError, match="parameter `Stage` cannot be `qa`") as caught:
        resolve("Ratings", Stage="qa")
    assert caught.value.hint == "allowed values: `dev`, `prod`"


def test_an_override_for_an_unknown_parameter_is_reported() -> None:
    """An override for a parameter that the template lacks is reported with a suggestion."""
    project = open_project(BASIC, parameter_overrides={"Stge": "prod"})
    (diagnostic,) = project.diagnostics
    assert diagnostic.message == "the template has no parameter `Stge`"
    assert diagnostic.hint == "did you mean `Stage`?"


@pytest.mark.parametrize("identifier", ["Ratings", "dev-ratings"])
def test_a_function_is_found_by_each_identifier(identifier: str) -> None:
    """A function is found by its logical id and by its name."""
    assert open_project(BASIC).find(identifier).logical_id == "Ratings"


def test_an_unknown_function_gets_a_suggestion() -> None:
    """The hint for a typo is the most similar identifier."""
    with pytest.raises(FunctionNotFoundError, match="no function `ratngs`") as caught:
        open_project(BASIC).find("ratngs")
    assert caught.value.hint == "did you mean `Ratings`?"


def test_a_dissimilar_identifier_gets_a_list() -> None:
    """If no identifier is similar, the hint lists all functions."""
    with pytest.raises(FunctionNotFoundError) as caught:
        open_project(BASIC).find("xyz")
    assert caught.value.hint == "the template has `Ratings`, `Reviews`"


def test_no_identifier_is_ambiguous_where_there_are_several_functions() -> None:
    """Without an identifier, several functions are an error that lists them."""
    with pytest.raises(AmbiguousFunctionError, match="the template has 2 functions") as caught:
        open_project(BASIC).find(None)
    assert caught.value.hint == "name one: `Ratings`, `Reviews`"


def test_the_only_function_needs_no_name(tmp_path: Path) -> None:
    """Without an identifier, the only function is found."""
    project = write(tmp_path, "Resources: {One: {Type: AWS::Serverless::Function}}")
    function = project.resolve(project.find(None))
    assert function.logical_id == "One"
    assert isinstance(function.code, LocalCode)
    assert function.code.path == tmp_path


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            "MemorySize: 127",
            "3:30: `MemorySize` must be a whole number from 128 to 10240, not `127`",
        ),
        ("Timeout: 901", "3:27: `Timeout` must be a whole number from 1 to 900, not `901`"),
        ("Timeout: abc", "3:27: `Timeout` must be a whole number from 1 to 900, not `abc`"),
        ("EphemeralStorage: {Size: 1}", "`Size` must be a whole number from 512 to 10240, not `1`"),
        ("Architectures: [mips]", "`Architectures` must be x86_64 or arm64, not `mips`"),
        (
            "Architectures: [x86_64, arm64]",
            "3:42: `Architectures` takes only one, not 2: `arm64`, `x86_64`",
        ),
        ("Handler: [a]", "3:27: `Handler` must be a string, not a list"),
        ("Environment: [a]", "`Environment` must be a mapping, not a list"),
        (
            "FileSystemConfigs: [{Arn: a, LocalMountPath: /data}]",
            "3:63: `LocalMountPath` must be /mnt/NAME, not `/data`",
        ),
        ("FileSystemConfigs: [store]", "a file system must be a mapping, not `store`"),
        (
            "SnapStart: {ApplyOn: Always}",
            "3:39: `ApplyOn` must be PublishedVersions or None, not `Always`",
        ),
        (
            "TenancyConfig: {TenantIsolationMode: SHARED}",
            "3:55: `TenantIsolationMode` must be PER_TENANT, not `SHARED`",
        ),
        (
            "LoggingConfig: {LogFormat: json}",
            "3:45: `LogFormat` must be Text or JSON, not `json`",
        ),
        (
            "LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: WARNING}",
            "`ApplicationLogLevel` must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL, not `WARNING`",
        ),
        (
            "LoggingConfig: {LogFormat: JSON, SystemLogLevel: ERROR}",
            "`SystemLogLevel` must be DEBUG, INFO or WARN, not `ERROR`",
        ),
        ("SnapStart: true", "3:29: `SnapStart` must be a mapping, not `true`"),
        ("Handler: !Ref Nope", "3:27: no parameter or resource `Nope`"),
        ("Handler: !GetAtt Nope.Arn", "3:27: no resource `Nope`"),
    ],
)
def test_a_wrong_property_has_a_place(tmp_path: Path, properties: str, message: str) -> None:
    """A value that Lambda refuses is an error with line and column."""
    text = "Resources:\n  F:\n    Properties: {PROPERTIES}\n    Type: AWS::Serverless::Function\n"
    project = write(tmp_path, text.replace("PROPERTIES", properties))
    with pytest.raises(TemplateError) as caught:
        project.resolve(project.find("F"))
    assert message in str(caught.value)


def test_a_single_value_is_a_list_of_one(tmp_path: Path) -> None:
    """A single value is read as a list of one, as in CloudFormation."""
    project = write(
        tmp_path,
        "Resources: {F: {Type: AWS::Serverless::Function,"
        " Properties: {Architectures: arm64, Layers: 'arn:aws:lambda:us-east-1:1:layer:a:1'}}}",
    )
    function = project.resolve(project.find("F"))
    assert function.architecture == "arm64"
    assert [layer.name for layer in function.layers] == ["a"]


@pytest.mark.parametrize(
    ("properties", "snap_start", "tenancy"),
    [
        pytest.param("", None, None, id="neither"),
        pytest.param("SnapStart: {ApplyOn: PublishedVersions}", "4:17", None, id="SnapStart"),
        pytest.param("SnapStart: {ApplyOn: None}", None, None, id="SnapStart is off"),
        pytest.param("SnapStart: {ApplyOn: !Ref Mode}", "4:17", None, id="from a parameter"),
        pytest.param(
            "TenancyConfig: {TenantIsolationMode: PER_TENANT}", None, "4:17", id="tenants"
        ),
    ],
)
@pytest.mark.parametrize("form", ["serverless", "globals", "lambda"])
def test_snapstart_and_tenants(
    tmp_path: Path, form: str, properties: str, snap_start: str | None, tenancy: str | None
) -> None:
    """Both are read from a function of SAM or CloudFormation, and from the globals."""
    kind = "Lambda" if form == "lambda" else "Serverless"
    mode = "Parameters: {Mode: {Type: String, Default: PublishedVersions}}"
    function = f"{{Type: AWS::{kind}::Function, Properties: {{\n    Timeout: 3, {properties}}}}}"
    text = f"{mode}\n\nResources: {{F: {function}}}\n"
    if form == "globals":
        text = f"{mode}\nResources: {{F: {{Type: AWS::Serverless::Function}}}}\nGlobals: {{Function: {{\n    Timeout: 3, {properties}}}}}\n"
    project = write(tmp_path, text)
    found = project.resolve(project.find("F"))
    places = [place and str(place).partition(":")[2] for place in (found.snap_start, found.tenancy)]
    assert places == [snap_start, tenancy]


SAM = "CapacityProviderConfig: {{Arn: !GetAtt P.Arn, {}}}"
CLOUDFORMATION = "CapacityProviderConfig: {{LambdaManagedInstancesCapacityProviderConfig: {{CapacityProviderArn: !GetAtt P.Arn, {}}}}}"


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        pytest.param("Serverless", SAM, id="serverless"),
        pytest.param("Lambda", CLOUDFORMATION, id="lambda"),
    ],
)
@pytest.mark.parametrize(
    ("properties", "max_concurrency", "gib_per_vcpu"),
    [
        pytest.param("", None, 2, id="defaults"),
        pytest.param("PerExecutionEnvironmentMaxConcurrency: !Ref Most", 12, 2, id="concurrency"),
        pytest.param("ExecutionEnvironmentMemoryGiBPerVCpu: 4.5", None, 4.5, id="memory"),
    ],
)
def test_capacity_provider(
    tmp_path: Path,
    kind: str,
    form: str,
    properties: str,
    max_concurrency: int | None,
    gib_per_vcpu: float,
) -> None:
    """Managed instances are read in SAM's and in CloudFormation's form; they allow more memory and time."""
    project = write(
        tmp_path,
        "Parameters: {Most: {Type: Number, Default: 12}}\nResources: {F: {Type: "
        f"AWS::{kind}::Function, Properties: {{MemorySize: 32768, Timeout: 5400,\n {form.format(properties)}}}}}}}\n",
    )
    found = project.resolve(project.find("F")).capacity_provider
    assert found is not None
    assert (found.max_concurrency, found.gib_per_vcpu) == (max_concurrency, gib_per_vcpu)
    assert str(found.place).endswith(":3:2")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        pytest.param(
            "PerExecutionEnvironmentMaxConcurrency: 1601",
            "`PerExecutionEnvironmentMaxConcurrency` must be a whole number from 1 to 1600",
            id="concurrency",
        ),
        pytest.param(
            "ExecutionEnvironmentMemoryGiBPerVCpu: 1.5",
            "`ExecutionEnvironmentMemoryGiBPerVCpu` must be a number from 2 to 8",
            id="memory",
        ),
    ],
)
def test_capacity_provider_that_lambda_refuses(
    tmp_path: Path, properties: str, message: str
) -> None:
    """A value outside of its limits is an error."""
    text = f"Resources: {{F: {{Type: AWS::Serverless::Function, Properties: {{{SAM.format(properties)}}}}}}}"
    project = write(tmp_path, text)
    with pytest.raises(TemplateError, match=message):
        project.resolve(project.find("F"))


def test_file_systems(tmp_path: Path) -> None:
    """A file system has its mount path and place; one with an unknown path is skipped."""
    project = write(
        tmp_path,
        """
Parameters: {Path: {Type: String, Default: /mnt/b}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      FileSystemConfigs:
        - {Arn: !GetAtt Access.Arn, LocalMountPath: /mnt/a}
        - {Arn: !GetAtt Access.Arn, LocalMountPath: !Ref Path}
        - {Arn: !GetAtt Access.Arn, LocalMountPath: !ImportValue Shared}
  Access: {Type: AWS::EFS::AccessPoint}
""",
    )
    function = project.resolve(project.find("F"))
    assert [(each.mount_path, each.place.line) for each in function.file_systems] == [
        ("/mnt/a", 8),
        ("/mnt/b", 9),
    ]
    (diagnostic,) = function.diagnostics
    assert diagnostic.message.startswith("skipping `LocalMountPath`")


def test_a_value_known_only_in_aws_is_reported_and_omitted(tmp_path: Path) -> None:
    """A variable without a value is omitted with a diagnostic, not set to an empty string."""
    project = write(
        tmp_path,
        """
Resources:
  Queue: {Type: AWS::SQS::Queue}
  F:
    Type: AWS::Serverless::Function
    Properties: {Environment: {Variables: {A: !GetAtt Queue.Unheard, B: [1]}}}
""",
    )
    function = project.resolve(project.find("F"))
    assert values(function) == {"A": None, "B": None}
    assert [diagnostic.message for diagnostic in function.diagnostics] == [
        "skipping `A`: `Queue.Unheard` is known only after deployment",
        "skipping `B`: it is a list, and Lambda takes strings",
    ]


@pytest.mark.parametrize("name", ["template.json", "template.yml", "template.yaml"])
def test_the_template_is_found_by_its_usual_names(tmp_path: Path, name: str) -> None:
    """Without `-t` the usual names are searched for."""
    (tmp_path / name).write_text('{"Resources": {}}')
    assert open_project(directory=tmp_path).path == tmp_path / name


def test_no_template_at_all(tmp_path: Path) -> None:
    """The error for an empty directory lists the names that were searched for."""
    with pytest.raises(TemplateNotFoundError, match="no template in") as caught:
        open_project(directory=tmp_path)
    assert "template.yaml, template.yml, template.json" in str(caught.value.hint)


def test_a_template_without_resources(tmp_path: Path) -> None:
    """A file without resources is an error."""
    with pytest.raises(TemplateError, match="the template has no `Resources`"):
        write(tmp_path, "Parameters: {}").find("F")


def test_the_region_shows_in_arns() -> None:
    """`--region` sets `AWS::Region`."""
    project = open_project(BASIC, parameter_overrides={"Token": "x"}, region="cn-north-1")
    function = project.resolve(project.find("Reviews"))
    assert values(function)["RATINGS"] == (
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:dev-ratings"
    )
