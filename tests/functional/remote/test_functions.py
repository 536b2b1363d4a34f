"""Which deployed function an identifier names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.functional.remote.aws_service import AwsService
    from tests.functional.remote.conftest import Remote

FUNCTION = "AWS::Lambda::Function"
CHILD = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-Child-1/guid"
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:shop-orders-1:live"


@pytest.fixture(autouse=True)
def _stacks(aws: AwsService) -> None:
    aws.stacks = {
        "shop": {
            "Table": ("AWS::DynamoDB::Table", "shop-table"),
            "Queue": ("AWS::SQS::Queue", "https://sqs/1/queue"),
            "Machine": ("AWS::StepFunctions::StateMachine", "arn:machine"),
            "Orders": (FUNCTION, "shop-orders-1"),
            "OrdersAliaslive": ("AWS::Lambda::Alias", ALIAS),
            "Payments": (FUNCTION, "shop-payments-1"),
            "Failed": (FUNCTION, ""),
            "Child": ("AWS::CloudFormation::Stack", CHILD),
        },
        CHILD: {"Ratings": (FUNCTION, "shop-ratings-1")},
        "shop-prod": {"Orders": (FUNCTION, "prod-orders")},
        "shop-test": {"Orders": (FUNCTION, "test-orders")},
        "empty": {},
    }


def invoked(aws: AwsService) -> str:
    """Return the function that was invoked, as the request names it."""
    (request,) = aws.invocations
    return request.path.split("/")[3]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param(("Orders", "--stack-name", "shop"), "shop-orders-1", id="logical ID"),
        pytest.param(("Child/Ratings", "--stack-name", "shop"), "shop-ratings-1", id="nested"),
        pytest.param(
            ("shop-payments-1", "--stack-name", "shop"), "shop-payments-1", id="name in stack"
        ),
        pytest.param(("OrdersAliaslive", "--stack-name", "shop"), ALIAS, id="alias"),
        pytest.param(("--stack-name", "shop-prod"), "prod-orders", id="only function"),
        pytest.param(("Orders", "--config-env", "prod"), "prod-orders", id="stack of sam deploy"),
        pytest.param(("Orders", "--config-env", "test"), "test-orders", id="stack of samconfig"),
        pytest.param(("Orders",), "shop-orders", id="FunctionName"),
        pytest.param(("Orders:live",), "shop-orders:live", id="qualified"),
        pytest.param(("shop-orders",), "shop-orders", id="name in the project"),
        pytest.param(("anything-else",), "anything-else", id="name in AWS"),
        pytest.param(("function:Payments",), "function:Payments", id="partial ARN"),
        pytest.param((ALIAS, "--config-env", "prod"), ALIAS, id="ARN"),
    ],
)
def test_a_function_is_found(
    remote: Remote, aws: AwsService, arguments: tuple[str, ...], name: str
) -> None:
    """The stack knows the function if there is one, else the project; an ARN needs neither."""
    ended = remote(*arguments, "--no-stream")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"{}", "")
    assert invoked(aws) == name


@pytest.mark.parametrize(
    ("arguments", "region"),
    [
        pytest.param(("Orders",), "us-east-1", id="default"),
        pytest.param(("Orders", "--region", "eu-west-3"), "eu-west-3", id="option"),
        pytest.param(("Orders", "--config-env", "prod"), "eu-central-1", id="sam deploy"),
        pytest.param((ALIAS.replace("us-east-1", "sa-east-1"),), "sa-east-1", id="ARN"),
        pytest.param((ALIAS, "--region", "eu-west-3"), "eu-west-3", id="option over ARN"),
    ],
)
def test_the_region_of_a_function(
    remote: Remote, aws: AwsService, arguments: tuple[str, ...], region: str
) -> None:
    """A request is signed for the Region of the options, the deployment or the ARN."""
    assert remote(*arguments, "--no-stream").exit_code == 0
    assert f"/{region}/lambda/aws4_request" in aws.invocations[0].headers["authorization"]


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        pytest.param(
            ("Oders", "--stack-name", "shop"),
            "no function `Oders` in the stack `shop`\nhint: did you mean `Orders`?\n",
            1,
            id="misspelt",
        ),
        pytest.param(
            ("Child/Rating", "--stack-name", "shop"),
            "no function `Rating` in the stack `shop-Child-1`\nhint: did you mean `Ratings`?\n",
            1,
            id="misspelt in a nested stack",
        ),
        pytest.param(
            ("Orders/Ratings", "--stack-name", "shop"),
            "`Orders` in `Orders/Ratings` is not a nested stack\n",
            1,
            id="no nested stack",
        ),
        pytest.param(
            ("--stack-name", "shop"),
            "the stack `shop` has 3 functions\nhint: name one: `Failed`, `Orders`, `Payments`\n",
            1,
            id="several",
        ),
        pytest.param(
            ("--stack-name", "empty"),
            "the stack `empty` has no function\nhint: name one of a nested stack as `Child/Function`\n",
            1,
            id="none",
        ),
        pytest.param(
            ("Orders", "--stack-name", "nothing"),
            "no stack `nothing` in us-east-1\n"
            "hint: check `--stack-name`, `--region` and the account of the credentials\n",
            1,
            id="no stack",
        ),
        pytest.param(
            ("Failed", "--stack-name", "shop"),
            "`Failed` does not exist yet\nhint: wait for the deployment of its stack, or see why it failed\n",
            1,
            id="not created",
        ),
        pytest.param(
            ("Queue", "--stack-name", "shop"),
            "`Queue` is not a Lambda function, but of the type `AWS::SQS::Queue`\nhint: samlocal invokes"
            " Lambda functions only; `aws sqs send-message` sends a message to a queue\n",
            2,
            id="queue",
        ),
        pytest.param(
            ("Machine", "--stack-name", "shop"),
            "`Machine` is not a Lambda function, but of the type `AWS::StepFunctions::StateMachine`\n"
            "hint: samlocal invokes Lambda functions only; `aws stepfunctions start-execution` starts a"
            " state machine\n",
            2,
            id="state machine",
        ),
        pytest.param(
            ("Table", "--stack-name", "shop"),
            "`Table` is not a Lambda function, but of the type `AWS::DynamoDB::Table`\n"
            "hint: samlocal invokes Lambda functions only\n",
            2,
            id="table",
        ),
        pytest.param(
            ("arn:aws:kinesis:us-east-1:123456789012:stream/s",),
            "`arn:aws:kinesis:us-east-1:123456789012:stream/s` is not a Lambda function\nhint: samlocal"
            " invokes Lambda functions only; `aws kinesis put-record` puts a record into a stream\n",
            2,
            id="ARN of a stream",
        ),
        pytest.param(
            ("https://sqs.us-east-1.amazonaws.com/123456789012/queue",),
            "`https://sqs.us-east-1.amazonaws.com/123456789012/queue` is not a Lambda function\nhint: samlocal"
            " invokes Lambda functions only; `aws sqs send-message` sends a message to a queue\n",
            2,
            id="URL of a queue",
        ),
        pytest.param(
            ("arn:aws:lambda",), "`arn:aws:lambda` is not a whole ARN\n", 2, id="part of an ARN"
        ),
        pytest.param(
            ("Child/Ratings",),
            "`Child/Ratings` is in a nested stack\n"
            "hint: `--stack-name NAME` names the stack that it starts from\n",
            2,
            id="nested without a stack",
        ),
        pytest.param(
            ("Payments",),
            "template.yaml:6:3: the name of `Payments` in AWS is not known: CloudFormation chooses it\n"
            "hint: `--stack-name NAME` asks its stack; the function's name in AWS or its ARN needs no stack\n",
            2,
            id="no FunctionName",
        ),
        pytest.param(
            (),
            "the template has 2 functions\nhint: name one: `Orders`, `Payments`\n",
            1,
            id="not named",
        ),
    ],
)
def test_what_names_no_function(
    remote: Remote, aws: AwsService, arguments: tuple[str, ...], message: str, exit_code: int
) -> None:
    """The message says what there is instead; nothing is invoked."""
    assert remote.refused(*arguments, exit_code=exit_code) == f"Error: {message}"
    assert aws.invocations == []


def test_a_large_stack_comes_in_pages(remote: Remote, aws: AwsService) -> None:
    """The only function of a stack is found on any page."""
    tables = {f"Table{n}": ("AWS::DynamoDB::Table", f"t{n}") for n in range(5)}
    aws.stacks["large"] = {**tables, "Last": (FUNCTION, "the-last")}
    aws.page_size = 2
    assert remote("--stack-name", "large", "--no-stream").exit_code == 0
    assert invoked(aws) == "the-last"


def test_a_name_needs_no_project(remote_elsewhere: Remote, aws: AwsService) -> None:
    """Outside of a project, a name is one in AWS."""
    assert remote_elsewhere("shop-orders", "--no-stream").exit_code == 0
    assert invoked(aws) == "shop-orders"


def test_no_name_outside_of_a_project(remote_elsewhere: Remote) -> None:
    """Without a project and a stack, a name is required."""
    assert remote_elsewhere.refused(exit_code=2) == (
        "Error: no function is named\nhint: name one, or its stack: `--stack-name NAME`\n"
    )
