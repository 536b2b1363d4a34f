"""Services as projects: their functions, and what each of them is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from samlocal.documents.read_files import recorded_files
from samlocal.errors import FunctionNotFoundError, TemplateError, VariableError
from samlocal.function import EventInvokeConfig, LocalCode
from tests.unit.serverless.services import (
    ACCOUNT,
    PROJECTS,
    environment,
    open_service,
    resolved,
    write_service,
)

if TYPE_CHECKING:
    from pathlib import Path

SHOP = PROJECTS / "shop"
ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}"


def test_functions_have_their_keys_logical_ids_and_names() -> None:
    """A null function is dropped, and one whose condition is false is excluded."""
    project = open_service(SHOP)
    assert [
        (each.full_path, each.function_id, each.function_name) for each in project.functions
    ] == [
        ("list-ratings", "ListDashratingsLambdaFunction", "shop-dev-list-ratings"),
        ("worker", "WorkerLambdaFunction", "shop-worker"),
        ("reports", "ReportsLambdaFunction", None),
        ("big_one", "BigUnderscoreoneLambdaFunction", "shop-dev-big_one"),
    ]
    assert [each.full_path for each in project.excluded] == ["beta"]


@pytest.mark.parametrize(
    "name", ["list-ratings", "ListDashratingsLambdaFunction", "shop-dev-list-ratings"]
)
def test_finding_a_function_opens_no_other_files(name: str) -> None:
    """Key, logical id and name find a function; files of other functions are not opened."""
    with recorded_files() as files:
        project = open_service(SHOP)
        assert project.find(name).full_path == "list-ratings"
        resolved(project, name)
    assert SHOP / "serverless.yml" in files
    assert SHOP / "functions/reports.yml" not in files


def test_an_unknown_function_has_a_suggestion() -> None:
    """The hint of a misspelt name has a function's key."""
    with pytest.raises(FunctionNotFoundError, match="no function `list-rating`") as caught:
        open_service(SHOP).find("list-rating")
    assert caught.value.hint == "did you mean `list-ratings`?"


def test_an_excluded_function_is_not_found() -> None:
    """The error says which condition is false, and another stage finds the function."""
    with pytest.raises(FunctionNotFoundError, match="its condition `IsProduction` is false"):
        open_service(SHOP).find("beta")
    assert open_service(SHOP, stage="production").find("beta").function_name == (
        "shop-production-beta"
    )


def test_a_function_has_what_its_service_says() -> None:
    """The settings of the function come over those of the provider."""
    function = resolved(open_service(SHOP), "list-ratings", for_api=True)
    assert function.name == function.function_name == "shop-dev-list-ratings"
    assert function.logical_id == function.full_path == "list-ratings"
    assert function.framework == "serverless"
    assert (function.region, function.account_id) == ("eu-west-1", ACCOUNT)
    assert (function.runtime, function.handler) == ("python3.13", "src/ratings.list_all")
    assert (function.memory_mb, function.timeout_seconds) == (256, 10)
    assert (function.ephemeral_storage_mb, function.architecture) == (1024, "arm64")
    assert isinstance(function.code, LocalCode)
    assert function.code.path == SHOP
    assert function.tags == {"team": "shop", "cost": "high"}
    assert (function.description, function.tracing) == ("Lists ratings", "Active")
    assert function.reserved_concurrency == 3
    assert function.logging.log_format == "JSON"
    assert function.dead_letter == f"arn:aws:sns:eu-west-1:{ACCOUNT}:Alarms"
    assert function.diagnostics == ()


def test_asynchronous_invocations_are_handled_as_the_function_says() -> None:
    """A destination may be the key of another function."""
    function = resolved(open_service(SHOP), "list-ratings", for_api=True)
    config = function.event_invoke["$LATEST"]
    assert dataclasses.replace(config, place=None) == EventInvokeConfig(
        max_retries=1, on_failure=f"{ARN}:function:shop-worker"
    )


def test_the_environment_is_the_providers_with_the_functions_over_it() -> None:
    """Null removes a variable, scalars are JavaScript's text, and CloudFormation's functions are resolved."""
    function = resolved(open_service(SHOP), "list-ratings")
    assert environment(function) == {
        "STAGE": "dev",
        "TABLE": "shop-dev-ratings",
        "LIMIT": "25",
        "RATE": "1.5",
        "DEBUG": "true",
        "WORKER": f"{ARN}:function:shop-worker",
        "QUEUE": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/Queue",
        "BUCKET": f"uploads-{ACCOUNT}",
        "LOG_GROUP": "/aws/lambda/shop-dev-list-ratings",
        "STACK": "shop-dev",
    }


def test_layers_are_those_of_the_service_and_arns() -> None:
    """A layer of the service is a directory of it."""
    local, remote = resolved(open_service(SHOP), "list-ratings").layers
    assert isinstance(local.code, LocalCode)
    assert local.code.path == SHOP / "layers/fmt"
    assert (local.runtimes, local.architectures) == (("python3.13",), ("arm64",))
    assert remote.arn == "arn:aws:lambda:eu-west-1:111122223333:layer:public:4"


def test_the_resources_change_functions() -> None:
    """`extensions` replace a property, `Resources` add to the function."""
    project = open_service(SHOP)
    assert resolved(project, "worker").memory_mb == 2048
    big = resolved(project, "big_one")
    assert environment(big)["ADDED"] == "by resources"
    assert environment(big)["STAGE"] == "dev"
    assert (big.memory_mb, big.timeout_seconds) == (1024, 10)


def test_provisioned_concurrency_makes_an_alias() -> None:
    """Each function has a version, and one with provisioned concurrency an alias of it."""
    project = open_service(SHOP)
    assert resolved(project, "worker").qualifiers == {"1": "1"}
    assert resolved(project, "big_one").qualifiers == {"1": "1", "provisioned": "1"}


def test_stage_and_region_are_the_options() -> None:
    """The options come over the provider's; the shell's Region does not matter."""
    function = resolved(open_service(SHOP, stage="prod", region="us-west-2"), "worker")
    assert environment(function)["STAGE"] == "prod"
    assert function.region == "us-west-2"


def test_functions_of_a_list_are_merged_deeply(tmp_path: Path) -> None:
    """A later item adds to the environment of a function."""
    project = write_service(
        tmp_path,
        """
service: shop
provider: {name: aws, runtime: python3.13}
functions:
  - one: {handler: app.handler, environment: {A: 1, B: 2}}
  - ${self:custom.more}
custom:
  more:
    one: {environment: {B: 3}}
    two: {handler: app.handler}
""",
        app="",
    )
    assert [each.full_path for each in project.functions] == ["one", "two"]
    assert environment(resolved(project, "one")) == {"A": "1", "B": "3"}


@pytest.mark.parametrize(
    ("version", "runtime"), [("3", "nodejs16.x"), ("^4.1.0", "nodejs20.x"), (None, "nodejs16.x")]
)
def test_a_function_without_a_runtime_has_that_of_serverless(
    tmp_path: Path, version: str | None, runtime: str
) -> None:
    """The default depends on the version of Serverless, and a diagnostic names it."""
    tmp_path.joinpath("app.js").touch()
    project = write_service(
        tmp_path,
        f"""
service: shop
{f'frameworkVersion: "{version}"' if version else ""}
provider: aws
functions: {{hello: {{handler: app.handler}}}}
""",
    )
    function = resolved(project, "hello")
    assert (function.runtime, function.memory_mb, function.timeout_seconds) == (runtime, 1024, 6)
    assert f"using `{runtime}`" in function.diagnostics[0].message


def test_a_part_of_the_resources_that_cannot_be_read_is_skipped(tmp_path: Path) -> None:
    """A function that does not need it runs, with a diagnostic."""
    project = write_service(
        tmp_path,
        """
service: shop
provider: {name: aws, runtime: python3.13}
functions: {hello: {handler: app.handler}}
resources: ["${file(resources.yml)}"]
""",
        app="",
    )
    assert resolved(project, "hello").handler == "app.handler"
    (said,) = project.diagnostics
    assert said.message.startswith("skipping a part of `resources`")
    assert said.place is not None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "service: {name: shop}\nprovider: aws",
            "must be the name",
            "write `service: shop`",
            id="service",
        ),
        pytest.param("provider: aws", "has no `service`", "name the service", id="no-service"),
        pytest.param("service: shop", "has no `provider`", "add `provider", id="no-provider"),
        pytest.param(
            "service: shop\nprovider: {runtime: x}", "`provider` has no `name`", "add", id="no-name"
        ),
        pytest.param(
            "service: shop\nprovider: {name: google}", "runs on `google`", "aws", id="google"
        ),
        pytest.param("service: shop\nprovider: aws", "has no functions", "declare", id="none"),
        pytest.param(
            "service: shop\nprovider: aws\nfunction: {a: {handler: b.c}}",
            "has no functions",
            "did you mean `functions`?",
            id="misspelt",
        ),
        pytest.param(
            "service: shop\nprovider: [aws]", "`provider` must be a mapping", "", id="provider"
        ),
        pytest.param(
            "service: shop\nprovider: aws\nplugins: a", "`plugins` must be a list", "", id="plugins"
        ),
    ],
)
def test_a_service_that_cannot_run_is_refused(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    """The error has a place and says what to write."""
    functions = (
        "\nfunctions: {hello: {handler: app.handler}}" if "no functions" not in message else ""
    )
    project = write_service(tmp_path, text + functions, app="")
    with pytest.raises((TemplateError, FunctionNotFoundError), match=message) as caught:
        resolved(project, "hello")
    assert caught.value.place is not None
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{}", "neither a `handler` nor an `image`"),
        ("{handler: ''}", "neither a `handler` nor an `image`"),
        ("text", "must be a mapping, not `text`"),
        ("{handler: app.handler, image: web}", "both a `handler` and an `image`"),
        ("{handler: app.handler, timeout: 1000}", "`timeout` must be a whole number from 1 to 900"),
        ("{handler: app.handler, memorySize: x}", "`memorySize` must be a whole number"),
        ("{handler: app.handler, architecture: z80}", "`architecture` must be x86_64 or arm64"),
        ("{handler: app.handler, environment: [A]}", "`environment` must be a mapping"),
        ("{handler: app.handler, environment: {A: [1]}}", "`A` cannot be a list"),
        ("{handler: app.handler, environment: {A: {b: 1}}}", "`A` cannot be a mapping"),
        ("{handler: app.handler, layers: {A: 1}}", "`layers` must be a list"),
    ],
)
def test_a_function_that_cannot_run_is_refused(tmp_path: Path, settings: str, message: str) -> None:
    """The error has a place, and the words of the configuration."""
    text = f"service: shop\nprovider: {{name: aws, runtime: python3.13}}\nfunctions: {{hello: {settings}}}"
    with pytest.raises(TemplateError, match=message) as caught:
        resolved(write_service(tmp_path, text, app=""), "hello")
    assert caught.value.place is not None


def test_plugins_that_change_environments_are_named(tmp_path: Path) -> None:
    """A plugin is not run; those that functions do not notice are not named."""
    project = write_service(
        tmp_path,
        """
service: shop
provider: {name: aws, runtime: python3.13}
plugins: [serverless-offline, serverless-dotenv-plugin, ./plugins/own]
functions: {hello: {handler: app.handler}}
""",
        app="",
    )
    entry = project.find("hello")
    assert [(each.message, each.hint) for each in project.diagnostics_for(entry)] == [
        (
            "the plugin `serverless-dotenv-plugin` is not run: variables of `.env` files are not added",
            "give them with `--env-vars .env`",
        ),
        (
            "the plugin `./plugins/own` is not run: what it changes in the configuration is missing",
            None,
        ),
    ]


def test_a_name_in_a_file_is_found() -> None:
    """A name that no key and no inline function has is looked for in the files."""
    with recorded_files() as files:
        assert open_service(SHOP).find("shop-reports").full_path == "reports"
    assert SHOP / "functions/reports.yml" in files


def test_a_variable_of_another_function_does_not_matter() -> None:
    """Only the function whose variable cannot be resolved fails, and `failures` tells of all."""
    project = open_service(SHOP)
    assert resolved(project, "worker").name == "shop-worker"
    with pytest.raises(VariableError, match="REPORT_TIMEOUT") as caught:
        resolved(project, "reports")
    assert caught.value.place is not None
    assert [error.message for error in project.failures] == [caught.value.message]


def test_a_fallback_for_a_value_in_aws_is_named(tmp_path: Path) -> None:
    """A value that is stored in AWS is an error without a fallback; with one, a diagnostic says so."""
    project = write_service(
        tmp_path,
        """
service: shop
provider: {name: aws, runtime: python3.13}
functions:
  one: {handler: app.handler, environment: {KEY: "${ssm:/key, 'none'}"}}
  two: {handler: app.handler, environment: {KEY: "${ssm:/key}"}}
""",
        app="",
    )
    function = resolved(project, "one")
    assert environment(function) == {"KEY": "none"}
    (said,) = function.diagnostics
    assert "its fallback applies" in said.message
    with pytest.raises(VariableError, match="`ssm:/key`") as caught:
        resolved(project, "two")
    assert "--resolve-file" in (caught.value.hint or "")


RESOURCES = """
service: shop
provider: {name: aws, runtime: python3.13, stackName: all, iam: {role: {name: mine}}}
functions:
  hello:
    handler: app.handler
    environment: {VALUE: %s}
resources:
  Parameters: {Size: {Type: String, Default: small}}
  Mappings: {Sizes: {small: {memory: 1}}}
  Conditions: {IsSmall: !Equals [!Ref Size, small]}
  Resources:
    Table: "${self:custom.table}"
  Outputs:
    TableName: {Value: !Ref Table, Export: {Name: "${self:service}-table"}}
custom:
  table: {Type: AWS::DynamoDB::Table, Properties: {TableName: "${self:service}-ratings"}}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!Ref Table", "shop-ratings"),
        ("!GetAtt Table.Arn", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/shop-ratings"),
        ("!Ref Size", "small"),
        ("!FindInMap [Sizes, !Ref Size, memory]", "1"),
        ("!If [IsSmall, a, b]", "a"),
        ("!ImportValue shop-table", "shop-ratings"),
        ("!Sub '${AWS::StackName} ${Table}'", "all shop-ratings"),
        ("!GetAtt IamRoleLambdaExecution.Arn", f"arn:aws:iam::{ACCOUNT}:role/mine"),
        ("!Ref HelloLambdaFunction", "shop-dev-hello"),
        ("!GetAtt HelloLambdaFunctionUrl.FunctionUrl", None),
        ("!Ref SNSTopicAlarms", None),
    ],
)
def test_functions_of_cloudformation_are_resolved(
    tmp_path: Path, value: str, expected: str | None
) -> None:
    """The resources of the service are known, and those that Serverless makes."""
    function = resolved(write_service(tmp_path, RESOURCES % value, app=""), "hello")
    assert environment(function) == {"VALUE": expected}
    assert bool(function.diagnostics) is (expected is None)


def test_parameters_of_the_resources_have_values(tmp_path: Path) -> None:
    """An override is for a parameter that `resources` declares."""
    write_service(tmp_path, RESOURCES % "!Ref Size", app="")
    project = open_service(tmp_path, parameters={"Size": "large", "Siz": "x"})
    assert environment(resolved(project, "hello")) == {"VALUE": "large"}
    (said,) = project.diagnostics
    assert (said.message, said.hint) == (
        "`resources` has no parameter `Siz`",
        "did you mean `Size`?",
    )


@pytest.mark.parametrize("runtime", ["", "runtime: '${env:NO_RUNTIME}'"])
def test_a_runtime_that_an_option_replaces_does_not_matter(tmp_path: Path, runtime: str) -> None:
    """It is neither resolved nor guessed for the function."""
    project = write_service(
        tmp_path,
        f"service: shop\nprovider:\n  name: aws\n  {runtime}\nfunctions: {{hello: {{handler: app.h}}}}",
    )
    entry = project.find("hello")
    function = project.resolve(entry, replaced=["Runtime", "Architectures"])
    assert function.handler == "app.h"
    assert function.diagnostics == ()
