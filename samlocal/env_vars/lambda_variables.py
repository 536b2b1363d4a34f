"""The variables that Lambda sets itself, grouped as on AWS's page, and those that sam adds locally.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.function import ImageCode
from samlocal.qualifier import LATEST

if TYPE_CHECKING:
    from samlocal.credentials import Credentials
    from samlocal.function import Function
    from samlocal.function_configuration import InitializationType

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Names that a function's configuration may not use. `TZ` was reserved in the past."""

ADJUSTABLE = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }
)
"""Reserved names that a local run may set.

A local stack of services has its own keys and Region, and fewer workers start faster.
"""

# Lambda sets it on managed instances only.
MAX_CONCURRENCY_NAME = "AWS_LAMBDA_MAX_CONCURRENCY"

# What sam gives a function when it finds no credentials: SDKs can create clients, and do not look for
# the machine's own credentials.
PLACEHOLDER_ACCESS_KEY_ID = "defaultkey"
PLACEHOLDER_SECRET_ACCESS_KEY = "defaultsecret"  # noqa: S105  # it opens nothing

# A debugger may pause a function; sam allows ten hours.
DEBUGGING_TIMEOUT_SECONDS = 36_000


@frozen
class Execution:
    """What Lambda knows about an execution environment besides the function's configuration."""

    version: str = LATEST
    debugging: bool = False
    initialization_type: InitializationType = "on-demand"
    max_concurrency: int = 1

    @property
    def is_managed(self) -> bool:
        """Whether it is on Lambda Managed Instances, and serves up to `max_concurrency` invocations at once."""
        return self.initialization_type == "lambda-managed-instances"

    def with_concurrency(self, concurrency: int | None) -> Execution:
        """Return the same on managed instances; None changes nothing."""
        if concurrency is None:
            return self
        return replace(
            self, initialization_type="lambda-managed-instances", max_concurrency=concurrency
        )


def lambda_variables(function: Function, execution: Execution) -> dict[str, str]:
    """Return the variables that Lambda sets itself, except the credentials.

    Not here: `AWS_LAMBDA_RUNTIME_API`, which the sandbox knows; `_X_AMZN_TRACE_ID`, which a runtime
    sets at each invocation; `PATH`, `LD_LIBRARY_PATH`, `LANG`, `NODE_PATH` and the like, which are in
    the runtime's image and differ between images.
    """
    return {**_reserved(function, execution), **_logging(function, execution), **_unreserved()}


def _reserved(function: Function, execution: Execution) -> dict[str, str]:
    variables = {
        "AWS_DEFAULT_REGION": function.region,
        "AWS_REGION": function.region,
        "AWS_LAMBDA_INITIALIZATION_TYPE": execution.initialization_type,
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
    }
    if function.runtime is not None and execution.initialization_type == "native-http":
        # A web function is a server, which knows nothing of functions and invocations.
        return {**variables, "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}"}
    variables |= {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": execution.version,
    }
    # A snapshot serves many log streams: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html
    if execution.initialization_type != "snap-start":
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = log_group(function)
        variables["AWS_LAMBDA_LOG_STREAM_NAME"] = execution.version
    handler = _handler(function)
    if handler is not None:
        variables["_HANDLER"] = handler
    # Not defined for OS-only runtimes and images; elsewhere the runtime's bootstrap sets the same.
    if function.runtime is not None and not function.runtime.startswith("provided"):
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{function.runtime}"
    if execution.is_managed:
        variables[MAX_CONCURRENCY_NAME] = str(execution.max_concurrency)
    return variables


def log_group(function: Function) -> str:
    """Return the name of the log group of a function."""
    return function.logging.log_group or f"/aws/lambda/{function.name}"


def credential_variables(credentials: Credentials | None) -> dict[str, str]:
    """Return the reserved variables of an execution role: the user's, or placeholders."""
    if credentials is None:
        return {
            "AWS_ACCESS_KEY_ID": PLACEHOLDER_ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": PLACEHOLDER_SECRET_ACCESS_KEY,
        }
    variables = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if credentials.session_token:
        variables["AWS_SESSION_TOKEN"] = credentials.session_token
    return variables


def _handler(function: Function) -> str | None:
    """Return the handler, or for an image the first word of its command, as in sam."""
    if isinstance(function.code, ImageCode):
        return function.code.command[0] if function.code.command else None
    return function.handler


def _logging(function: Function, execution: Execution) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html.

    Logs of managed instances are always in JSON.
    """
    if function.logging.log_format != "JSON" and not execution.is_managed:
        return {}
    return {
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": function.logging.application_log_level or "INFO",
    }


def _unreserved() -> dict[str, str]:
    return {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "TZ": ":UTC",
    }


def local_variables(
    function: Function, execution: Execution, account_id: str | None
) -> dict[str, str]:
    """Return the variables that sam adds to a local function, and the one that marks samlocal.

    SDKs build endpoints from `AWS_ACCOUNT_ID`: https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html
    """
    timeout = DEBUGGING_TIMEOUT_SECONDS if execution.debugging else function.timeout_seconds
    variables = {
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "SAMLOCAL": "true",
    }
    if function.framework != "serverless":
        variables["AWS_SAM_LOCAL"] = "true"
    if account_id is not None:
        variables["AWS_ACCOUNT_ID"] = account_id
    handler = _handler(function)
    if handler is not None:
        variables["AWS_LAMBDA_FUNCTION_HANDLER"] = handler
    return variables
