"""The keys of a function's configuration, to find misspelt ones.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.serverless.template.service import Service

# Those of versions 3 and 4.
FUNCTION_KEYS: Final = frozenset(
    [
        "architecture",
        "awsKmsKeyArn",
        "build",
        "capacityProvider",
        "condition",
        "dependsOn",
        "description",
        "destinations",
        "disableLogs",
        "durableConfig",
        "environment",
        "ephemeralStorageSize",
        "events",
        "fileSystemConfig",
        "handler",
        "httpApi",
        "image",
        "kmsKeyArn",
        "layers",
        "logDataProtectionPolicy",
        "logRetentionInDays",
        "logs",
        "maximumEventAge",
        "maximumRetryAttempts",
        "memorySize",
        "name",
        "onError",
        "package",
        "provisionedConcurrency",
        "recursiveLoop",
        "reservedConcurrency",
        "role",
        "runtime",
        "runtimeManagement",
        "snapStart",
        "tags",
        "tenancy",
        "timeout",
        "tracing",
        "url",
        "versionFunction",
        "vpc",
    ]
)

# Those of versions 3 and 4, and of plugins that many services have.
_ROOT_KEYS: Final = frozenset(
    [
        "app",
        "build",
        "configValidationMode",
        "console",
        "constructs",
        "custom",
        "dashboard",
        "deprecationNotificationMode",
        "disabledDeprecations",
        "frameworkVersion",
        "functions",
        "layers",
        "licenseKey",
        "org",
        "outputs",
        "package",
        "params",
        "plugins",
        "projectDir",
        "provider",
        "resources",
        "service",
        "stages",
        "state",
        "stepFunctions",
        "tenant",
        "unresolvedVariablesNotificationMode",
        "useDotenv",
        "variablesResolutionMode",
    ]
)


def misspelt_sections(service: Service) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each section of a service whose name resembles one that Serverless knows."""
    for name in service.root.entries("a service"):
        hint = None if name in _ROOT_KEYS else did_you_mean(name, _ROOT_KEYS)
        if hint:
            message = f"`{name}` is not a section of a service"
            yield Diagnostic(message=message, place=service.root.place_of(name), hint=hint)


def check_keys(service: Service, key: str) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each key of a function that Serverless does not know.

    A plugin may add keys: with plugins, only those that resemble a known one are found. `configValidationMode` of
    the service applies.

    Raises:
        TemplateError: there is one, and the mode is `error`.
    """
    node = service.functions.node(key)
    mode = service.value("configValidationMode")
    if node is None or not isinstance(node.value, dict) or (mode and mode.value == "off"):
        return ()
    said = []
    for name in node.value:
        hint = None if name in FUNCTION_KEYS else did_you_mean(name, FUNCTION_KEYS)
        if name in FUNCTION_KEYS or (service.plugins and hint is None):
            continue
        message, place = f"`{name}` is not a setting of a function", node.place_of(name)
        if mode and mode.value == "error":
            raise TemplateError(message, place=place, hint=hint)
        said.append(Diagnostic(message=message, place=place, hint=hint))
    return tuple(said)
