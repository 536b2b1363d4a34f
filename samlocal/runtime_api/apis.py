"""The APIs that the processes in a sandbox call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.runtime_api.runtime import RuntimeApi

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration


class SandboxApis:
    """The APIs for one life of the processes in a sandbox: new processes get new ones.

    The Runtime API is always there. The others are imported and created at their first use, because most
    functions never call them.
    """

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self.runtime = RuntimeApi()
        self._configuration = configuration
