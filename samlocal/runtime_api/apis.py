"""The APIs that the processes in a sandbox call."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from samlocal.runtime_api.runtime import RuntimeApi

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.extensions import ExtensionsApi


class SandboxApis:
    """The APIs for one life of the processes in a sandbox: new processes get new ones.

    The Runtime API is always there. The others are imported and created at their first use, because most
    functions never call them.
    """

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self.runtime = RuntimeApi()
        self._configuration = configuration
        self._is_registration_open = True
        self.runtime.initialised.add_done_callback(lambda _: self.close_registration())

    @cached_property
    def extensions(self) -> ExtensionsApi:
        from samlocal.runtime_api.extensions import (  # noqa: PLC0415  # most functions have none
            ExtensionsApi,
        )

        api = ExtensionsApi(self._configuration)
        if not self._is_registration_open:
            api.close_registration()
        return api

    @property
    def has_extensions(self) -> bool:
        """Whether an extension is expected or has registered."""
        return "extensions" in vars(self) and bool(self.extensions.extensions)

    def close_registration(self) -> None:
        """Refuse further extensions; done when the runtime asks for work, or reports that it cannot."""
        self._is_registration_open = False
        if "extensions" in vars(self):
            self.extensions.close_registration()
