"""Where the definition of an API is: in the template, in a file, or in S3.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html#sam-api-definitionuri
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-restapi-s3location.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.apis.settings import known
from samlocal.cloudformation.functions.cdk_assets import asset_of_object, asset_path
from samlocal.documents.document import load
from samlocal.documents.node import NoValue
from samlocal.errors import TemplateError, TemplateNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node


def definition_node(
    stack: Stack, logical_id: str, settings: Properties, *, body: str, location: str
) -> Node | None:
    """Return the OpenAPI document of an API; None if it has none.

    `body` and `location` are the names of the properties that may have it: the document itself, and a file or an
    object in S3.

    Raises:
        TemplateError: the location is not on this machine, or is not a document.
    """
    inline = settings.entries.get(body)
    if inline is not None and stack.resolver.may_have_value(inline):
        return known(stack.resolver.reduce(inline))
    resource = stack.resources.get(logical_id)
    if resource and (asset := asset_path(resource, location, stack.directory)):
        return _load(asset, resource)
    node = settings.entries.get(location)
    if node is None:
        return None
    node = known(stack.resolver.resolve(node))
    if node.value is None or isinstance(node.value, NoValue):
        return None
    if isinstance(node.value, dict):
        return _of_object(stack, node, location)
    return known(stack.include(node.text(f"`{location}`"), node))


def _of_object(stack: Stack, node: Node, location: str) -> Node:
    bucket, key = node.get("Bucket"), node.get("Key")
    if bucket is None or key is None:
        raise TemplateError(
            f"`{location}` needs a `Bucket` and a `Key`", place=node.place, hint="or write a path"
        )
    name = key.text("`Key`")
    if asset := asset_of_object(stack, name):
        return _load(asset, node)
    return known(stack.include(f"s3://{bucket.text('`Bucket`')}/{name}", node))


def _load(path: Path, at: Node) -> Node:
    try:
        return load(path).root
    except TemplateNotFoundError as exc:
        raise TemplateError(
            "the definition of the API is missing", place=at.place, hint=f"looked for `{path}`"
        ) from exc
