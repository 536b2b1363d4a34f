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

_PROVIDER_KEYS: Final = frozenset(
    [
        "alb",
        "alexaSkills",
        "apiGateway",
        "apiKeys",
        "apiName",
        "architecture",
        "build",
        "capacityProviders",
        "cfLogs",
        "cfnRole",
        "cloudFront",
        "credentials",
        "deploymentBucket",
        "deploymentBucketObject",
        "deploymentMethod",
        "deploymentPrefix",
        "disableLogs",
        "disableRollback",
        "domain",
        "domains",
        "ecr",
        "endpointType",
        "environment",
        "eventBridge",
        "httpApi",
        "iam",
        "iamManagedPolicies",
        "iamRoleStatements",
        "kmsKeyArn",
        "lambdaHashingVersion",
        "layers",
        "logDataProtectionPolicy",
        "logRetentionInDays",
        "logs",
        "memorySize",
        "name",
        "notificationArns",
        "observability",
        "profile",
        "region",
        "resolver",
        "resourcePolicy",
        "role",
        "rolePermissionsBoundary",
        "rollbackConfiguration",
        "runtime",
        "runtimeManagement",
        "s3",
        "stackName",
        "stackParameters",
        "stackPolicy",
        "stackTags",
        "stage",
        "tags",
        "timeout",
        "tracing",
        "usagePlan",
        "versionFunctions",
        "vpc",
        "vpcEndpointIds",
        "websocketsApiName",
        "websocketsApiRouteSelectionExpression",
        "websocketsDescription",
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
            yield _unknown_section(service, name, hint)


def _unknown_section(service: Service, name: str, hint: str | None) -> Diagnostic:
    message = f"`{name}` is not a section of a service"
    return Diagnostic(message=message, place=service.root.place_of(name), hint=hint)


def _mode(service: Service) -> str | None:
    mode = service.value("configValidationMode")
    return mode.optional_text() if mode else None


def _unknown(
    names: Iterable[str], known: frozenset[str], *, with_plugins: bool
) -> Iterator[tuple[str, str | None]]:
    """Yield the names that are not known, each with a hint.

    A plugin may add keys: with plugins, only those that are nearly a known one are found.
    """
    for name in names:
        if name in known:
            continue
        if not with_plugins:
            yield name, did_you_mean(name, known)
        elif name not in _PLUGIN_KEYS and (hint := _misspelt(name, known)):
            yield name, hint


def check_sections(service: Service) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each key of a service and of its provider that Serverless does not know.

    `configValidationMode` of the service applies. With `error`, it applies to all functions, but for those in files
    of their own.

    Raises:
        TemplateError: there is one, and the mode is `error`.
    """
    mode = _mode(service)
    if mode == "off":
        return ()
    with_plugins = bool(service.plugins)
    provider = service.node("provider")
    found = [
        _unknown_section(service, name, hint)
        for name, hint in _unknown(service.root.entries(""), _ROOT_KEYS, with_plugins=with_plugins)
    ]
    if provider is not None and isinstance(provider.value, dict):
        found += (
            Diagnostic(
                message=f"`{name}` is not a setting of the provider",
                place=provider.place_of(name),
                hint=hint,
            )
            for name, hint in _unknown(provider.value, _PROVIDER_KEYS, with_plugins=with_plugins)
        )
    if mode == "error":
        for error in found:
            raise TemplateError(error.message, place=error.place, hint=error.hint)
        for key, node in service.functions.declared.items():
            if isinstance(node.value, dict):
                check_keys(service, key)
    return tuple(found)


def check_keys(service: Service, key: str) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each key of a function that Serverless does not know.

    `configValidationMode` of the service applies.

    Raises:
        TemplateError: there is one, and the mode is `error`.
    """
    node = service.functions.node(key)
    mode = _mode(service)
    if node is None or not isinstance(node.value, dict) or mode == "off":
        return ()
    said = []
    for name, hint in _unknown(node.value, FUNCTION_KEYS, with_plugins=bool(service.plugins)):
        message, place = f"`{name}` is not a setting of a function", node.place_of(name)
        if mode == "error":
            raise TemplateError(message, place=place, hint=hint)
        said.append(Diagnostic(message=message, place=place, hint=hint))
    return tuple(said)
