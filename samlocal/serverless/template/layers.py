"""Layers: those of the service as `AWS::Lambda::LayerVersion`, and the list of a function.

https://www.serverless.com/framework/docs/providers/aws/guide/layers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import LayerError, TemplateError
from samlocal.path_kinds import path_exists
from samlocal.serverless.template.artifacts import artifact_location
from samlocal.serverless.template.logical_ids import PYTHON_REQUIREMENTS_LAYER, layer_id
from samlocal.serverless.template.resource_nodes import ResourceBuilder
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

LAYER_TYPE: Final = "AWS::Lambda::LayerVersion"
_PYTHON_REQUIREMENTS: Final = ".serverless/pythonRequirements.zip"


def function_layers(service: Service, key: str) -> Node | None:
    """Return the layers of a function: its own list, else the provider's.

    Raises:
        LayerError: the content of a layer of the service does not exist.
    """
    own = service.functions.value(key, "layers")
    layers = own if own is not None else service.value("provider", "layers")
    if layers is None:
        return None
    for item in layers.items("`layers`"):
        reference = item.get("Ref")
        if reference is not None and isinstance(reference.value, str):
            _check_content(service, reference)
    return layers


def _check_content(service: Service, reference: Node) -> None:
    """Check that the content of a layer exists, if it is one of the service."""
    if reference.value == PYTHON_REQUIREMENTS_LAYER and has_requirements_layer(service):
        if not (service.directory / _PYTHON_REQUIREMENTS).is_file():
            raise LayerError(
                f"the layer with the Python requirements is not built: no `{_PYTHON_REQUIREMENTS}`",
                place=reference.place,
                hint="run `serverless package`",
            )
        return
    for key in service.layers.keys:
        if layer_id(key) == reference.value:
            content = _content(service, key)
            path = service.directory / str(content.value)
            if not str(content.value).startswith("s3://") and not path_exists(path):
                raise LayerError(
                    f"the layer `{key}` has no content: `{path}` does not exist",
                    place=content.place,
                    hint="build the layer",
                )


def compile_layer(service: Service, key: str) -> Node:
    """Return the resource of a layer.

    Raises:
        TemplateError: the layer has no content.
    """
    at = service.layers.node(key)
    if at is None:
        raise TemplateError(f"no layer `{key}`", place=service.root.place)
    resource = ResourceBuilder(LAYER_TYPE, at)
    name = service.layers.value(key, "name")
    resource.add("LayerName", name if is_set(name) else at.with_value(key))
    resource.add("ContentUri", _content(service, key))
    for own, target in (
        ("compatibleRuntimes", "CompatibleRuntimes"),
        ("compatibleArchitectures", "CompatibleArchitectures"),
    ):
        resource.add(target, service.layers.value(key, own))
    return resource.node()


def _content(service: Service, key: str) -> Node:
    content = service.layers.value(key, "package", "artifact")
    if not is_set(content):
        content = service.layers.value(key, "path")
    if content is None:
        raise TemplateError(
            f"the layer `{key}` has no `path`",
            place=service.layers.place_of(key),
            hint="give the directory that Lambda mounts at /opt",
        )
    return artifact_location(content, f"the content of the layer `{key}`")


def has_requirements_layer(service: Service) -> bool:
    """Return whether serverless-python-requirements makes a layer of the requirements."""
    layer = service.value("custom", "pythonRequirements", "layer")
    return layer is not None and bool(layer.value)


def compile_requirements_layer(service: Service) -> Node:
    """Return the layer with the requirements as serverless-python-requirements packages them.

    https://github.com/serverless/serverless-python-requirements#lambda-layer
    """
    at = service.node("custom", "pythonRequirements") or service.root
    resource = ResourceBuilder(LAYER_TYPE, at)
    resource.add_text("LayerName", f"{service.name}-{service.stage}-python-requirements")
    resource.add_text("ContentUri", _PYTHON_REQUIREMENTS)
    return resource.node()
