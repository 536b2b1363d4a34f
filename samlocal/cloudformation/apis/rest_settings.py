"""Settings of a REST API that both its resource and its definition may have: those of the resource win.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

from samlocal.diagnostics import Diagnostic
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cloudformation.apis.definition import Definition
    from samlocal.cloudformation.functions.properties import Properties

KeySource = Literal["HEADER", "AUTHORIZER"]

_EDGE: Final = "EDGE"
_KEY_SOURCES: Final = ("HEADER", "AUTHORIZER")
_MOST_COMPRESSION_BYTES: Final = 10 * 1024 * 1024


@frozen
class RestSettings:
    """Binary media types, where an API key is, the size from which responses are compressed, and the kind of endpoint."""

    binary_types: tuple[str, ...]
    api_key_source: KeySource
    minimum_compression_bytes: int | None
    is_edge_optimized: bool


def read_rest_settings(settings: Properties, declared: Definition) -> RestSettings:
    """Return the settings of a resource of SAM or CloudFormation, with what its definition declares.

    Raises:
        TemplateError: One has a wrong type, or is not one that API Gateway takes.
    """
    own_types = (text.replace("~1", "/") for text in settings.texts("BinaryMediaTypes"))
    own_bytes = read_compression_bytes(settings, "MinimumCompressionSize")
    return RestSettings(
        binary_types=tuple(dict.fromkeys((*declared.binary_types, *own_types))),
        api_key_source=read_key_source(settings, "ApiKeySourceType") or declared.api_key_source,
        minimum_compression_bytes=(
            declared.minimum_compression_bytes if own_bytes is None else own_bytes
        ),
        is_edge_optimized=_is_edge_optimized(settings),
    )


def _is_edge_optimized(settings: Properties) -> bool:
    """Return whether the endpoint is one of CloudFront, which it is by default; unknown ones are not.

    https://docs.aws.amazon.com/apigateway/latest/api/API_EndpointConfiguration.html
    """
    node = settings.without_diagnostics().get("EndpointConfiguration")
    if node is None:
        return "EndpointConfiguration" not in settings.entries
    if node.optional_text() is not None:  # of SAM
        return node.optional_text() == _EDGE
    chosen = node.get("Type") or node.get("Types")
    if chosen is None:
        return True
    types = chosen.value if isinstance(chosen.value, tuple) else (chosen,)
    return any(each.optional_text() == _EDGE for each in types)


def read_key_source(settings: Properties, name: str) -> KeySource | None:
    """Return where an API key is; None: the template does not say."""
    return cast("KeySource | None", settings.choice(name, _KEY_SOURCES))


def read_compression_bytes(settings: Properties, name: str) -> int | None:
    """Return the size in bytes from which responses are compressed; None: none is."""
    return settings.optional_integer(name, least=0, most=_MOST_COMPRESSION_BYTES)


def unapplied_policy(settings: Properties | None, name: str) -> tuple[Diagnostic, ...]:
    """Return what to say about a resource policy: requests have no caller here whom it could deny.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html
    """
    own = settings.entries.get(name) if settings else None
    if settings is None or not settings.resolver.may_have_value(own):
        return ()
    message = f"`{name}` is not applied: requests that it denies in AWS are let in"
    return (Diagnostic(message=message, place=settings.node.place_of(name)),)
