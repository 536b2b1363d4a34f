"""Defaults and limits of authorizers.

https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import flag, payload_version

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.project.apis import PayloadVersion

_REST_CACHE_SECONDS: Final = 300
_HTTP_CACHE_SECONDS: Final = 0
_MOST_CACHE_SECONDS: Final = 3_600


def read_cache_seconds(settings: Properties, name: str, *, is_rest: bool) -> int:
    """Return for how many seconds the result of a Lambda authorizer is kept, 0: not at all.

    Raises:
        TemplateError: It is not a number that API Gateway takes.
    """
    default = default_cache_seconds(is_rest=is_rest)
    return settings.integer(name, default, least=0, most=_MOST_CACHE_SECONDS)


def default_cache_seconds(*, is_rest: bool) -> int:
    """Return for how many seconds a result is kept if the template says nothing."""
    return _REST_CACHE_SECONDS if is_rest else _HTTP_CACHE_SECONDS


def read_identity_sources(settings: Properties, name: str) -> tuple[str, ...]:
    """Return identity sources, from a list or from one text with commas."""
    texts = settings.texts(name)
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def read_payload(settings: Properties, name: str, simple: str) -> PayloadVersion:
    """Return the version of an authorizer's event in an HTTP API, which AWS requires a template to say.

    `simple` is the name of the switch for simple responses, which exist in 2.0 only.
    """
    return payload_version(settings, name, "2.0" if flag(settings, simple) else "1.0")
