"""The names that properties of CloudFormation have in a Serverless configuration, for messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from samlocal.errors import ProjectError

    _ErrorT = TypeVar("_ErrorT", bound=ProjectError)

_NAMES: Final = {
    "ApplicationLogLevel": "logs.applicationLogLevel",
    "Architectures": "architecture",
    "Command": "image.command",
    "CompatibleArchitectures": "compatibleArchitectures",
    "CompatibleRuntimes": "compatibleRuntimes",
    "ContentUri": "path",
    "Description": "description",
    "Destination": "destinations",
    "EntryPoint": "image.entryPoint",
    "Environment": "environment",
    "FileSystemConfigs": "fileSystemConfig",
    "FunctionName": "name",
    "Handler": "handler",
    "ImageUri": "image.uri",
    "Layers": "layers",
    "LocalMountPath": "fileSystemConfig.localMountPath",
    "LogFormat": "logs.logFormat",
    "LogGroup": "logs.logGroup",
    "MaximumEventAgeInSeconds": "maximumEventAge",
    "MaximumRetryAttempts": "maximumRetryAttempts",
    "MemorySize": "memorySize",
    "Mode": "tracing",
    "ReservedConcurrentExecutions": "reservedConcurrency",
    "Runtime": "runtime",
    "Size": "ephemeralStorageSize",
    "SystemLogLevel": "logs.systemLogLevel",
    "TargetArn": "onError",
    "Timeout": "timeout",
    "WorkingDirectory": "image.workingDirectory",
}


def own_names(text: str) -> str:
    """Return a message about a value that a property cannot have, with the name of Serverless's setting."""
    if " must be " not in text:  # a name in it may be one that the service has chosen
        return text
    return re.sub(r"`(\w+)`", lambda match: f"`{_NAMES.get(match[1], match[1])}`", text)


def with_own_names(error: _ErrorT) -> _ErrorT:
    """Return the error, whose message names Serverless's settings."""
    error.message = own_names(error.message)
    error.args = (error.message,)
    return error
