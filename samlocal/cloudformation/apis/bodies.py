"""The definition of an API's resource, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.apis.definition import UNKNOWN, Definition, Security
from samlocal.cloudformation.apis.definition_files import definition_node
from samlocal.cloudformation.apis.openapi import read_openapi
from samlocal.cloudformation.apis.settings import skipped
from samlocal.errors import ProjectError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.project.apis import ApiKind


@frozen
class BodyProperties:
    """The properties of a resource that may have an OpenAPI document: the document, and where it is."""

    body: str = "Body"
    location: str = "BodyS3Location"


def read_body(
    stack: Stack,
    logical_id: str,
    settings: Properties,
    kind: ApiKind,
    *,
    targets: FunctionTargets,
    variables: Mapping[str, str],
    names: BodyProperties | None = None,
) -> Definition | None:
    """Return what the OpenAPI document of an API says; None if the API has none.

    One that has an error is empty but for its `failures`: operations that are added to it refuse all requests, unless
    they say themselves who may call them. `settings` are the properties of the resource,
    `variables` those of its stage.
    """
    names = names or BodyProperties()
    try:
        node = definition_node(
            stack, logical_id, settings, body=names.body, location=names.location
        )
        if node is None:
            return None
        return read_openapi(
            node, kind, stack, targets=targets, missing=settings.missing, variables=variables
        )
    except ProjectError as error:
        # The document may have guarded what is added to it, and may have had any route.
        failure = skipped(f"the definition of `{logical_id}`", error)
        unknown = Definition(
            security=Security(authorizer=UNKNOWN), unplaced=(failure,), failures=(failure,)
        )
        return unknown.with_unknown_guard(failure)
