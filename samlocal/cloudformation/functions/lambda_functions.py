"""Lambda functions in a template: `AWS::Serverless::Function` and `AWS::Lambda::Function`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, cast

from samlocal.cloudformation.functions.capacity_provider import read_capacity_provider
from samlocal.cloudformation.functions.code_location import read_code
from samlocal.cloudformation.functions.layer_resources import read_layers
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.functions.unsupported_properties import unsupported_properties
from samlocal.cloudformation.intrinsics.missing_values import (
    MissingValues,
    unknown_because,
    unknown_diagnostic,
)
from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.cloudformation.stack.qualifiers import read_qualifiers
from samlocal.cloudformation.stack.resource_metadata import metadata
from samlocal.diagnostics import merge_diagnostics
from samlocal.documents.node import Unknown
from samlocal.errors import TemplateError
from samlocal.function import (
    DEFAULT_EPHEMERAL_STORAGE_MB,
    DEFAULT_MEMORY_MB,
    DEFAULT_TIMEOUT_SECONDS,
    MOUNT_PATH_PATTERN,
    EnvironmentVariable,
    FileSystem,
    Function,
    FunctionEntry,
    ImageCode,
    LoggingConfig,
)
from samlocal.suggestions import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.errors import Place

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MEMORY_MB: Final = (128, 10_240)
_TIMEOUT_SECONDS: Final = (1, 900)
_EPHEMERAL_STORAGE_MB: Final = (512, 10_240)
# On managed instances: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
_MANAGED_MEMORY_MB: Final = (128, 32_768)
_MANAGED_TIMEOUT_SECONDS: Final = (1, 5_400)
# https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html
_LOG_FORMATS: Final = ("Text", "JSON")
_APPLICATION_LOG_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_SYSTEM_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARN")
_ARCHITECTURES: Final = ("x86_64", "arm64")
_OFF: Final = "None"
# The values that switch a mode on, and perhaps off.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-snapstart.html
_SNAP_START: Final = ("PublishedVersions", _OFF)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-tenancyconfig.html
_TENANCY: Final = ("PER_TENANT",)


def read_function(
    stack: Stack,
    entry: FunctionEntry,
    layers: Mapping[str, tuple[Stack, str]],
    *,
    replaced: frozenset[str] = frozenset(),
    for_api: bool = False,
) -> Function:
    """Resolve one function; `layers` are the project's layers by ARN.

    The properties in `replaced` are not taken from the template. `for_api` also reads those that only callers
    of Lambda's API notice.

    Raises:
        TemplateError: a property has a value that Lambda refuses.
        MissingParameterError: the function cannot run without parameters that have no value.
        ParameterError: a parameter that the function needs has a value that is not allowed.
        CodeNotFoundError: the template does not say where the code is.
    """
    missing = MissingValues(replaced=replaced)
    _check_conditions(stack, entry.logical_id, missing)
    properties = Properties(declared_properties(stack, entry.logical_id), stack.resolver, missing)
    missing.diagnostics.extend(unsupported_properties(properties))
    code = read_code(stack, entry.logical_id, properties)
    is_image = isinstance(code, ImageCode)
    storage = properties.mapping("EphemeralStorage")
    alias = properties.without_diagnostics().text("AutoPublishAlias")
    capacity_provider = read_capacity_provider(properties)
    memory_mb = _MANAGED_MEMORY_MB if capacity_provider else _MEMORY_MB
    timeout_seconds = _MANAGED_TIMEOUT_SECONDS if capacity_provider else _TIMEOUT_SECONDS
    function = Function(
        logical_id=entry.logical_id,
        full_path=entry.full_path,
        name=entry.function_name or entry.logical_id,
        code=code,
        place=entry.place,
        function_id=entry.function_id,
        function_name=properties.process_text("FunctionName"),
        build_method=metadata(stack.resources[entry.logical_id], "BuildMethod"),
        runtime=properties.process_text("Runtime", needed=not is_image),
        handler=properties.process_text("Handler", needed=not is_image),
        memory_mb=_limited(properties, "MemorySize", DEFAULT_MEMORY_MB, memory_mb),
        timeout_seconds=_limited(properties, "Timeout", DEFAULT_TIMEOUT_SECONDS, timeout_seconds),
        ephemeral_storage_mb=_limited(
            storage, "Size", DEFAULT_EPHEMERAL_STORAGE_MB, _EPHEMERAL_STORAGE_MB
        ),
        architecture=_architecture(properties),
        environment=_environment(properties),
        layers=read_layers(properties, layers),
        file_systems=_file_systems(properties),
        logging=_logging(properties),
        snap_start=_chosen_mode(properties, "SnapStart", "ApplyOn", _SNAP_START),
        tenancy=_chosen_mode(properties, "TenancyConfig", "TenantIsolationMode", _TENANCY),
        capacity_provider=capacity_provider,
        qualifiers=read_qualifiers(stack, entry.logical_id, alias),
        region=stack.context.region,
        account_id=stack.context.account_id,
    )
    if for_api:
        from samlocal.cloudformation.functions.api_properties import with_api_properties  # noqa: PLC0415  # for servers

        function = with_api_properties(function, stack, properties, alias)
    missing.check()
    return replace(
        function,
        diagnostics=merge_diagnostics(
            (*missing.diagnostics, *missing.notes, *stack.drain_diagnostics())
        ),
    )


def _check_conditions(stack: Stack, logical_id: str, missing: MissingValues) -> None:
    """Evaluate the conditions of a function and of the stacks that contain it.

    A condition that cannot be resolved locally is assumed to be true, unless it lacks a parameter.
    """
    within: tuple[Stack, str] | None = (stack, logical_id)
    while within is not None:
        stack, logical_id = within
        try:
            result = stack.condition_of(logical_id)
        except TemplateError as error:
            result = unknown_because(error)
        if isinstance(result, Unknown) and result.missing:
            missing.need(result)
        elif isinstance(result, Unknown):
            message = f"the condition of `{logical_id}` is assumed to be true"
            missing.diagnostics.append(
                unknown_diagnostic(message, stack.resources[logical_id], result)
            )
        within = stack.parent


def _limited(
    properties: Properties | None, name: str, default: int, limits: tuple[int, int]
) -> int:
    least, most = limits
    return properties.integer(name, default, least=least, most=most) if properties else default


def _architecture(properties: Properties) -> Literal["x86_64", "arm64"]:
    items = properties.known_items("Architectures", default="x86_64")
    if not items:
        return "x86_64"
    names = [item.text("an architecture") for item in items]
    if len(names) > 1:
        raise TemplateError(
            f"`Architectures` takes only one, not {len(names)}: {quoted(names)}",
            place=items[1].place,
            hint="a function runs on one architecture; deploy a second function for the other",
        )
    if names[0] not in _ARCHITECTURES:
        raise TemplateError(
            f"`Architectures` must be {' or '.join(_ARCHITECTURES)}, not `{names[0]}`",
            place=items[0].place,
        )
    return cast('Literal["x86_64", "arm64"]', names[0])


def _file_systems(properties: Properties) -> tuple[FileSystem, ...]:
    return tuple(
        FileSystem(mount_path=path, place=config.node.place)
        for config in properties.mappings("FileSystemConfigs", "a file system")
        if (path := _mount_path(config))
    )


def _mount_path(config: Properties) -> str | None:
    node = config.get("LocalMountPath")
    path = node.text("`LocalMountPath`") if node else None
    if node and path and not re.fullmatch(MOUNT_PATH_PATTERN, path):
        raise TemplateError(f"`LocalMountPath` must be /mnt/NAME, not `{path}`", place=node.place)
    return path


def _logging(properties: Properties) -> LoggingConfig:
    config = properties.mapping("LoggingConfig")
    if config is None:
        return LoggingConfig()
    return LoggingConfig(
        log_format=cast(
            'Literal["Text", "JSON"]', config.choice("LogFormat", _LOG_FORMATS) or "Text"
        ),
        application_log_level=config.choice("ApplicationLogLevel", _APPLICATION_LOG_LEVELS),
        system_log_level=config.choice("SystemLogLevel", _SYSTEM_LOG_LEVELS),
        log_group=config.process_text("LogGroup"),
    )


def _chosen_mode(
    properties: Properties, name: str, entry: str, allowed: tuple[str, ...]
) -> Place | None:
    """Return the place of a property whose one entry switches a mode on; None if it is off or absent."""
    config = properties.mapping(name)
    mode = config.choice(entry, allowed) if config else None
    return None if mode in {None, _OFF} else properties.node.place_of(name)


def _environment(properties: Properties) -> dict[str, EnvironmentVariable]:
    environment = properties.mapping("Environment")
    variables = environment.mapping("Variables") if environment else None
    return {} if variables is None else read_variables(variables)


def read_variables(variables: Properties) -> dict[str, EnvironmentVariable]:
    """Return environment variables by name; those without a value are reported."""
    environment_variables = {}
    for name, (node, traces) in variables.declared().items():
        value = _variable(name, node, variables.missing)
        notes = [each for each in traces if not isinstance(each, str)]
        variables.missing.notes += [replace(note, variables=(name,)) for note in notes]
        environment_variables[name] = EnvironmentVariable(
            value=value,
            place=node.place,
            sources=tuple(each for each in traces if isinstance(each, str)),
        )
    return environment_variables


def _variable(name: str, node: Node, missing: MissingValues) -> str | None:
    """Return a variable's text; an empty value is an empty string, as in sam."""
    if node.value is None:
        return ""
    text = node.optional_text()
    if text is None:
        unknown = node.value
        if not isinstance(unknown, Unknown):
            unknown = Unknown(reason=f"it is {node.kind}, and Lambda takes strings")
        missing.diagnostics.append(
            unknown_diagnostic(f"skipping `{name}`", node, unknown, variables=(name,))
        )
    return text
