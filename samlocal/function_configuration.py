"""The configuration of a function, as its execution environments know it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

InitializationType = Literal[
    "on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances", "native-http"
]


@frozen
class ContainerCredentials:
    """AWS credentials that a function gets from an endpoint, for the token in one of its variables.

    `expires` is aware, None if it is not known. `repr` shows none of them.
    """

    token: str = field(repr=False)
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires: datetime | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The same credentials as environment variables."""
        variables = {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }
        if self.session_token:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables


@frozen
class FunctionConfiguration:
    """What Lambda's APIs and logs say about a function, and the limits of its invocations.

    `runtime_version` is a name such as `python:3.13`, None for an image. The log levels are None if the
    function sets none. Up to `max_concurrency` invocations run at once in one environment. With
    `unlimited`, Init and Invoke have no time limit, because a debugger may pause them. The metadata
    endpoint expects `metadata_token`. Only a function with SnapStart has `credentials`. `lambda_endpoint` is
    the Unix socket of the endpoint with Lambda's API through which it calls other functions, if any.
    """

    name: str
    arn: str
    account_id: str
    region: str = "us-east-1"
    version: str = "$LATEST"
    handler: str | None = None
    memory_mb: int = 128
    timeout_seconds: float = 3
    unlimited: bool = False
    runtime_version: str | None = None
    log_group: str = ""
    log_stream: str = "$LATEST"
    log_format: Literal["Text", "JSON"] = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    initialization_type: InitializationType = "on-demand"
    max_concurrency: int = 1
    metadata_token: str = field(default="", repr=False)
    credentials: ContainerCredentials | None = None
    lambda_endpoint: Path | None = None
