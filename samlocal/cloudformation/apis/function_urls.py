"""Function URLs: `FunctionUrlConfig` of SAM functions, and `AWS::Lambda::Url`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-functionurlconfig.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier
from samlocal.cloudformation.apis.cors_settings import read_cors
from samlocal.cloudformation.apis.sam_events import sam_target
from samlocal.diagnostics import Diagnostic
from samlocal.errors import TemplateError
from samlocal.project.apis import (
    ANY_METHOD,
    DEFAULT_ROUTE,
    DEFAULT_STAGE,
    Api,
    ApiKind,
    FunctionIntegration,
    Route,
)

if TYPE_CHECKING:
    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.errors import Place
    from samlocal.project.apis import FunctionTarget

_CONFIG: Final = "FunctionUrlConfig"
_AUTH_TYPES: Final = ("NONE", "AWS_IAM")
_MODES: Final = ("BUFFERED", "RESPONSE_STREAM")
_STREAM: Final = "RESPONSE_STREAM"
# A URL waits for as long as a function may run: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_TIMEOUT_MS: Final = 900_000


def read_sam_url(
    stack: Stack, logical_id: str, properties: Properties, targets: FunctionTargets
) -> Api | Diagnostic | None:
    """Return the URL of a SAM function; None if it has none. With `AutoPublishAlias` it calls the alias.

    Raises:
        TemplateError: its configuration is malformed.
    """
    settings = properties.mapping(_CONFIG)
    if settings is None:
        return None
    target = sam_target(stack, targets, logical_id, properties)
    if isinstance(target, Diagnostic):
        return target
    return _read(settings, target, properties.node.place_of(_CONFIG))


def read_url(
    stack: Stack, logical_id: str, settings: Properties, targets: FunctionTargets
) -> Api | Diagnostic:
    """Return the function URL of an `AWS::Lambda::Url`, or why its function cannot be resolved.

    Raises:
        TemplateError: its configuration is malformed.
    """
    place = stack.place_of(logical_id)
    node = settings.entries.get("TargetFunctionArn")
    if node is None:
        raise TemplateError(f"`{logical_id}` needs `TargetFunctionArn`", place=place)
    target = targets.of_reference(stack, node)
    if isinstance(target, Diagnostic):
        return target
    if (qualifier := settings.text("Qualifier")) is not None:
        target = replace(target, qualifier=qualifier)
    return _read(settings, target, place)


def _read(settings: Properties, target: FunctionTarget, place: Place) -> Api:
    path = f"{target.function}:{target.qualifier}" if target.qualifier else target.function
    cors = settings.mapping("Cors")
    integration = FunctionIntegration(
        target=target,
        payload="2.0",
        timeout_ms=_TIMEOUT_MS,
        streams=settings.choice("InvokeMode", _MODES) == _STREAM,
    )
    return Api(
        kind=ApiKind.FUNCTION_URL,
        full_path=path,
        identifier=api_identifier(f"{path} URL"),
        stage=DEFAULT_STAGE,
        routes=(
            Route(method=ANY_METHOD, path=DEFAULT_ROUTE, integration=integration, place=place),
        ),
        cors=read_cors(cors) if cors else None,
        takes_any_caller=settings.choice("AuthType", _AUTH_TYPES) != "AWS_IAM",
        place=place,
    )
