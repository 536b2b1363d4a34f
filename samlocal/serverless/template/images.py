"""Functions that are container images: `image`, and `provider.ecr.images`.

https://www.serverless.com/framework/docs/providers/aws/guide/functions#referencing-container-image-as-a-target
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import TemplateError
from samlocal.path_kinds import is_directory
from samlocal.serverless.template.sections import is_set
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.resource_nodes import ResourceBuilder
    from samlocal.serverless.template.service import Service

_NAME: Final = r"[a-z][a-z0-9_-]{1,31}"
_CONFIG: Final = {
    "command": "Command",
    "entryPoint": "EntryPoint",
    "workingDirectory": "WorkingDirectory",
}


def compile_image(
    service: Service, key: str, resource: ResourceBuilder, *, replaced: frozenset[str]
) -> None:
    """Add the image of a function to its resource: where it is, or how it is built.

    Raises:
        TemplateError: the configuration names no image, or one that is not among the provider's.
    """
    image = service.functions.value(key, "image")
    if image is None:
        raise TemplateError(
            f"the function `{key}` has no image", place=service.functions.place_of(key)
        )
    name: Node | None = None
    uri: Node | None = None
    if isinstance(image.value, dict):
        name, uri = image.get("name"), image.get("uri")
        if is_set(name) == is_set(uri):
            raise TemplateError(
                f"the image of `{key}` needs a `name` or a `uri`, one of them", place=image.place
            )
        config = {
            target: image.value[own] for own, target in _CONFIG.items() if is_set(image.get(own))
        }
        if config:
            resource.add_data("ImageConfig", config)
    elif re.fullmatch(_NAME, image.text(f"the image of `{key}`")):
        name = image
    else:
        uri = image
    resource.add_text("PackageType", "Image")
    if is_set(name):
        uri = _named_image(service, name, resource, needed="ImageUri" not in replaced)
    if is_set(uri):
        resource.add("Code", uri.with_value({"ImageUri": uri}))


def _named_image(
    service: Service, name: Node, resource: ResourceBuilder, *, needed: bool
) -> Node | None:
    """Return the URI of an image of the provider; None if it is built, which the resource then says."""
    text = name.text("the name of an image")
    image = service.value("provider", "ecr", "images", text)
    if image is None:
        if not needed:
            return None
        images = service.node("provider", "ecr", "images")
        known = images.value if images is not None and isinstance(images.value, dict) else {}
        raise TemplateError(
            f"`provider.ecr.images` has no image `{text}`",
            place=name.place,
            hint=did_you_mean(text, known)
            or "give its `uri`, or the `path` of the directory with its Dockerfile",
        )
    if not isinstance(image.value, dict):
        location = image.text(f"the image `{text}`")
        is_path = location.startswith((".", "/")) or is_directory(service.directory / location)
        if not is_path and any(mark in location for mark in "/:@"):
            return image
        _add_build(resource, {"DockerContext": image, "Dockerfile": image.with_value("Dockerfile")})
        return None
    uri, path = image.get("uri"), image.get("path")
    if is_set(uri) == is_set(path):
        raise TemplateError(
            f"the image `{text}` needs a `uri` or a `path`, one of them", place=image.place
        )
    if not is_set(path):
        return uri
    file, arguments = image.get("file"), image.get("buildArgs")
    build = {
        "DockerContext": path,
        "Dockerfile": file if is_set(file) else path.with_value("Dockerfile"),
    }
    if arguments is not None and arguments.value:
        build["DockerBuildArgs"] = arguments
    _add_build(resource, build)
    return None


def _add_build(resource: ResourceBuilder, build: dict[str, Node]) -> None:
    resource.set_attribute("Metadata", resource.nodes(build))
