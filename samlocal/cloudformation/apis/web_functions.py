"""Web functions in a template: `AWS::Serverless::WebFunction`, and `AWS::Lambda::WebFunction` with its revision.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-webfunctionrevision.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.api_resources import ApiResources, settings_of
from samlocal.cloudformation.apis.settings import required_text, skipped
from samlocal.cloudformation.functions.code_location import read_code
from samlocal.cloudformation.functions.lambda_functions import read_variables
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.diagnostics import Diagnostic, merge_diagnostics
from samlocal.errors import ProjectError, TemplateError
from samlocal.function import S3Code
from samlocal.project.apis import (
    ANY_METHOD,
    DEFAULT_ROUTE,
    Api,
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    Route,
)
from samlocal.project.web_functions import (
    DEFAULT_CONCURRENCY,
    DEFAULT_ENTRY_POINT,
    DEFAULT_TIMEOUT_SECONDS,
    WebFunction,
    WebFunctions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.function import Code

_SAM: Final = "AWS::Serverless::WebFunction"
_FUNCTION: Final = "AWS::Lambda::WebFunction"
_REVISION: Final = "AWS::Lambda::WebFunctionRevision"
_ENDPOINT: Final = "AWS::Lambda::WebFunctionEndpoint"
_OWNER: Final = "FunctionName"
_IAM: Final = "IamAuth"
_AUTH_TYPES: Final = ("ApplicationManaged", _IAM)
_DEFAULT_ENDPOINT: Final = "default"
_TIMEOUT_SECONDS: Final = (3, 900)
_CONCURRENCY: Final = (1, 128)


def read_web_functions(stacks: Sequence[Stack]) -> WebFunctions:
    """Return the web functions of stacks, each with its endpoint as an API."""
    resources = ApiResources(stacks)
    functions: list[WebFunction] = []
    diagnostics: list[Diagnostic] = []
    for resource in resources.of_type(_SAM, _FUNCTION):
        is_sam = resource.stack.resource_type(resource.logical_id) == _SAM
        try:
            read = _read_sam(resource) if is_sam else _read_plain(resources, resource)
        except ProjectError as error:
            diagnostics.append(skipped(f"the web function `{resource.logical_id}`", error))
        else:
            functions.append(read)
    return WebFunctions(functions=tuple(functions), diagnostics=tuple(diagnostics))


def _read_sam(resource: Resource) -> WebFunction:
    stack, logical_id = resource.stack, resource.logical_id
    settings = settings_of(resource, MissingValues())
    code = read_code(stack, logical_id, settings)
    return _build(
        resource,
        code,
        settings,
        runtime=required_text(settings, "Runtime", f"`{logical_id}`"),
        endpoint=settings,
        timeout="Timeout",
        entry_point=settings.process_text("EntryPoint"),
    )


def _read_plain(resources: ApiResources, resource: Resource) -> WebFunction:
    """Return a web function with its last revision, and its first endpoint."""
    owner = f"`{resource.logical_id}`"
    revisions = resources.owned(_REVISION, _OWNER, resource)
    if not revisions:
        raise TemplateError(
            f"{owner} has no `{_REVISION}`", place=resource.stack.place_of(resource.logical_id)
        )
    missing = MissingValues()
    revision = settings_of(revisions[-1], missing)
    build, service = revision.mapping("BuildConfig"), revision.mapping("ServiceConfig")
    runtime = build.mapping("RuntimeConfig") if build else None
    code = build.mapping("CodeConfig") if build else None
    location = code.mapping("S3Object") if code else None
    if runtime is None or location is None or service is None:
        raise TemplateError(
            f"{owner} needs `BuildConfig` and `ServiceConfig`", place=revision.node.place
        )
    endpoints = resources.owned(_ENDPOINT, _OWNER, resource)
    return _build(
        resource,
        S3Code(
            bucket=required_text(location, "Bucket", owner),
            key=required_text(location, "Key", owner),
            version=location.text("VersionId"),
            place=location.node.place,
        ),
        service,
        runtime=required_text(runtime, "Runtime", owner),
        endpoint=settings_of(endpoints[0], missing) if endpoints else None,
        timeout="TimeoutSeconds",
    )


def _build(  # two kinds of resources differ in these
    resource: Resource,
    code: Code,
    service: Properties,
    *,
    runtime: str,
    endpoint: Properties | None,
    timeout: str,
    entry_point: str | None = None,
) -> WebFunction:
    stack, logical_id = resource.stack, resource.logical_id
    own = stack.properties(logical_id).get(_OWNER)
    least, most = _TIMEOUT_SECONDS
    seconds = service.integer(timeout, DEFAULT_TIMEOUT_SECONDS, least=least, most=most)
    fewest, greatest = _CONCURRENCY
    variables = service.mapping("EnvironmentVariables")
    auth = endpoint.choice("AuthType", _AUTH_TYPES) if endpoint else None
    name = endpoint.text("EndpointName") if endpoint else None
    path, place = full_path(stack, logical_id), stack.place_of(logical_id)
    environment = read_variables(variables) if variables else {}
    concurrency = service.integer(
        "MaxConcurrencyPerEnvironment", DEFAULT_CONCURRENCY, least=fewest, most=greatest
    )
    service.missing.check()
    integration = FunctionIntegration(
        target=FunctionTarget(function=path), payload="2.0", timeout_ms=seconds * 1000, streams=True
    )
    return WebFunction(
        api=Api(
            kind=ApiKind.WEB_FUNCTION,
            full_path=path,
            identifier=api_identifier(path),
            stage=name or _DEFAULT_ENDPOINT,
            routes=(
                Route(method=ANY_METHOD, path=DEFAULT_ROUTE, integration=integration, place=place),
            ),
            takes_any_caller=auth != _IAM,
            place=place,
        ),
        logical_id=logical_id,
        name=stack.optional_text(own) or logical_id,
        runtime=runtime,
        code=code,
        place=place,
        entry_point=entry_point or DEFAULT_ENTRY_POINT,
        environment=environment,
        timeout_seconds=seconds,
        concurrency=concurrency,
        region=stack.context.region,
        account_id=stack.context.account_id,
        diagnostics=merge_diagnostics(service.missing.diagnostics),
    )
