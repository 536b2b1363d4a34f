"""Finding a project's template, and whether the build by `sam build` is still current."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.documents.document import load
from samlocal.errors import ProjectError, TemplateNotFoundError
from samlocal.path_kinds import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.documents.node import Node

TEMPLATE_NAMES: Final = ("template.yaml", "template.yml", "template.json")
# In the order in which Serverless looks for them: https://www.serverless.com/framework/docs/providers/aws/guide/intro
SERVERLESS_NAMES: Final = tuple(
    f"serverless.{end}" for end in ("yml", "yaml", "json", "js", "mjs", "cjs", "ts")
)
ASSEMBLY_MANIFEST: Final = "manifest.json"
CDK_OUTPUT: Final = Path("cdk.out")
BUILT: Final = Path(".aws-sam/build/template.yaml")
_SCRIPTS: Final = frozenset({".js", ".mjs", ".cjs", ".ts"})
_DATA: Final = frozenset({".yml", ".yaml", ".json"})
# The keys that tell a service from a template, and the start of a mapping in braces, which may be JSON.
_KEYS: Final = rb"""["']?\b(service|provider|functions|Resources)\b["']?[ \t]*:"""
_TOP_LEVEL: Final = rb"^" + _KEYS
_IN_BRACES: Final = rb"(?:\xef\xbb\xbf)?(?:\s|#.*\n|---)*\{"
_NOT_SOURCE: Final = frozenset({"node_modules", "__pycache__", "venv", "target", "dist"})
_MAX_FILES: Final = 20_000


def find_template(directory: Path) -> Path:
    """Return a project's template: the output of `sam build`, else the source, the CDK's output, or a Serverless service.

    Raises:
        TemplateNotFoundError: there is none.
    """
    for candidate in (BUILT, *map(Path, TEMPLATE_NAMES)):
        if (path := directory / candidate).is_file():
            return path
    if (directory / CDK_OUTPUT / ASSEMBLY_MANIFEST).is_file():
        return directory / CDK_OUTPUT
    for name in SERVERLESS_NAMES:
        if (path := directory / name).is_file():
            return path
    ends = ", ".join(f".{name.rpartition('.')[2]}" for name in SERVERLESS_NAMES[1:])
    raise TemplateNotFoundError(
        f"no template in `{directory}`",
        hint=f"looked for {', '.join(TEMPLATE_NAMES)}, {CDK_OUTPUT} and {SERVERLESS_NAMES[0]} ({ends}); "
        "choose another with -t",
    )


def is_assembly(path: Path) -> bool:
    """Return whether a directory is what `cdk synth` wrote."""
    return is_file(path / ASSEMBLY_MANIFEST)


def is_serverless(path: Path) -> bool:
    """Return whether a file is the configuration of a Serverless service.

    Its name tells, or its content: it has a `provider`, a `service` or `functions`, and no `Resources`.
    """
    if path.name in SERVERLESS_NAMES or path.suffix in _SCRIPTS:
        return True
    if path.name in TEMPLATE_NAMES or path.suffix not in _DATA:
        return False
    try:
        text = path.read_bytes()
    except OSError:  # raised again where the project is opened
        return False
    names = _top_level_names(path, text)
    return "provider" in names and (
        "Resources" not in names and not names.isdisjoint({"service", "functions"})
    )


def _top_level_names(path: Path, text: bytes) -> set[str]:
    """Return which of the keys that matter are at the top of a file; anywhere in one that cannot be read."""
    if not re.match(_IN_BRACES, text):
        return {match.decode() for match in re.findall(_TOP_LEVEL, text, re.MULTILINE)}
    found = {match.decode() for match in re.findall(_KEYS, text)}
    if "provider" not in found:
        return found
    from samlocal.documents import js_yaml  # noqa: PLC0415  # templates need none of it

    try:
        root = js_yaml.load(path)
    except ProjectError:  # raised again where the project is opened
        return found
    return set(root.value) if root and isinstance(root.value, dict) else found


def is_built(path: Path) -> bool:
    """Return whether a template is the output of `sam build`."""
    return path.parts[-len(BUILT.parts) :] == BUILT.parts


def build_diagnostic(built: Path) -> Diagnostic:
    """Return the diagnostic that a build is used, and which source file is newer."""
    project = built.parents[2]
    message = f"using the build in `{BUILT.parent}`"
    source = next((path for name in TEMPLATE_NAMES if (path := project / name).is_file()), None)
    try:
        newer = _first_newer(source, built.stat().st_mtime) if source else None
    except FileNotFoundError:  # it is being built again, and what was read is still served
        newer = None
    if source is None or newer is None:
        return Diagnostic(message=message)
    return Diagnostic(
        message=f"{message}, which is older than `{os.path.relpath(newer, project)}`",
        hint=f"run `sam build` again, or use the source: -t {source.name}",
    )


def _first_newer(template: Path, built: float) -> Path | None:
    """Return the template, or a file of the code that it names, if it was changed after `built`."""
    if template.stat().st_mtime > built:
        return template
    return first_newer_file(_code_directories(template), built)


def first_newer_file(
    directories: Iterable[Path], built: float, *, ends: tuple[str, ...] = ("",)
) -> Path | None:
    """Return the first source file in directories that was changed after `built`, in seconds.

    Its name has one of `ends`. After many files, none is returned.
    """
    seen = 0
    for directory in directories:
        for path in _files(directory):
            seen += 1
            if seen > _MAX_FILES:
                return None
            if path.name.endswith(ends) and path.stat().st_mtime > built:
                return path
    return None


def _files(directory: Path) -> Iterator[Path]:
    """Yield the source files in a directory, without those that tools generate."""
    for parent, directories, files in os.walk(directory):
        directories[:] = [
            name for name in directories if not name.startswith(".") and name not in _NOT_SOURCE
        ]
        for name in files:
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():  # no dangling link
                yield path


def _code_directories(template: Path) -> list[Path]:
    """Return the code directories that a source template gives as plain text."""
    try:
        root = load(template).root
        resources = root.get("Resources")
        nodes = [*(resources.entries("`Resources`").values() if resources else ())]
    except ProjectError:  # only the build has to be valid
        return []
    shared = root.get("Globals")
    texts = [_code_uri(shared.get("Function"))] if shared else []
    texts += [_code_uri(node.get("Properties")) for node in nodes]
    return [template.parent / text for text in dict.fromkeys(texts) if text]


def _code_uri(properties: Node | None) -> str | None:
    nodes = [properties.get(name) for name in ("CodeUri", "ContentUri")] if properties else []
    return next((node.value for node in nodes if node and isinstance(node.value, str)), None)
