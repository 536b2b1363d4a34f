"""Code that is not built or not complete, and the commands that build it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import CodeNotFoundError
from samlocal.function import LocalCode, S3Code
from samlocal.path_kinds import is_file, path_exists
from samlocal.project.discovery import ASSEMBLY_MANIFEST, SERVERLESS_NAMES
from samlocal.sandbox.sandbox import TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.function import Function
    from samlocal.runtimes import Runtime

SAM: Final = "sam build"
_CDK: Final = "cdk synth"
# For each language, the runtime's message for a missing module, and the files that list dependencies.
_MISSING_MODULES: Final = {
    "python": (
        re.compile(r"No module named '([^'.]+)"),
        ("requirements.txt", "pyproject.toml", "Pipfile"),
    ),
    "nodejs": (
        re.compile(r"Cannot find (?:module|package) '((?:@[^'/]+/)?[^'/.][^'/]*)"),
        ("package.json",),
    ),
    "ruby": (re.compile(r"cannot load such file -- ([^\s/]+)"), ("Gemfile",)),
}
# How to install what they list beside the code.
_INSTALLATIONS: Final = {
    "requirements.txt": "pip install -r requirements.txt -t .",
    "package.json": "npm install",
    "Gemfile": "bundle install",
}
# https://github.com/serverless/serverless-python-requirements
_PYTHON_REQUIREMENTS: Final = ".serverless/requirements"
_TYPESCRIPT: Final = (".ts", ".tsx", ".mts", ".cts")
_JAVA_SOURCES: Final = ("pom.xml", "build.gradle", "build.gradle.kts", "build.sbt")


def build_command(function: Function, project: Path, *, by_sam: bool) -> str:
    """Return the command that builds a function, guessed from its project.

    `project` is the template, or the directory that `cdk synth` wrote. `by_sam` tells whether `sam build`
    can build such a function without a `BuildMethod`; otherwise a Makefile is preferred.
    """
    directory = project if project.is_dir() else project.parent
    if (directory / ASSEMBLY_MANIFEST).is_file():
        return _CDK
    if _builds_itself(function, directory):
        return "make"
    if directory.name == ".serverless" or found_source(directory, SERVERLESS_NAMES):
        return "serverless package"
    if not by_sam and function.build_method is None:
        code = function.code.path if isinstance(function.code, LocalCode) else directory
        for folder in (directory, code):
            if (folder / "Makefile").is_file():
                relative = os.path.relpath(folder)
                return "make" if relative == os.curdir else f"make -C {relative}"
    return SAM


def _builds_itself(function: Function, directory: Path) -> bool:
    """Return whether a Makefile builds the program of a service, which Serverless only packages."""
    is_program = (function.runtime or "").startswith("provided")
    return function.framework == "serverless" and is_program and (directory / "Makefile").is_file()


def shown_code(function: Function, code: Path) -> str:
    """Return the name of the code in the directory `code`, which may be in the cache, for messages."""
    match function.code:
        case LocalCode(path=path):
            return str(path)
        case S3Code(bucket=bucket, key=key):
            return f"s3://{bucket}/{key}"
        case _:
            return str(code)


def found_source(directory: Path, names: Iterable[str]) -> str | None:
    """Return the first of these files that exists in a directory."""
    return next((name for name in names if is_file(directory / name)), None)


def require_built(function: Function, runtime: Runtime, code: Path, project: Path) -> None:
    """Check that code with sources is built.

    Raises:
        CodeNotFoundError: It is not built.
    """
    checks = {"nodejs": _unbuilt_javascript, "java": _unbuilt_classes, "dotnet": _unbuilt_assembly}
    check = checks.get(runtime.family)
    if runtime.family == "java" and function.layers:  # their classes are as good as the code's
        return
    found = check(function.handler or "", code) if check else None
    if found is None:
        return
    source, wanted = found
    command = build_command(function, project, by_sam=runtime.family != "nodejs")
    hint = f"run `{command}`"
    if runtime.family == "nodejs" and command == SAM and function.build_method != "esbuild":
        hint += ", with `BuildMethod: esbuild` in the function's `Metadata`"
    elif command == _CDK:
        hint = f"compile it, then run `{command}`"
    raise CodeNotFoundError(
        f"`{function.logical_id}` is not built: `{shown_code(function, code)}` has `{source}` but no `{wanted}`",
        place=function.code.place,
        hint=hint,
    )


def _unbuilt_javascript(handler: str, code: Path) -> tuple[str, str] | None:
    """Return the TypeScript source of a missing handler module, and the module.

    https://docs.aws.amazon.com/lambda/latest/dg/typescript-handler.html
    """
    folder, _, name = handler.rpartition("/")
    module = f"{folder}/{name.partition('.')[0]}".lstrip("/")
    if (
        handler.startswith("/") or ".." in handler
    ):  # in a layer: a wrapper that runs another handler
        return None
    if any(path_exists(Path(code, f"{module}{end}")) for end in (".js", "", ".mjs", ".cjs")):
        return None
    if path_exists(Path(code, "node_modules", module)):
        return None
    names = (*(f"{module}{end}" for end in _TYPESCRIPT), "tsconfig.json")
    source = found_source(code, names)
    return (source, f"{module}.js") if source else None


def _unbuilt_classes(handler: str, code: Path) -> tuple[str, str] | None:
    """Return the build file of code without classes, and the class that is missing.

    https://docs.aws.amazon.com/lambda/latest/dg/java-package.html
    """
    source = found_source(code, _JAVA_SOURCES)
    name = f"{handler.partition('::')[0].replace('.', '/')}.class"
    if source is None or is_file(code / name) or any((code / "lib").glob("*.jar")):
        return None
    return source, name


def _unbuilt_assembly(handler: str, code: Path) -> tuple[str, str] | None:
    """Return the project file of code without its assembly, and the assembly.

    https://docs.aws.amazon.com/lambda/latest/dg/csharp-handler.html
    """
    name = f"{handler.partition('::')[0]}.dll"
    if is_file(code / name):
        return None
    sources = (path.name for kind in ("cs", "fs", "vb") for path in code.glob(f"*.{kind}proj"))
    source = next(sources, None)
    return (source, name) if source else None


def missing_code(function: Function, code: LocalCode, project: Path) -> CodeNotFoundError:
    """Return the error for code that does not exist."""
    command = build_command(function, project, by_sam=False)
    return CodeNotFoundError(
        f"the code `{code.path}` does not exist",
        place=code.place,
        hint=f"did you run `{command}`{', or your bundler' if command == SAM else ''}?",
    )


def missing_module_hint(
    function: Function, family: str | None, project: Path, message: str
) -> str | None:
    """Return the hint for a runtime's error about a missing module of the code."""
    code = function.code
    pattern, files = _MISSING_MODULES.get(family or "", (None, ()))
    if pattern is None or not isinstance(code, LocalCode):
        return None
    directory = code.path if code.path.is_dir() else code.path.parent
    missing, listed = pattern.search(message), found_source(directory, files)
    own = re.split(r"[./]", function.handler or "")
    if missing is None or listed is None or missing[1] in own:
        return None
    if function.framework == "serverless":
        return _missing_in_service(missing[1], listed, project.parent, family)
    command = build_command(function, project, by_sam=True)
    return f"`{missing[1]}` is not in the code: run `{command}` if `{listed}` has it"


def _missing_in_service(missing: str, listed: str, service: Path, family: str | None) -> str:
    """Return the hint for a service, whose directory is the code: nothing installs what a function needs.

    serverless-python-requirements installs for packages only, in a directory of its own.
    """
    installed = service / _PYTHON_REQUIREMENTS
    if family == "python" and any(
        path_exists(installed / name) for name in (missing, f"{missing}.py")
    ):
        variable = f"PYTHONPATH={TASK_ROOT}/{_PYTHON_REQUIREMENTS}"
        return f"`{missing}` is in `{_PYTHON_REQUIREMENTS}`: add `--env {variable}`"
    command = _INSTALLATIONS.get(listed, f"pip install -t . {missing}")
    return f"`{missing}` is not in the code: run `{command}` if `{listed}` has it"
