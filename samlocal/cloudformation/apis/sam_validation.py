"""`RequestModel` and `RequestParameters` of events, with the `Models` of an `AWS::Serverless::Api`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-requestmodel.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-requestparameter.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import flag, required_text
from samlocal.errors import TemplateError
from samlocal.project.apis import RequestValidation
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.documents.node import Node

_JSON: Final = "application/json"
_PARAMETER: Final = re.compile(r"method\.request\.(?:querystring|path|header)\..+")


class ModelReader:
    """Reads what events validate, with the models of their API."""

    def __init__(self, models: Properties | None) -> None:
        self._names = tuple(models.entries) if models else ()
        schemas = {name: models.get(name) for name in self._names} if models else {}
        # SAM writes their names in lower case, also where models refer to one another.
        self._schemas = {
            name.lower(): schema.plain() for name, schema in schemas.items() if schema is not None
        }

    def read(self, event: Properties) -> RequestValidation | None:
        """Return what an event validates; None: nothing, as without `ValidateBody` and `ValidateParameters`.

        Raises:
            TemplateError: the API does not have the model, or a parameter is not one.
        """
        parameters = tuple(_required(event))
        request = event.mapping("RequestModel")
        if request is None:
            return None
        name = required_text(request, "Model", "`RequestModel`")
        if name not in self._names:
            raise TemplateError(
                f"the API has no model `{name}`",
                place=request.node.place,
                hint=did_you_mean(name, self._names) or "declare it under `Models` of the API",
            )
        validates_parameters = flag(request, "ValidateParameters")
        bodies = self._bodies(name) if flag(request, "ValidateBody") else {}
        if not bodies and not (parameters and validates_parameters):
            return None
        return RequestValidation(
            parameters=parameters if validates_parameters else (), bodies=bodies
        )

    def _bodies(self, name: str) -> dict[str, object]:
        schema = self._schemas.get(name.lower())
        if not isinstance(schema, dict):
            return {}
        return {_JSON: {**schema, "definitions": self._schemas}}


def _required(event: Properties) -> Iterator[str]:
    """Yield the parameters that a request must have."""
    for item in event.items("RequestParameters"):
        entries = item.value if isinstance(item.value, dict) else {item.text("a parameter"): None}
        for name, options in entries.items():
            if not _PARAMETER.fullmatch(name):
                raise TemplateError(
                    f"`{name}` is not a parameter of a request",
                    place=item.place,
                    hint="write `method.request.querystring.NAME`, `….path.NAME` or `….header.NAME`",
                )
            if _is_required(options):
                yield name


def _is_required(options: Node | None) -> bool:
    required = options.get("Required") if options else None
    return required is not None and (required.optional_text() or "").lower() == "true"
