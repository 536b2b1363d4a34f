"""The Extensions API of a sandbox: registration, events, and errors that extensions report.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, with the refusals and messages of
the runtime interface emulator.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn
from uuid import UUID

from samlocal.runtime_api.dispatch import RefusalError, Routes
from samlocal.runtime_api.extension import Extension
from samlocal.runtime_api.extension_state import ExtensionState, IllegalExtensionCallError
from samlocal.runtime_api.http_messages import Response
from samlocal.runtime_api.request_body import read_body
from samlocal.runtime_api.responses import ACCEPTED, error_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.http_messages import Request

# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#extensions-registration-api-b
MAX_EXTENSIONS: Final = 10

_IDENTIFIER: Final = "Lambda-Extension-Identifier"
_ERROR_TYPE: Final = "Lambda-Extension-Function-Error-Type"
_EVENTS: Final = frozenset({"INVOKE", "SHUTDOWN"})


class ExtensionsApi:
    """The extensions of a function, for one life of the processes in its sandbox.

    `extensions` has the expected external ones and all that have registered, by name.
    """

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self._configuration = configuration
        self._extensions: dict[str, Extension] = {}
        self._is_open = True
        self.extensions: Mapping[str, Extension] = MappingProxyType(self._extensions)

    def expect(self, names: Iterable[str]) -> None:
        """Add external extensions, by the names of their files, before they start."""
        for name in names:
            self._extensions[name] = Extension(name, is_external=True)

    def close_registration(self) -> None:
        """Refuse further registrations: the runtime has asked for work."""
        self._is_open = False

    async def handle(self, request: Request) -> Response:
        return await EXTENSION_ROUTES.dispatch(self, request)

    def identify(self, request: Request) -> Extension:
        """Return the extension that makes a call of this or another API.

        Raises:
            RefusalError: The call has no identifier of a registered extension.
        """
        extension = self._find(_identifier(request))
        if extension is None:
            _refuse("Extension.UnknownExtensionIdentifier", f"Unknown {_IDENTIFIER}")
        return extension

    async def register(self, request: Request) -> Response:
        """`POST /extension/register`."""
        name = _utf8(request.header("Lambda-Extension-Name") or "")
        if not name:
            _refuse("Extension.InvalidExtensionName", "Empty extension name")
        events = _read_events(await read_body(request))
        extension = self._extensions.get(name)
        if not (extension and extension.is_external):
            self._check_events(events, is_external=False)
            extension = self._new_internal_extension(name)
        else:
            self._check_events(events, is_external=True)
            if extension.state is ExtensionState.STARTED and not self._is_open:
                _refuse_closed()
        try:
            extension.register(events)
        except IllegalExtensionCallError as error:
            _refuse_call(error)
        features = (request.header("Lambda-Extension-Accept-Feature") or "").split(",")
        content = self._function(with_account="accountId" in {each.strip() for each in features})
        return _json_response(content, {_IDENTIFIER: extension.identifier})

    async def next_event(self, request: Request) -> Response:
        """`GET /extension/event/next`: wait for an event."""
        identifier = _identifier(request)
        extension = self._find(identifier)
        if extension is None:
            _refuse("Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        try:
            event = await extension.next_event()
        except IllegalExtensionCallError as error:
            _refuse_call(error)
        # The first is of the guide, the second of the emulator.
        headers = {
            _IDENTIFIER: extension.identifier,
            "Lambda-Extension-Event-Identifier": event.identifier,
        }
        return _json_response(event.content, headers)

    async def init_error(self, request: Request) -> Response:
        """`POST /extension/init/error`: the extension could not initialise."""
        return await self._report_error(request, ExtensionState.INIT_ERROR)

    async def exit_error(self, request: Request) -> Response:
        """`POST /extension/exit/error`: the extension is about to exit."""
        return await self._report_error(request, ExtensionState.EXIT_ERROR)

    async def _report_error(self, request: Request, state: ExtensionState) -> Response:
        _identifier(request)
        error_type = request.header(_ERROR_TYPE)
        if not error_type:
            _refuse("Extension.MissingHeader", f"{_ERROR_TYPE} not found")
        extension = self.identify(request)
        message = _read_message(await read_body(request))
        try:
            extension.report_error(state, error_type, message)
        except IllegalExtensionCallError as error:
            _refuse_call(error)
        return ACCEPTED

    def _find(self, identifier: str) -> Extension | None:
        found = (each for each in self._extensions.values() if each.identifier == identifier)
        return next(found, None)

    def _check_events(self, events: list[str], *, is_external: bool) -> None:
        allowed = _EVENTS if is_external else frozenset({"INVOKE"})
        if self._configuration.initialization_type == "lambda-managed-instances":
            # https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
            allowed -= {"INVOKE"}
        for event in events:
            if event not in allowed:
                _refuse("Extension.InvalidEventType", f"{event}: ErrorInvalidEventType")

    def _new_internal_extension(self, name: str) -> Extension:
        if not self._is_open:
            _refuse_closed()
        if len(self._extensions) >= MAX_EXTENSIONS:
            message = f"Extension limit ({MAX_EXTENSIONS}) reached"
            _refuse("Extension.TooManyExtensions", message)
        if name in self._extensions:
            message = "Extension with this name already registered"
            _refuse("Extension.InvalidExtensionState", message)
        self._extensions[name] = Extension(name, is_external=False)
        return self._extensions[name]

    def _function(self, *, with_account: bool) -> Mapping[str, str]:
        account = {"accountId": self._configuration.account_id} if with_account else {}
        return {
            **account,
            "functionName": self._configuration.name,
            "functionVersion": self._configuration.version,
            "handler": self._configuration.handler or "",
        }


EXTENSION_ROUTES: Final = Routes[ExtensionsApi](
    ("POST", "/2020-01-01/extension/register", ExtensionsApi.register),
    ("GET", "/2020-01-01/extension/event/next", ExtensionsApi.next_event),
    ("POST", "/2020-01-01/extension/init/error", ExtensionsApi.init_error),
    ("POST", "/2020-01-01/extension/exit/error", ExtensionsApi.exit_error),
)


def _identifier(request: Request) -> str:
    given = request.header(_IDENTIFIER)
    if not given:
        _refuse("Extension.MissingExtensionIdentifier", f"Missing {_IDENTIFIER} header")
    try:
        return str(UUID(given))
    except ValueError:
        _refuse("Extension.InvalidExtensionIdentifier", f"Invalid {_IDENTIFIER}")


def _read_events(body: bytes) -> list[str]:
    """Return the events of a registration; `{}` and `{"events": null}` have none."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        _refuse("InvalidRequestFormat", f"The body is not JSON: {error}")
    if fields is None:
        return []
    if not isinstance(fields, dict):
        _refuse("InvalidRequestFormat", "The body is not a JSON object")
    events = fields.get("events") or []
    if not isinstance(events, list) or not all(isinstance(each, str) for each in events):
        _refuse("InvalidRequestFormat", "`events` is not a list of strings")
    if fields.get("configurationKeys"):
        message = "configurationKeys are deprecated; use environment variables instead"
        _refuse("InvalidRequestFormat", message)
    return events


def _read_message(body: bytes) -> str:
    """Return the message of an error; the body may be empty or anything else."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = fields.get("errorMessage") if isinstance(fields, dict) else None
    return message if isinstance(message, str) else ""


def _utf8(header: str) -> str:
    return header.encode("latin-1").decode(errors="replace")


def _json_response(content: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    return Response(
        status=200,
        body=json.dumps(content).encode(),
        headers={"Content-Type": "application/json", **headers},
    )


def _refuse(error_type: str, message: str) -> NoReturn:
    raise RefusalError(error_response(403, error_type, message))


def _refuse_closed() -> NoReturn:
    _refuse("Extension.RegistrationClosed", "Extension registration closed already")


def _refuse_call(error: IllegalExtensionCallError) -> NoReturn:
    _refuse("Extension.InvalidExtensionState", str(error))
