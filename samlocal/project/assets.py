"""The CDK's assets: where the files are that a synthesised template has in S3.

https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import ProjectError
from samlocal.project.document import load
from samlocal.project.identifiers import metadata

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.node import Node
    from samlocal.project.stack import Stack


def asset_path(resource: Node, property_name: str, directory: Path) -> Path | None:
    """Return where the asset is that stands for a property, as the resource's metadata has it."""
    target = metadata(resource, "aws:asset:property")
    path = metadata(resource, "aws:asset:path")
    if path is None or target is None or target.split(".")[0] != property_name:
        return None
    return (directory / path).resolve()


def asset_of_object(stack: Stack, key: str) -> Path | None:
    """Return where the asset is that is to be uploaded under `key`.

    The stack's asset manifest knows it, also where a template has no metadata.
    """
    manifest = stack.document.path.with_name(
        stack.document.path.name.removesuffix(".template.json") + ".assets.json"
    )
    if manifest == stack.document.path or not manifest.is_file():
        return None
    try:
        files = load(manifest).root.get("files")
        for file in (files.entries("`files`") if files else {}).values():
            destinations, source = file.get("destinations"), file.get("source")
            path = source.get("path") if source else None
            for destination in (destinations.entries("it") if destinations else {}).values():
                name = destination.get("objectKey")
                if name and path and name.value == key:
                    return (stack.directory / path.text("`path`")).resolve()
    except ProjectError:
        return None
    return None
