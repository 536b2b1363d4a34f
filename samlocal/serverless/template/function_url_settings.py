"""The setting `url` of functions as resources: function URLs.

https://www.serverless.com/framework/docs/providers/aws/guide/functions#lambda-function-urls
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import ProjectError
from samlocal.serverless.template.event_resources import FunctionEvent, list_of, setting, text_of
from samlocal.serverless.template.logical_ids import function_id
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources

_KIND: Final = "url"
# Serverless's names, CloudFormation's, and the defaults.
_CORS: Final[dict[str, tuple[str, tuple[str, ...] | None]]] = {
    "allowedOrigins": ("AllowOrigins", ("*",)),
    "allowedMethods": ("AllowMethods", ("*",)),
    "allowedHeaders": (
        "AllowHeaders",
        (
            "Content-Type",
            "X-Amz-Date",
            "Authorization",
            "X-Api-Key",
            "X-Amz-Security-Token",
            "X-Amzn-Trace-Id",
        ),
    ),
    "exposedResponseHeaders": ("ExposeHeaders", None),
}


def compile_function_urls(made: EventResources) -> None:
    """Add the URLs of a service's functions."""
    for key in made.service.functions.keys:
        at = made.service.root
        try:
            url = made.service.functions.value(key, _KIND)
            if is_set(url):
                at = url
                _add_url(made, key, url)
        except ProjectError as error:
            made.fail(FunctionEvent(key=key, settings=at), _KIND, error)


def _add_url(made: EventResources, key: str, url: Node) -> None:
    is_iam = text_of(url, "authorizer") == "aws_iam"
    cors = setting(url, "cors")
    made.add(
        f"{function_id(key)}Url",
        "AWS::Lambda::Url",
        url,
        {
            "AuthType": "AWS_IAM" if is_iam else "NONE",
            "TargetFunctionArn": made.target(key),
            "InvokeMode": setting(url, "invokeMode"),
            "Cors": _cors(cors) if cors else None,
        },
    )


def _cors(cors: Node) -> dict[str, object]:
    chosen: dict[str, object] = {}
    for name, (target, default) in _CORS.items():
        own = cors.get(name)
        is_removed = own is not None and own.value is None  # `allowedOrigins: null`
        values = None if is_removed else list_of(cors, name) or default
        if values is not None:
            chosen[target] = values
    if credentials := setting(cors, "allowCredentials"):
        chosen["AllowCredentials"] = credentials
    if age := setting(cors, "maxAge"):
        chosen["MaxAge"] = age
    return chosen
