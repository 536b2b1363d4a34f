"""The APIs that the processes in a sandbox call."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from samlocal.runtime_api.runtime import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.container_credentials import CredentialsApi
    from samlocal.runtime_api.extensions import ExtensionsApi
    from samlocal.runtime_api.metadata import MetadataApi
    from samlocal.runtime_api.restore import RestoreApi
    from samlocal.runtime_api.runtime_routes import Runtime
    from samlocal.runtime_api.telemetry import Subscriptions, TelemetryApi


class SandboxApis:
    """The APIs for one life of the processes in a sandbox: new processes get new ones.

    The Runtime API is always there, the one for several invocations at once on managed instances. The others
    are imported and created at their first use, because most functions never call them. `subscriptions` take
    what subscribes to telemetry.

    Registration closes when the runtime asks for work, if the runtime starts after all extensions
    (`runtime_is_last`). Otherwise `close_registration` closes it.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        subscriptions: Subscriptions | None = None,
        *,
        runtime_is_last: Callable[[], bool] = lambda: True,
    ) -> None:
        self.runtime: Runtime = _runtime_api(configuration)
        self._subscriptions = subscriptions
        self._configuration = configuration
        self._is_registration_open = True
        self._runtime_is_last = runtime_is_last
        self.runtime.initialised.add_done_callback(lambda _: self._close_if_runtime_is_last())

    @cached_property
    def extensions(self) -> ExtensionsApi:
        from samlocal.runtime_api.extensions import (  # noqa: PLC0415  # most functions have none
            ExtensionsApi,
        )

        api = ExtensionsApi(self._configuration)
        if not self._is_registration_open:
            api.close_registration()
        return api

    @cached_property
    def telemetry(self) -> TelemetryApi:
        from samlocal.runtime_api.telemetry import (  # noqa: PLC0415  # few extensions subscribe
            TelemetryApi,
        )

        return TelemetryApi(self._configuration, self.extensions, self._subscriptions)

    @property
    def has_extensions(self) -> bool:
        """Whether an extension is expected or has registered."""
        return "extensions" in vars(self) and bool(self.extensions.extensions)

    def _close_if_runtime_is_last(self) -> None:
        if self._runtime_is_last():
            self.close_registration()

    def close_registration(self) -> None:
        """Refuse further extensions; done when the runtime asks for work or a restore."""
        self._is_registration_open = False
        if "extensions" in vars(self):
            self.extensions.close_registration()

    def end_init(self) -> None:
        """Refuse further extensions and subscriptions: all extensions have asked for their first event.

        An extension may subscribe after the runtime asked for work, as in the emulator. Otherwise a runtime
        that starts fast would prevent it.
        """
        self.close_registration()
        if self._subscriptions:
            self._subscriptions.close_subscriptions()

    @cached_property
    def restore(self) -> RestoreApi:
        from samlocal.runtime_api.restore import RestoreApi  # noqa: PLC0415  # only SnapStart needs it

        api = RestoreApi(self.runtime)
        api.ready.add_done_callback(lambda _: self.close_registration())
        return api

    @cached_property
    def metadata(self) -> MetadataApi:
        from samlocal.runtime_api.metadata import MetadataApi  # noqa: PLC0415  # few call it

        return MetadataApi(self._configuration)

    @cached_property
    def credentials(self) -> CredentialsApi:
        from samlocal.runtime_api.container_credentials import CredentialsApi  # noqa: PLC0415  # only SnapStart needs it

        return CredentialsApi(self._configuration)


def _runtime_api(configuration: FunctionConfiguration) -> Runtime:
    if configuration.initialization_type != "lambda-managed-instances":
        return RuntimeApi()
    from samlocal.runtime_api.concurrent_runtime import (  # noqa: PLC0415  # few functions need it
        ConcurrentRuntimeApi,
    )

    return ConcurrentRuntimeApi()
