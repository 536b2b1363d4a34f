"""What clients read about functions, versions and aliases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from tests.functional.lambda_api.fakes import ACCOUNT_ID, CODE, FUNCTIONS, REGION

if TYPE_CHECKING:
    from tests.functional.lambda_api.aws import Aws
    from tests.functional.lambda_api.conftest import Endpoint

ARN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function"


def test_get_function(aws: Aws) -> None:
    """A function has all that Lambda shows of one."""
    response = aws.call("get_function", FunctionName="Echo")
    configuration = response["Configuration"]

    assert configuration.pop("RevisionId")
    assert configuration == {
        "FunctionName": "Echo",
        "FunctionArn": f"{ARN}:Echo",
        "Runtime": "python3.13",
        "Role": f"arn:aws:iam::{ACCOUNT_ID}:role/EchoRole",
        "Handler": "app.handler",
        "CodeSize": 1234,
        "Description": "says it again",
        "Timeout": 3,
        "MemorySize": 128,
        "LastModified": "2025-11-26T10:11:12.123+0000",
        "CodeSha256": CODE.sha256,
        "Version": "$LATEST",
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:dead"},
        "Environment": {"Variables": {"STAGE": "dev"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "Layers": [{"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:layer:Tools:1", "CodeSize": 0}],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/Echo"},
    }
    assert response["Code"] == {"RepositoryType": "S3", "Location": "file:///app/src"}
    assert response["Tags"] == {"team": "blue"}
    assert "Concurrency" not in response


@pytest.mark.parametrize(
    ("qualifier", "arn", "version"),
    [
        ("$LATEST", f"{ARN}:Echo:$LATEST", "$LATEST"),
        ("1", f"{ARN}:Echo:1", "1"),
        ("live", f"{ARN}:Echo:live", "2"),
    ],
)
def test_version(aws: Aws, qualifier: str, arn: str, version: str) -> None:
    """A version is asked for with the parameter or in the name, and has an ARN of its own."""
    asked = aws.call("get_function_configuration", FunctionName="Echo", Qualifier=qualifier)
    named = aws.call("get_function_configuration", FunctionName=f"Echo:{qualifier}")

    assert asked == named
    assert (asked["FunctionArn"], asked["Version"]) == (arn, version)


def test_image(aws: Aws) -> None:
    """A function that is an image has neither runtime nor handler."""
    response = aws.call("get_function", FunctionName="NoImage")
    configuration = response["Configuration"]

    assert response["Code"] == {"RepositoryType": "ECR", "ImageUri": "it"}
    assert configuration["PackageType"] == "Image"
    assert configuration["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app"]}}
    assert "Runtime" not in configuration
    assert "Handler" not in configuration


def test_function_without_code(aws: Aws) -> None:
    """A function whose code is missing has failed, and says why."""
    configuration = aws.call("get_function_configuration", FunctionName="Broken")

    assert configuration["State"] == "Failed"
    assert configuration["StateReason"].endswith("`src` does not exist (run `sam build`)")
    assert configuration["CodeSize"] == 0


@pytest.mark.parametrize(
    "waiter",
    [
        "function_exists",
        "function_active",
        "function_active_v2",
        "function_updated",
        "function_updated_v2",
        "published_version_active",
    ],
)
def test_waiters(aws: Aws, waiter: str) -> None:
    """Clients that wait for a function find it ready at once."""
    aws.wait(waiter, "Echo")


def test_list_functions(aws: Aws) -> None:
    """The list has all functions, in the order of the template, without a state."""
    functions = aws.call("list_functions")["Functions"]

    assert [each["FunctionName"] for each in functions] == [each.name for each in FUNCTIONS]
    assert all("State" not in each for each in functions)
    assert functions[0]["FunctionArn"] == f"{ARN}:Echo"


def test_list_functions_in_pages(aws: Aws) -> None:
    """A page leads to the next one."""
    pages = aws.pages("list_functions", PaginationConfig={"PageSize": 5})

    sizes = [len(page["Functions"]) for page in pages]
    assert sizes[:-1] == [5] * (len(pages) - 1)
    assert sum(sizes) == len(FUNCTIONS)


def test_list_all_versions(aws: Aws) -> None:
    """With `ALL` the list has every version, and each ARN names it."""
    functions = aws.call("list_functions", FunctionVersion="ALL")["Functions"]

    echoes = [each["FunctionArn"] for each in functions if each["FunctionName"] == "Echo"]
    assert echoes == [f"{ARN}:Echo:{version}" for version in ("$LATEST", "1", "2")]


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"FunctionVersion": "1"}, "ValidationException", "enum value set: [ALL]"),
        ({"Marker": "x"}, "InvalidParameterValueException", "The marker 'x' is not valid."),
        ({"Marker": "9" * 5000}, "InvalidParameterValueException", "9' is not valid."),
    ],
)
def test_wrong_list_parameters(aws: Aws, given: dict[str, str], code: str, text: str) -> None:
    """Parameters of a list are checked."""
    error = aws.refusal("list_functions", **given)

    assert (error.status, error.code) == (400, code)
    assert text in error.message


@pytest.mark.parametrize("value", ["0", "10001", "x", "", "-1", "9" * 30])
def test_wrong_page_size(endpoint: Endpoint, value: str) -> None:
    """`MaxItems` is a number from 1 to 10000."""
    path = f"/2015-03-31/functions/?MaxItems={value}"
    status, headers, body = endpoint.send("GET", path)

    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert f"'{value}' at 'maxItems'" in json.loads(body)["message"]


def test_list_versions(aws: Aws) -> None:
    """The versions begin with `$LATEST`."""
    versions = aws.call("list_versions_by_function", FunctionName="Echo")["Versions"]
    paged = aws.pages(
        "list_versions_by_function", FunctionName="Echo", PaginationConfig={"PageSize": 2}
    )

    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2"]
    assert versions[0]["FunctionArn"] == f"{ARN}:Echo:$LATEST"
    assert [len(page["Versions"]) for page in paged] == [2, 1]


def test_aliases(aws: Aws) -> None:
    """Aliases have an ARN and a version, by which they are found."""
    aliases = aws.call("list_aliases", FunctionName="Echo")["Aliases"]
    of_2 = aws.call("list_aliases", FunctionName="Echo", FunctionVersion="2")["Aliases"]

    assert [(each["Name"], each["FunctionVersion"]) for each in aliases] == [
        ("live", "2"),
        ("next", "$LATEST"),
    ]
    assert of_2 == aliases[:1]
    assert aws.call("get_alias", FunctionName="Echo", Name="live") == aliases[0]
    assert aliases[0]["AliasArn"] == f"{ARN}:Echo:live"
    assert aliases[0]["Description"] == ""


@pytest.mark.parametrize("name", ["missing", "1", "-"])
def test_unknown_alias(aws: Aws, name: str) -> None:
    """A version is not an alias, and a number cannot be one."""
    error = aws.refusal("get_alias", FunctionName="Echo", Name=name)

    if name == "1":
        assert (error.status, error.code) == (400, "ValidationException")
    else:
        assert (error.status, error.code) == (404, "ResourceNotFoundException")
        assert error.message == f"Cannot find alias arn: {ARN}:Echo:{name}"


def test_concurrency(aws: Aws) -> None:
    """Reserved concurrency is that of the template, if it has one."""
    throttled = aws.call("get_function_concurrency", FunctionName="Throttled")

    assert throttled == {"ReservedConcurrentExecutions": 2}
    assert aws.call("get_function_concurrency", FunctionName="Echo") == {}
    function = aws.call("get_function", FunctionName="Throttled")
    assert function["Concurrency"] == {"ReservedConcurrentExecutions": 2}


def test_recursion_config(aws: Aws) -> None:
    """Loops are stopped, unless the template allows them."""
    echo = aws.call("get_function_recursion_config", FunctionName="Echo")
    handled = aws.call("get_function_recursion_config", FunctionName="Handled")

    assert (echo["RecursiveLoop"], handled["RecursiveLoop"]) == ("Terminate", "Allow")


def test_event_invoke_config(aws: Aws) -> None:
    """The handling of asynchronous invocations is that of the template."""
    response = aws.call("get_function_event_invoke_config", FunctionName="Handled")

    assert response.pop("LastModified") == CODE.last_modified
    assert response == {
        "FunctionArn": f"{ARN}:Handled:$LATEST",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {
            "OnSuccess": {},
            "OnFailure": {"Destination": f"{ARN}:Echo"},
        },
    }


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("Echo", f"{ARN}:Echo:$LATEST"),
        ("Handled:live", f"{ARN}:Handled:live"),
        ("missing", f"{ARN}:missing:$LATEST"),
    ],
)
def test_no_event_invoke_config(aws: Aws, name: str, arn: str) -> None:
    """A function, version or alias without one is not found, whether it exists or not."""
    error = aws.refusal("get_function_event_invoke_config", FunctionName=name)

    assert (error.status, error.code) == (404, "ResourceNotFoundException")
    assert error.message == f"The function {arn} doesn't have an EventInvokeConfig"


def test_account_settings(aws: Aws) -> None:
    """The account has Lambda's limits, and what the project uses of them."""
    response = aws.call("get_account_settings")

    assert response["AccountLimit"] == {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000,
        "UnreservedConcurrentExecutions": 998,
    }
    assert response["AccountUsage"] == {
        "TotalCodeSize": 1234 * (len(FUNCTIONS) - 1),
        "FunctionCount": len(FUNCTIONS),
    }
