"""The section `resources`: the template that a service adds to its stack.

https://www.serverless.com/framework/docs/providers/aws/guide/resources
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.serverless.template.merging import merge_deeply, overlay, with_entries

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

_EXTENSIONS: Final = "extensions"
# The attributes whose entries an extension adds; it replaces all others.
_OVERLAID: Final = frozenset({"Properties", "Metadata"})


def extended(service: Service, logical_id: str, generated: Node | None) -> Node | None:
    """Return a resource with what `resources` says about it, all variables resolved.

    `Resources` of the section is merged deeply into the generated template; `extensions` replace whole properties.
    https://www.serverless.com/framework/docs/providers/aws/guide/resources#override-aws-cloudformation-resource
    """
    own = service.resources.value("Resources", logical_id)
    resource = merge_deeply([node for node in (generated, own) if node is not None])
    extension = service.resources.value(_EXTENSIONS, logical_id)
    if extension is None or resource is None:
        return resource
    attributes = dict(resource.entries(f"`{logical_id}`"))
    for name, node in extension.entries(f"the extension of `{logical_id}`").items():
        attributes[name] = (
            overlay(attributes.get(name), node) or node if name in _OVERLAID else node
        )
    return with_entries(resource, attributes)
