"""`Cors` of an `AWS::Serverless::Api`: methods for OPTIONS that answer preflight requests.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-corsconfiguration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.definition import OPTIONS, Operation
from samlocal.cloudformation.apis.header_texts import header_text
from samlocal.cloudformation.apis.settings import flag, unquoted
from samlocal.cloudformation.functions.properties import Properties
from samlocal.diagnostics import Diagnostic
from samlocal.project.apis import ANY_METHOD, IntegrationResponse, MockIntegration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from samlocal.documents.node import Node

_ALL_METHODS: Final = ("DELETE", "GET", "HEAD", OPTIONS, "PATCH", "POST", "PUT")
_QUOTED: Final[Mapping[str, str]] = {
    "Allow-Origin": "AllowOrigin",
    "Allow-Headers": "AllowHeaders",
    "Allow-Methods": "AllowMethods",
}
_WILDCARD: Final = "'*'"
_PREFIX: Final = "Access-Control-"
_JSON: Final = "application/json"
# What SAM writes: https://github.com/aws/serverless-application-model/blob/develop/samtranslator/swagger/swagger.py
_REQUEST: Final[Mapping[str, str]] = {_JSON: '{\n  "statusCode" : 200\n}\n'}
_BODY: Final[Mapping[str, str]] = {_JSON: "{}\n"}


def rest_preflights(
    settings: Properties, cors: Node, operations: Iterable[Operation]
) -> Iterator[Operation]:
    """Yield an OPTIONS operation for each path that has none; `cors` is the resolved `Cors`.

    Raises:
        TemplateError: the configuration is malformed.
    """
    if cors.optional_text() is not None:
        cors = cors.with_value({"AllowOrigin": cors})
    given = _headers(settings, cors)
    methods: dict[str, list[Operation]] = {}
    for operation in operations:
        methods.setdefault(operation.path, []).append(operation)
    for path, of_path in methods.items():
        names = [each.method for each in of_path]
        if OPTIONS in names:
            continue
        allowed = _ALL_METHODS if ANY_METHOD in names else sorted({*names, OPTIONS})
        headers = {f"{_PREFIX}Allow-Methods": ",".join(allowed), **given}
        response = IntegrationResponse(status=200, headers=headers, templates=_BODY)
        yield Operation(
            method=OPTIONS,
            path=path,
            place=cors.place,
            integration=MockIntegration(request_templates=_REQUEST, responses=(response,)),
        )


def _headers(settings: Properties, cors: Node) -> dict[str, str]:
    """Return the headers that are configured."""
    config = Properties(cors, settings.resolver, settings.missing)
    origin = config.without_diagnostics().get("AllowOrigin")
    texts = {
        # One that cannot be sent does not become any origin.
        "Allow-Origin": header_text(config, "AllowOrigin")
        or (None if origin and origin.value else _WILDCARD),
        "Allow-Headers": header_text(config, "AllowHeaders"),
        "Allow-Methods": header_text(config, "AllowMethods"),
        "Max-Age": header_text(config, "MaxAge"),
        "Allow-Credentials": "true" if flag(config, "AllowCredentials") else None,
    }
    given = {name: text for name, text in texts.items() if text}
    if texts["Allow-Credentials"] and texts["Allow-Origin"] == _WILDCARD:
        message = "`AllowCredentials` of `Cors` applies here, but SAM refuses it for the origin `*`"
        config.missing.diagnostics.append(
            Diagnostic(
                message=message,
                place=config.node.place_of("AllowCredentials"),
                hint="name the origin in `AllowOrigin`",
            )
        )
    for name in given.keys() & _QUOTED.keys():
        _check_quotes(config, _QUOTED[name], given[name])
    return {f"{_PREFIX}{name}": unquoted(text) for name, text in given.items()}


def _check_quotes(config: Properties, name: str, text: str) -> None:
    """Report a value that API Gateway refuses, as it is not quoted."""
    if name in config.entries and unquoted(text) == text:
        config.missing.diagnostics.append(
            Diagnostic(
                message=f"`{name}` of `Cors` works here, but API Gateway wants quotes in the value",
                place=config.entries[name].place,
                hint=f"""write {name}: "'{text}'\"""",
            )
        )
