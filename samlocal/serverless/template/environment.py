"""The environment variables of a function: the provider's, and the function's over them.

https://www.serverless.com/framework/docs/providers/aws/guide/functions#environment-variables
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.documents.node import Unknown
from samlocal.errors import TemplateError
from samlocal.serverless.template.merging import overlay, with_entries
from samlocal.serverless.template.sections import present

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service


def compile_environment(service: Service, key: str) -> Node | None:
    """Return the variables of a function; those that are null are left out.

    Raises:
        TemplateError: a variable is neither a scalar nor an intrinsic function.
    """
    declared = present(service.node("provider", "environment"))
    own = present(service.functions.node(key, "environment"))
    for node in (declared, own):
        if node is not None:
            node.entries("`environment`")
    merged = overlay(declared, own)
    if merged is None:
        return None
    resolved = {
        name: service.variables.resolve(node)
        for name, node in merged.entries("`environment`").items()
    }
    variables = {name: node for name, node in resolved.items() if node.value is not None}
    for name, node in variables.items():
        _check(name, node)
    return with_entries(merged, variables)


def _check(name: str, node: Node) -> None:
    if node.optional_text() is not None or isinstance(node.value, Unknown) or intrinsic_call(node):
        return
    raise TemplateError(
        f"the environment variable `{name}` cannot be {node.kind}",
        place=node.place,
        hint="a variable is a text, a number, a boolean, or a function of CloudFormation such as `Ref`",
    )
