"""The `bootstrap` of a custom runtime: finding it, and checking that Linux can start it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from samlocal.errors import CodeNotFoundError
from samlocal.function import LocalCode
from samlocal.sandbox.unbuilt import SAM, build_command, found_source, shown_code
from samlocal.suggestions import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.runtimes import Runtime

_SOURCES: Final = ("go.mod", "main.go", "Cargo.toml", "Package.swift", "CMakeLists.txt", "Makefile")
_ELF: Final = b"\x7fELF"
_ELF_MACHINE: Final = slice(18, 20)  # https://man7.org/linux/man-pages/man5/elf.5.html
_ELF_BIG_ENDIAN: Final = b"\x02"
_MACHINES: Final = {3: "i386", 40: "arm (32 bits)", 62: "x86_64", 183: "arm64", 243: "riscv64"}
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_FOREIGN_PROGRAMS: Final = {
    b"MZ": "Windows",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
}
_READ: Final = 512


def find_bootstrap(
    function: Function, runtime: Runtime, folders: Mapping[str, Path], project: Path
) -> str:
    """Return the first of the runtime's bootstraps that exists in the code or the layers.

    `folders` are the directories of code and layers by their path in the sandbox.

    Raises:
        CodeNotFoundError: There is none, or Linux cannot start it.
    """
    for bootstrap in runtime.bootstraps:
        root, _, name = bootstrap.rpartition("/")
        if root in folders and (folders[root] / name).is_file():
            _require_startable(function, folders[root] / name, in_code=root == _code_root(runtime))
            return bootstrap
    code = shown_code(function, folders[_code_root(runtime)])
    if source := found_source(folders[_code_root(runtime)], _SOURCES):
        command = build_command(function, project, by_sam=False)
        needs_method = command == SAM and function.build_method is None
        method = ", with a `BuildMethod` in the function's `Metadata`" if needs_method else ""
        raise CodeNotFoundError(
            f"`{function.logical_id}` is not built: `{code}` has `{source}` but no `bootstrap`",
            place=function.code.place,
            hint=f"run `{command}`{method}",
        )
    missing = (
        f"neither `{code}` nor its layers have one" if len(folders) > 1 else f"`{code}` has none"
    )
    raise CodeNotFoundError(
        f"`{runtime.id}` requires an executable `bootstrap`, and {missing}",
        place=function.code.place,
        hint="build the function so that `bootstrap` is at the top level of its code",
    )


def _code_root(runtime: Runtime) -> str:
    return runtime.bootstraps[0].rpartition("/")[0]


def _require_startable(function: Function, path: Path, *, in_code: bool) -> None:
    name, unpacked = _named(function, path, in_code=in_code)
    if not os.access(path, os.X_OK):
        hint = f"run `chmod +x {path}`"
        if unpacked:
            hint = "archives from Windows have no permissions: create the archive on Linux, on macOS or in WSL"
        raise CodeNotFoundError(f"{name} is not executable", place=function.code.place, hint=hint)
    with path.open("rb") as file:
        start = file.read(_READ)
    if problem := _problem(start, function):
        message, hint = problem
        raise CodeNotFoundError(f"{name} {message}", place=function.code.place, hint=hint)


def _named(function: Function, path: Path, *, in_code: bool) -> tuple[str, bool]:
    """Return the name of a `bootstrap` for messages, and whether it was unpacked from an archive.

    Paths in the cache are not shown.
    """
    codes = [function.code] if in_code else [layer.code for layer in function.layers]
    if any(isinstance(each, LocalCode) and path.is_relative_to(each.path) for each in codes):
        return f"`{path}`", False
    if in_code:
        return f"`bootstrap` in `{shown_code(function, path.parent)}`", True
    return f"`bootstrap` in {quoted(each.name for each in function.layers)}", True


def _problem(start: bytes, function: Function) -> tuple[str, str] | None:
    """Return why Linux cannot start a file with these first bytes, and the hint."""
    if start.startswith(_ELF):
        return _foreign_machine(start, function)
    for magic, system in _FOREIGN_PROGRAMS.items():
        if start.startswith(magic):
            return f"is a program for {system}", "build it for Linux (Go: `GOOS=linux`)"
    line, _, _ = start.partition(b"\n")
    if line.removeprefix(_BYTE_ORDER_MARK).startswith(b"#!") and line.endswith(b"\r"):
        return "has Windows line endings (CRLF)", "save it with Linux line endings (LF)"
    if line.startswith(_BYTE_ORDER_MARK):
        return "starts with a byte order mark", "save it as UTF-8 without one"
    if not line.startswith(b"#!"):
        return (
            "is neither a program for Linux nor a script that starts with `#!`",
            "name the interpreter in the first line, such as `#!/bin/sh`",
        )
    return None


def _foreign_machine(start: bytes, function: Function) -> tuple[str, str] | None:
    number = int.from_bytes(
        start[_ELF_MACHINE], "big" if start[5:6] == _ELF_BIG_ENDIAN else "little"
    )
    machine = _MACHINES.get(number, f"another machine (ELF {number})")
    if machine == function.architecture:
        return None
    go = "amd64" if function.architecture == "x86_64" else "arm64"
    hint = f"build it for {function.architecture} (Go: `GOARCH={go}`)"
    if machine in {"x86_64", "arm64"}:
        hint += f", or set `Architectures: [{machine}]`"
    return (
        f"is built for {machine}, but `{function.logical_id}` is for {function.architecture}",
        hint,
    )
