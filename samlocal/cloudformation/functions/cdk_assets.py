"""The CDK's assets: the local files for what a synthesised template has in S3 or ECR.

https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from samlocal.cloudformation.stack.resource_metadata import metadata
from samlocal.documents.document import load
from samlocal.documents.local_paths import local_path
from samlocal.errors import CodeNotFoundError, TemplateError
from samlocal.function import ImageBuild

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node


def asset_path(resource: Node, property_name: str, directory: Path) -> Path | None:
    """Return the path of the asset for a property, from the resource's metadata.

    Raises:
        CodeNotFoundError: it is not a path.
    """
    target = metadata(resource, "aws:asset:property")
    path = metadata(resource, "aws:asset:path")
    if path is None or target is None or target.split(".")[0] != property_name:
        return None
    return _path(resource, directory, path)


def asset_of_object(stack: Stack, key: str) -> Path | None:
    """Return the path of the asset that is uploaded to S3 under `key`.

    The stack's asset manifest has it even if the template has no metadata.

    Raises:
        CodeNotFoundError: it is not a path.
    """
    with suppress(TemplateError):
        source = _source_of(stack, "files", "objectKey", key)
        if source and (path := source.get("path")):
            return _path(path, stack.directory, path.text("`path`"))
    return None


def asset_of_image(stack: Stack, tag: str) -> ImageBuild | None:
    """Return how to build the image with this tag, which is a digest of its asset.

    Raises:
        CodeNotFoundError: its directory is not a path.
    """
    with suppress(TemplateError):
        source = _source_of(stack, "dockerImages", "imageTag", tag)
        if source and (directory := source.get("directory")):
            dockerfile, target = source.get("dockerFile"), source.get("dockerBuildTarget")
            arguments = source.get("dockerBuildArgs")
            given = arguments.entries("`dockerBuildArgs`") if arguments else {}
            return ImageBuild(
                context=_path(directory, stack.directory, directory.text("`directory`")),
                dockerfile=dockerfile.text("`dockerFile`") if dockerfile else "Dockerfile",
                target=target.text("`dockerBuildTarget`") if target else None,
                build_args={name: each.text("it") for name, each in given.items()},
            )
    return None


def _path(at: Node, directory: Path, text: str) -> Path:
    return local_path(directory, text, at.place, error=CodeNotFoundError).resolve()


def _source_of(stack: Stack, kind: str, key: str, value: str) -> Node | None:
    """Return the source of the asset of this kind that has a destination with `key` set to `value`."""
    manifest = stack.document.path.with_name(
        stack.document.path.name.removesuffix(".template.json") + ".assets.json"
    )
    if manifest == stack.document.path or not manifest.is_file():
        return None
    assets = load(manifest).root.get(kind)
    for asset in (assets.entries(f"`{kind}`") if assets else {}).values():
        destinations = asset.get("destinations")
        for destination in (destinations.entries("it") if destinations else {}).values():
            name = destination.get(key)
            if name and name.value == value:
                return asset.get("source")
    return None
