"""The configuration of a function, as its execution environments know it."""

from __future__ import annotations

from typing import Literal

from samlocal.frozen_dataclass import frozen

InitializationType = Literal[
    "on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances"
]


@frozen
class FunctionConfiguration:
    """What Lambda's APIs and logs say about a function, and the limits of its invocations.

    `runtime_version` is a name such as `python:3.13`, None for an image. The log levels are None if the
    function sets none. Up to `max_concurrency` invocations run at once in one environment. With
    `unlimited`, Init and Invoke have no time limit, because a debugger may pause them.
    """

    name: str
    arn: str
    account_id: str
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
