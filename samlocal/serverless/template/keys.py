"""The keys of a function's configuration, to find misspelt ones.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import TemplateError
from samlocal.suggestions import ask_for, closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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

# Those of plugins that resemble others.
_PLUGIN_KEYS: Final = frozenset({"esbuild", "provisionedConcurrencyAutoscaling", "urlConfig"})
_NEARLY: Final = 0.8  # of the characters


def _misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name that a name nearly is."""
    from difflib import SequenceMatcher  # noqa: PLC0415  # only needed for unknown names

    match = closest(name, known)
    if match is None:
        return None
    ratio = SequenceMatcher(None, name.casefold(), match.casefold()).ratio()
    return ask_for(match) if ratio >= _NEARLY else None


def misspelt_sections(service: Service) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each section of a service whose name resembles one that Serverless knows."""
    for name in service.root.entries("a service"):
        if name not in _ROOT_KEYS and (hint := _misspelt(name, _ROOT_KEYS)):
            message = f"`{name}` is not a section of a service"
            yield Diagnostic(message=message, place=service.root.place_of(name), hint=hint)


def check_keys(service: Service, key: str) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each key of a function that Serverless does not know.

    A plugin may add keys: with plugins, only those that are nearly a known one are found. `configValidationMode` of
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
        if name in FUNCTION_KEYS:
            continue
        hint = did_you_mean(name, FUNCTION_KEYS)
        if service.plugins:
            hint = None if name in _PLUGIN_KEYS else _misspelt(name, FUNCTION_KEYS)
            if hint is None:
                continue
        message, place = f"`{name}` is not a setting of a function", node.place_of(name)
        if mode and mode.value == "error":
            raise TemplateError(message, place=place, hint=hint)
        said.append(Diagnostic(message=message, place=place, hint=hint))
    return tuple(said)
