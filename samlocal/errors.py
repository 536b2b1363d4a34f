"""Every error that samlocal shows to its user.

    SamlocalError                     exit code 1: samlocal could not run the function
    ├── UsageError                    exit code 2: options are malformed or contradict each other
    │   └── InvalidParameterValueError Lambda would refuse an invocation with these parameters
    ├── ProjectError                  the project cannot be read
    │   ├── TemplateNotFoundError
    │   ├── TemplateError             the template is malformed
    │   ├── ParameterError            a template parameter has a wrong value
    │   │   └── MissingParameterError a function needs parameters that have no value
    │   ├── VariableError             a Serverless variable cannot be resolved
    │   │   └── UnavailableValueError its value is in AWS or in a plugin, and nothing gives it here
    │   ├── FunctionNotFoundError     no function has that identifier
    │   ├── AmbiguousFunctionError    more than one function has it
    │   ├── CodeNotFoundError         the function's code does not exist
    │   └── LayerError                a layer is not available, or cannot be merged
    ├── ConfigError                   samconfig cannot be read
    ├── EnvVarsError                  the --env-vars file cannot be read
    ├── EventError                    the event cannot be read
    ├── ContextError                  the --context-path file cannot be read
    ├── OutputError                   the result cannot be written
    ├── CertificateError              a certificate or its private key cannot be used
    ├── CacheError                    the cache cannot be written
    ├── RuntimeNotFoundError          no such Lambda runtime
    ├── InterpreterNotFoundError      this machine has no interpreter for a function without a container
    ├── EngineRequiredError           a function can run in a container only
    ├── DebuggerNotFoundError         the debugger of a runtime is not available
    ├── EnvironmentBusyError          an execution environment runs another invocation
    ├── EnvironmentUnusableError      an execution environment takes no more invocations
    ├── RemoteError                   AWS cannot be reached, or refuses a request
    ├── ThrottledError                a function's environments are all busy, as many as it may have
    └── SandboxError                  the function's sandbox cannot start
        ├── EngineNotReachableError   no container engine answers
        ├── EngineError               the engine refused a request, or ended
        ├── ImageNotFoundError        no such image, here or in the registry
        ├── ImagePullError            the registry cannot be reached, or the pull failed
        │   └── ImageArchitectureError the registry has no image for the architecture
        ├── ImageBuildError           a function's image cannot be built
        ├── UnusableImageError        the image cannot run on this engine
        ├── NetworkNotFoundError      no such Docker network
        ├── LaunchError               an extension cannot be executed
        ├── PortInUseError            another program uses the debug port
        ├── IsolationError            this machine cannot isolate processes
        ├── ProgramNotExecutableError this machine cannot execute the program of a runtime
        ├── ProgramEndedError         the program of a web function ended by itself
        ├── ProgramNotListeningError  it does not listen where it should
        └── HostNotReachableError     containers cannot reach the Runtime API on this machine

Errors of the *function* are not here: they are data, in `invocation.InvocationResult`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file: `template.yaml:12:5`. Line and column count from 1."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@frozen
class MissingParameter:
    """A template parameter without a valid value, and the place of its declaration.

    `refused` and `hint` say what is wrong with its default, if it has one. `nested_in` is the nested
    stack that it belongs to: only the parent's template sets such a parameter.
    """

    name: str
    place: Place
    refused: str | None = None
    hint: str | None = None
    nested_in: str | None = None

    @property
    def problem(self) -> str:
        return self.refused or f"parameter `{self.name}` has no value"


class SamlocalError(Exception):
    """The root: a message for the user, its place in a file, and a hint with the remedy."""

    exit_code = 1

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Let every error travel between processes, whatever arguments its class requires."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[SamlocalError], args: tuple[object, ...], state: dict[str, object]
) -> SamlocalError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(SamlocalError):
    exit_code = 2


class InvalidParameterValueError(UsageError):
    """`InvalidParameterValueException` of Lambda's API."""


class ProjectError(SamlocalError):
    pass


class TemplateNotFoundError(ProjectError):
    pass


class TemplateError(ProjectError):
    pass


class ParameterError(ProjectError):
    pass


class MissingParameterError(ParameterError):
    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        parameters: tuple[MissingParameter, ...] = (),
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.parameters = parameters


class VariableError(ProjectError):
    pass


class UnavailableValueError(VariableError):
    """The value of the variable's source `source`, as it is written, cannot be had here; a fallback applies."""

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        source: str = "",
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.source = source


class FunctionNotFoundError(ProjectError):
    pass


class AmbiguousFunctionError(ProjectError):
    pass


class CodeNotFoundError(ProjectError):
    pass


class LayerError(ProjectError):
    pass


class ConfigError(SamlocalError):
    pass


class EnvVarsError(SamlocalError):
    pass


class EventError(SamlocalError):
    pass


class ContextError(SamlocalError):
    pass


class CacheError(SamlocalError):
    pass


class OutputError(SamlocalError):
    pass


class CertificateError(SamlocalError):
    pass


class RuntimeNotFoundError(SamlocalError):
    pass


class InterpreterNotFoundError(SamlocalError):
    """This machine has no interpreter, or no runtime client, for a function's language."""


class EngineRequiredError(SamlocalError):
    """A function runs in a container only."""


class DebuggerNotFoundError(SamlocalError):
    pass


class EnvironmentBusyError(SamlocalError):
    pass


class EnvironmentUnusableError(SamlocalError):
    pass


class RemoteError(SamlocalError):
    pass


class ThrottledError(SamlocalError):
    """`TooManyRequestsException` of Lambda's API, with its `reason`."""

    def __init__(self, message: str, *, reason: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class SandboxError(SamlocalError):
    """There is no sandbox; `precedes_invocation` tells whether the function certainly has not seen the event."""

    precedes_invocation = False


class EngineNotReachableError(SandboxError):
    pass


class EngineError(SandboxError):
    pass


class ImageNotFoundError(SandboxError):
    pass


class ImagePullError(SandboxError):
    pass


class ImageArchitectureError(ImagePullError):
    """A registry has an image, but not for the requested architecture."""


class ImageBuildError(SandboxError):
    pass


class UnusableImageError(SandboxError):
    pass


class NetworkNotFoundError(SandboxError):
    pass


class LaunchError(SandboxError):
    """An extension cannot be executed; `error_type` is Lambda's word for the reason."""

    def __init__(
        self, message: str, *, hint: str | None = None, error_type: str = "UnknownError"
    ) -> None:
        super().__init__(message, hint=hint)
        self.error_type = error_type


class PortInUseError(SandboxError):
    pass


class IsolationError(SandboxError):
    pass


class ProgramNotExecutableError(SandboxError):
    pass


class ProgramEndedError(SandboxError):
    pass


class ProgramNotListeningError(SandboxError):
    pass


class HostNotReachableError(SandboxError):
    pass


def root_cause(error: BaseException) -> str:
    """Return the message of the innermost error: `No such file or directory`.

    The HTTP libraries wrap it in their own errors, as an argument or as the context, sometimes in a cycle.
    """
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner and id(inner) not in seen:
        error = inner
        seen.add(id(error))
        nested = (each for each in error.args if isinstance(each, BaseException))
        inner = next(nested, None) or error.__cause__ or error.__context__
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
