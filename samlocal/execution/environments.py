"""Which execution environment a function needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.execution.environment import ExecutionEnvironment

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox


def new_environment(
    sandbox: Sandbox, configuration: FunctionConfiguration, *, log: Log
) -> ExecutionEnvironment:
    """Return an environment for a sandbox: on Lambda Managed Instances one for several invocations at once."""
    if configuration.initialization_type != "lambda-managed-instances":
        return ExecutionEnvironment(sandbox, configuration, log=log)
    from samlocal.execution.concurrent_environment import ConcurrentEnvironment  # noqa: PLC0415  # few functions need it

    return ConcurrentEnvironment(sandbox, configuration, log=log)
