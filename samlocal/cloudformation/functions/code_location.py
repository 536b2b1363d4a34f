"""The location of a function's code or of a layer's content."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.functions.cdk_assets import asset_of_image, asset_of_object, asset_path
from samlocal.cloudformation.intrinsics.resolver import find_unknown
from samlocal.cloudformation.stack.resource_metadata import metadata
from samlocal.diagnostics import Diagnostic
from samlocal.documents.local_paths import local_path
from samlocal.documents.node import NoValue, Unknown, scalar_text
from samlocal.documents.read_files import note_file
from samlocal.errors import CodeNotFoundError
from samlocal.function import Code, ImageBuild, ImageCode, InlineCode, LocalCode, S3Code

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.errors import Place

_BUCKET: Final = ("Bucket", "S3Bucket")
_KEY: Final = ("Key", "S3Key")
_VERSION: Final = ("Version", "S3ObjectVersion")
_CODE: Final = "the function's code location"
_CONTENT: Final = "the layer's content location"
# Arguments of the `docker build` that `sam build` runs: https://github.com/aws/aws-sam-cli/blob/develop/samcli/lib/build/app_builder.py
_CLI_ARGUMENTS: Final = "DockerBuildExtraParams"


def read_code(stack: Stack, logical_id: str, properties: Properties) -> Code:
    """Return where a function's code is; relative paths start from the template's directory.

    A function without `CodeUri` has its code beside the template, as in sam.

    Raises:
        CodeNotFoundError: the template has no valid location.
    """
    place = stack.place_of(logical_id)
    if _is_image(properties):
        return _read_image(stack, logical_id, properties)
    if inline := properties.get("InlineCode", needed=True):
        return InlineCode(source=inline.text("`InlineCode`"), place=inline.place)
    if asset := _asset(stack, logical_id, ("Code", "CodeUri"), place):
        return asset
    node = _given(properties, ("CodeUri", "Code"), _CODE)
    if node is None:
        return LocalCode(path=stack.directory, place=place)
    if zip_file := node.get("ZipFile"):
        return InlineCode(source=zip_file.text("`ZipFile`"), place=zip_file.place)
    return _read_location(stack, node, _CODE)


def _is_image(properties: Properties) -> bool:
    if "ImageUri" in properties.entries:
        return True
    if properties.text("PackageType", needed=True) == "Image":
        return True
    code = properties.entries.get("Code")
    return code is not None and properties.resolver.reduce(code).get("ImageUri") is not None


def _given(properties: Properties, names: tuple[str, ...], what: str) -> Node | None:
    """Return the value of the first property that has one; None if it depends on missing parameters.

    Raises:
        CodeNotFoundError: it cannot be resolved locally.
    """
    for name in names:
        if name not in properties.entries:
            continue
        node = properties.resolver.resolve(properties.entries[name])
        unknown = find_unknown(node)
        if unknown and unknown.missing:
            properties.drop(name, node, unknown, needed=True)
            return None
        if isinstance(node.value, Unknown):
            raise _unknown(node, node.value, what)
        if node.value and not isinstance(node.value, NoValue):
            return node
    return None


def _unknown(node: Node, unknown: Unknown, what: str) -> CodeNotFoundError:
    return CodeNotFoundError(
        f"{what} cannot be resolved locally: {unknown.reason}",
        place=node.place,
        hint=unknown.hint or next((cause.message for cause in unknown.causes), None),
    )


def read_content(
    stack: Stack, logical_id: str, properties: Properties
) -> LocalCode | S3Code | None:
    """Return where a layer's content is; None if the template has no location.

    Raises:
        CodeNotFoundError: the template has no valid location.
    """
    place = stack.place_of(logical_id)
    if asset := _asset(stack, logical_id, ("Content", "ContentUri"), place):
        return asset
    node = _given(properties, ("ContentUri", "Content"), _CONTENT)
    return _read_location(stack, node, _CONTENT) if node else None


def _asset(
    stack: Stack, logical_id: str, property_names: tuple[str, ...], place: Place
) -> LocalCode | None:
    resource = stack.resources[logical_id]
    for name in property_names:
        if path := asset_path(resource, name, stack.directory):
            return LocalCode(path=path, place=place)
    return None


def _read_location(stack: Stack, node: Node, what: str) -> LocalCode | S3Code:
    if isinstance(node.value, dict):
        code = _s3_object(node, what)
        path = asset_of_object(stack, code.key)
        return LocalCode(path=path, place=node.place) if path else code
    text = node.text(what)
    if text.startswith("s3://"):
        return _s3_uri(text, node.place)
    named = local_path(
        stack.directory, text.removeprefix("file://"), node.place, error=CodeNotFoundError
    )
    path = named.resolve()
    if str(path) != os.path.normpath(named):
        note_file(named)  # a link, which may lead elsewhere later
    return LocalCode(path=path, place=node.place)


def _s3_object(node: Node, what: str) -> S3Code:
    bucket, key, version = (_first(node, names) for names in (_BUCKET, _KEY, _VERSION))
    if bucket is None or key is None:
        raise CodeNotFoundError(
            f"{what} is missing",
            place=node.place,
            hint="give a path, a bucket and key, or the source itself",
        )
    for part in (bucket, key):
        if isinstance(part.value, Unknown):
            raise _unknown(part, part.value, what)
    return S3Code(
        bucket=bucket.text("the bucket"),
        key=key.text("the key"),
        version=version.text("the version") if version else None,
        place=node.place,
    )


def _first(node: Node, names: tuple[str, ...]) -> Node | None:
    return next((found for name in names if (found := node.get(name))), None)


def _s3_uri(text: str, place: Place) -> S3Code:
    location, _, version = text.removeprefix("s3://").partition("?versionId=")
    bucket, slash, key = location.partition("/")
    if not slash or not key:
        raise CodeNotFoundError(
            f"`{text}` is not an S3 object", place=place, hint="write s3://BUCKET/KEY"
        )
    return S3Code(bucket=bucket, key=key, version=version or None, place=place)


def _read_image(stack: Stack, logical_id: str, properties: Properties) -> ImageCode:
    resource = stack.resources[logical_id]
    config = properties.mapping("ImageConfig", needed=True)
    build = _read_build(resource, stack.directory)
    is_asset = asset_path(resource, "Code", stack.directory) is not None
    code = None if is_asset else properties.mapping("Code", needed=True)
    places = (properties, code) if code else (properties,)
    uris = (place.process_text("ImageUri", needed=build is None) for place in places)
    uri = next(filter(None, uris), None)
    section = resource.get("Metadata")
    if build and section and section.get(_CLI_ARGUMENTS):
        properties.missing.diagnostics.append(
            Diagnostic(
                message=f"skipping `{_CLI_ARGUMENTS}`: samlocal builds images without the Docker CLI",
                place=section.place_of(_CLI_ARGUMENTS),
                hint="build the image with `sam build`",
            )
        )
    if build is None and uri:
        build = asset_of_image(stack, uri.rpartition(":")[2])
    return ImageCode(
        uri=uri,
        entry_point=config.texts("EntryPoint", needed=True) if config else (),
        command=config.texts("Command", needed=True) if config else (),
        working_directory=config.process_text("WorkingDirectory", needed=True) if config else None,
        build=build,
        place=stack.place_of(logical_id),
    )


def _read_build(resource: Node, directory: Path) -> ImageBuild | None:
    """Return how to build an image, as `sam build` or the CDK does."""
    if path := asset_path(resource, "Code", directory):
        return ImageBuild(
            context=path,
            dockerfile=metadata(resource, "aws:asset:dockerfile-path") or "Dockerfile",
            target=metadata(resource, "aws:asset:docker-build-target"),
            build_args=_build_args(resource, "aws:asset:docker-build-args"),
        )
    dockerfile, context = metadata(resource, "Dockerfile"), metadata(resource, "DockerContext")
    if dockerfile is None and context is None:
        return None
    return ImageBuild(
        context=local_path(
            directory, context or ".", resource.place, error=CodeNotFoundError
        ).resolve(),
        dockerfile=dockerfile or "Dockerfile",
        tag=metadata(resource, "DockerTag"),
        target=metadata(resource, "DockerBuildTarget"),
        build_args=_build_args(resource, "DockerBuildArgs"),
    )


def _build_args(resource: Node, key: str) -> dict[str, str]:
    section = resource.get("Metadata")
    node = section.get(key) if section else None
    if node is None:
        return {}
    arguments = {name: entry.value for name, entry in node.entries(f"`{key}`").items()}
    return {n: scalar_text(v) for n, v in arguments.items() if isinstance(v, str | int | float)}
