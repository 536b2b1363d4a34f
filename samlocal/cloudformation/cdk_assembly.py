"""The CDK's cloud assembly: the directory that `cdk synth` writes, usually `cdk.out`.

https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.documents.document import load
from samlocal.errors import TemplateError
from samlocal.frozen_dataclass import frozen
from samlocal.project.discovery import ASSEMBLY_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.documents.node import Node

_STACK: Final = "aws:cloudformation:stack"
_ASSEMBLY: Final = "cdk:cloud-assembly"
_ENVIRONMENT: Final = re.compile(r"aws://(?P<account>[^/]+)/(?P<region>.+)")
_MAX_ASSEMBLIES_DEEP: Final = 20


@frozen
class AssemblyStack:
    """One stack of a CDK app; its account and region are None if the app does not set them."""

    name: str
    template: Path
    account: str | None
    region: str | None


def read_assembly(directory: Path) -> tuple[AssemblyStack, ...]:
    """Return the stacks of an assembly and of those nested in it, such as a stage's.

    Raises:
        TemplateError: there is no manifest, it is malformed, or it names no stack.
    """
    stacks = tuple(_stacks(directory, 0))
    if not stacks:
        raise TemplateError(f"`{directory / ASSEMBLY_MANIFEST}` has no stacks")
    return stacks


def _stacks(directory: Path, depth: int) -> Iterator[AssemblyStack]:
    root = load(directory / ASSEMBLY_MANIFEST).root
    artifacts = root.get("artifacts")
    for name, artifact in (artifacts.entries("`artifacts`") if artifacts else {}).items():
        kind, properties = artifact.get("type"), artifact.get("properties")
        if kind is None or properties is None:
            continue
        if kind.value == _STACK:
            yield _stack(directory, name, artifact, properties)
        elif kind.value == _ASSEMBLY and (inner := properties.get("directoryName")):
            if depth >= _MAX_ASSEMBLIES_DEEP:
                raise TemplateError("the assemblies are nested too deeply", place=inner.place)
            yield from _stacks(directory / inner.text("`directoryName`"), depth + 1)


def _stack(directory: Path, name: str, artifact: Node, properties: Node) -> AssemblyStack:
    template = properties.get("templateFile")
    if template is None:
        raise TemplateError(f"stack `{name}` has no `templateFile`", place=artifact.place)
    stack_name, environment = properties.get("stackName"), artifact.get("environment")
    known = _ENVIRONMENT.fullmatch(environment.text("`environment`")) if environment else None
    account, region = (known["account"], known["region"]) if known else (None, None)
    return AssemblyStack(
        name=stack_name.text("`stackName`") if stack_name else name,
        template=directory / template.text("`templateFile`"),
        account=None if account == "unknown-account" else account,
        region=None if region == "unknown-region" else region,
    )
