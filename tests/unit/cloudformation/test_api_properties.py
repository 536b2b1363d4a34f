"""Properties that only callers of Lambda's API notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.errors import TemplateError

PROJECTS = Path(__file__).parents[2] / "projects"
BROKEN = PROJECTS / "broken-asynchronous" / "template.yaml"


@pytest.mark.parametrize(
    ("name", "message", "line"),
    [
        (
            "NegativeConcurrency",
            "`ReservedConcurrentExecutions` must be a whole number of at least 0, not `-1`",
            8,
        ),
        (
            "ConcurrencyInWords",
            "`ReservedConcurrentExecutions` must be a whole number of at least 0, not `many`",
            9,
        ),
        (
            "TooManyRetries",
            "`MaximumRetryAttempts` must be a whole number from 0 to 2, not `5`",
            10,
        ),
        ("HalfARetry", "`MaximumRetryAttempts` must be a whole number from 0 to 2, not `0.5`", 11),
        (
            "TooYoung",
            "`MaximumEventAgeInSeconds` must be a whole number from 60 to 21600, not `59`",
            12,
        ),
        ("ConfigOfText", "`EventInvokeConfig` must be a mapping, not `often`", 13),
        ("NoType", "`OnFailure` needs a `Type`", 16),
        ("WrongType", "`Type` must be SQS, SNS, EventBridge, Lambda or S3Bucket, not `Kafka`", 19),
        ("NoDestination", "`OnSuccess` needs a `Destination`, the ARN that events go to", 22),
        ("NameForAnArn", "`Destination` must be an ARN, not `NoType`", 25),
        ("NoTarget", "`DeadLetterQueue` needs a `TargetArn`", 26),
        ("WrongQueue", "`Type` must be SQS or SNS, not `Lambda`", 27),
        ("WrongMode", "`Tracing` must be Active, PassThrough or Disabled, not `on`", 28),
        ("Twice", "`Second` is the second `EventInvokeConfig` for `$LATEST` of `Twice`", 30),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_a_value_that_lambda_refuses(name: str, message: str, line: int) -> None:
    """A value that cannot be deployed is an error with its place."""
    project = open_project(BROKEN)
    with pytest.raises(TemplateError) as caught:
        project.resolve(project.find(name), for_api=True)
    assert caught.value.message == message
    assert caught.value.place is not None
    assert caught.value.place.line == line


def test_one_invocation_does_not_need_them() -> None:
    """`local invoke` neither reads nor judges what it does not use."""
    project = open_project(BROKEN)
    function = project.resolve(project.find("TooManyRetries"))
    assert function.event_invoke == {}
    assert function.diagnostics == ()
