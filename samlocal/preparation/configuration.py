"""The configuration of a resolved function for its execution environments."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

from samlocal.env_vars.lambda_variables import log_group
from samlocal.function_configuration import FunctionConfiguration

if TYPE_CHECKING:
    from samlocal.preparation.resolution import ResolvedFunction

# For example `python3.13`, `nodejs22.x`, `java8.al2` or `provided.al2023`.
_RUNTIME: Final = re.compile(r"([a-z]+)\.?(.+?)(?:\.x)?")


def configuration_of(resolved: ResolvedFunction) -> FunctionConfiguration:
    """Return the configuration of a function, with the values that its environment variables state."""
    function, variables = resolved.function, resolved.environment.as_dict()
    logging = function.logging
    is_managed = resolved.initialization_type == "lambda-managed-instances"
    return FunctionConfiguration(
        name=function.name,
        arn=resolved.arn,
        account_id=function.account_id,
        region=variables.get("AWS_REGION", function.region),
        version=resolved.version,
        handler=variables.get("_HANDLER"),
        memory_mb=function.memory_mb,
        timeout_seconds=resolved.timeout_seconds,
        unlimited=resolved.debug is not None,
        runtime_version=_runtime_version(function.runtime),
        log_group=variables.get("AWS_LAMBDA_LOG_GROUP_NAME", log_group(function)),
        log_stream=variables.get("AWS_LAMBDA_LOG_STREAM_NAME", resolved.version),
        log_format="JSON" if is_managed else logging.log_format,
        application_log_level=logging.application_log_level,
        system_log_level=logging.system_log_level,
        initialization_type=resolved.initialization_type,
        max_concurrency=resolved.max_concurrency,
        metadata_token=uuid.uuid4().hex,
        credentials=resolved.credentials,
    )


def _runtime_version(runtime: str | None) -> str | None:
    """Return the name of a runtime's version as in Lambda's logs: `python3.13` is `python:3.13`."""
    found = _RUNTIME.fullmatch(runtime or "")
    return ":".join(found.groups()) if found else None
