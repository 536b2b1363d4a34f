"""Where the code of a function is: the service's directory, what a plugin built, or a package.

A plugin moves the code while `serverless invoke local` runs; here, what it built must be there.
https://www.serverless.com/framework/docs/guides/plugins
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.documents.read_files import note_file
from samlocal.errors import CodeNotFoundError
from samlocal.frozen_dataclass import frozen
from samlocal.path_kinds import is_file, path_exists
from samlocal.project.discovery import first_newer_file
from samlocal.serverless.template.artifacts import artifact_location
from samlocal.serverless.template.build_commands import SCRIPT_COMMAND, build_command
from samlocal.serverless.template.handler_files import (
    JAVASCRIPT,
    SOURCES,
    archive_has_module,
    find_source,
    has_module,
    language,
    module_of,
    split_at_last_dot,
    without_ending,
)
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

PACKAGE_COMMAND: Final = "serverless package"
_PACKAGES: Final = ".serverless"
_ESBUILD: Final = "serverless-esbuild"
_WEBPACK: Final = (".webpack/{key}", ".webpack/service")
# Where plugins put the code that they build.
# https://github.com/floydspace/serverless-esbuild, https://github.com/serverless-heaven/serverless-webpack,
# https://github.com/serverless/serverless-plugin-typescript, https://github.com/AnomalyInnovations/serverless-bundle
_BUILDERS: Final = {
    _ESBUILD: ("{work}/{build}",),
    "serverless-webpack": _WEBPACK,
    "serverless-bundle": _WEBPACK,
    "serverless-plugin-typescript": (".build",),
}
# Plugins whose handler is a file that they write into the service, and the command that writes it.
# https://github.com/logandk/serverless-wsgi, https://github.com/logandk/serverless-rack
_ADAPTERS: Final = {"serverless-wsgi": "wsgi_handler", "serverless-rack": "rack_adapter"}
# The folders of serverless-esbuild, which its options `outputWorkFolder` and `outputBuildFolder` change.
_ESBUILD_FOLDERS: Final = {"work": ".esbuild", "build": ".build"}
# https://www.serverless.com/framework/docs/providers/aws/guide/building
_BUILT_IN: Final = f"{_PACKAGES}/build"
_INTERPRETED: Final = ("nodejs", "python", "ruby")
# What code is built from; the configuration is not.
_SOURCE_ENDS: Final = {
    "nodejs": (*JAVASCRIPT, *SOURCES["nodejs"]),
    "python": (".py",),
    "ruby": (".rb",),
}


@frozen
class CodeLocation:
    """The location of a function's code, as a template has it, and diagnostics about it."""

    location: Node
    diagnostics: tuple[Diagnostic, ...] = ()


def locate_code(service: Service, key: str, *, handler: Node, runtime: str) -> CodeLocation:
    """Return where the code of a function is.

    A package that the configuration names (`package.artifact`) comes first. The patterns of `package` do not
    matter: a function sees the whole directory of its service.

    Raises:
        CodeNotFoundError: it is not built, or the artifact does not exist.
    """
    return _Location(service, key, handler, language(runtime)).find()


class _Location:
    def __init__(self, service: Service, key: str, handler: Node, family: str) -> None:
        self._service = service
        self._directory = service.directory
        self._key = key
        self._handler = handler
        self._family = family
        self._module = module_of(handler.text("`handler`"), family)

    def find(self) -> CodeLocation:
        artifact = self._artifact()
        if artifact is not None:
            return self._of_artifact(artifact)
        if self._module is None:
            return self._of_compiled()
        built = self._built(self._module)
        return self._of_build(built) if built else self._of_source(self._module)

    def _built(self, module: str) -> Path | None:
        """Return the directory or the package that a plugin has built; a package also where there is no source."""
        for directory in self._built_directories():
            if has_module(directory, module, self._family):
                return directory
        if self._builder() or self._source_directory(module) is None:
            return self._package(module)
        return None

    def _of_source(self, module: str) -> CodeLocation:
        directory = self._source_directory(module)
        if directory is None:
            return self._of_missing(module)
        builder = self._builder()
        diagnostics = (self._not_built(builder),) if builder else self._with_ending()
        return CodeLocation(location=self._at(directory), diagnostics=diagnostics)

    def _with_ending(self) -> tuple[Diagnostic, ...]:
        """Warn of a handler with the ending of its file, which Serverless finds and Lambda does not."""
        handler = self._handler.text("`handler`")
        right = without_ending(handler) if self._family == "nodejs" else None
        if not right:
            return ()
        message = f"Lambda takes the ending of the file in `{handler}` for an export"
        hint = f"leave it out: `{right}`"
        return (Diagnostic(message=message, place=self._handler.place, hint=hint),)

    def _at(self, path: Path) -> Node:
        return self._handler.with_value(os.path.relpath(path, self._directory))

    def _artifact(self) -> Node | None:
        own = self._service.functions.value(self._key, "package", "artifact")
        artifact = own if is_set(own) else self._service.value("package", "artifact")
        return artifact if is_set(artifact) else None

    def _of_artifact(self, artifact: Node) -> CodeLocation:
        location = artifact_location(artifact, "`package.artifact`")
        text = str(location.value)
        path = self._directory / text
        note_file(path)
        if text.startswith("s3://") or path_exists(path):
            return CodeLocation(location=location)
        command = build_command(self._directory)
        message = f"the artifact `{text}` of `{self._key}` does not exist"
        hint = f"run `{command}`" if command else "build it"
        if self._module and has_module(self._directory, self._module, self._family):
            diagnostic = Diagnostic(
                message=f"{message}: using the directory of the service",
                place=artifact.place,
                hint=hint,
            )
            return CodeLocation(location=self._at(self._directory), diagnostics=(diagnostic,))
        raise CodeNotFoundError(message, place=artifact.place, hint=hint)

    def _of_compiled(self) -> CodeLocation:
        """Return the code of a language whose functions are built, or of a handler that is not a file."""
        package = next(self._packages(), None)
        if self._family in {"java", "dotnet", "dotnetcore"}:
            if package is None:
                command = build_command(self._directory)
                raise CodeNotFoundError(
                    f"`{self._key}` has no `package.artifact`",
                    place=self._service.functions.place_of(self._key),
                    hint="name the archive that the build makes"
                    + (f" (`{command}`)" if command else ""),
                )
            return CodeLocation(location=self._at(package))
        is_interpreted = self._family in _INTERPRETED or not self._family
        if is_interpreted or (self._directory / "bootstrap").exists() or package is None:
            return CodeLocation(location=self._at(self._directory))
        return CodeLocation(location=self._at(package))

    def _built_directories(self) -> Iterator[Path]:
        """Yield the directories with built code, which may not exist."""
        if self._family != "nodejs":
            return
        names = [
            name
            for plugin, directories in _BUILDERS.items()
            if self._service.has_plugin(plugin)
            for name in directories
        ]
        folders = {
            option: self._service.value("custom", "esbuild", f"output{option.title()}Folder")
            for option in _ESBUILD_FOLDERS
        }
        parts = {
            option: node.text("a folder of esbuild") if is_set(node) else _ESBUILD_FOLDERS[option]
            for option, node in folders.items()
        }
        for name in (*names, _BUILT_IN):
            yield self._directory / name.format(key=self._key, **parts)

    def _source_directory(self, module: str) -> Path | None:
        """Return the directory that the handler's path starts from.

        https://github.com/serverless/serverless-python-requirements#per-function-requirements
        """
        directories = [self._directory]
        folder = self._service.functions.value(self._key, "module")
        if self._family == "python" and is_set(folder):
            directories.insert(0, self._directory / folder.text("`module`"))
        return next((each for each in directories if has_module(each, module, self._family)), None)

    def _packages(self) -> Iterator[Path]:
        """Yield the packages that `serverless package` has made for the function."""
        for name in (self._key, self._service.name):
            path = self._directory / _PACKAGES / f"{name}.zip"
            note_file(path)
            if is_file(path):
                yield path

    def _package(self, module: str) -> Path | None:
        """Return the package that has the handler's file."""
        found = (
            each for each in self._packages() if archive_has_module(each, module, self._family)
        )
        return next(found, None)

    def _builder(self) -> str | None:
        """Return the name of the plugin that builds the function, `build` for that of version 4."""
        if self._family != "nodejs":
            return None
        plugin = next((name for name in _BUILDERS if self._service.has_plugin(name)), None)
        return plugin or ("build" if is_set(self._service.value("build")) else None)

    def _not_built(self, builder: str) -> Diagnostic:
        return Diagnostic(
            message=f"`{self._key}` is not built by `{builder}`: using its source",
            place=self._handler.place,
            hint=f"run `{PACKAGE_COMMAND}`",
        )

    def _of_build(self, built: Path) -> CodeLocation:
        """Return built code, with a diagnostic if there is a source that is newer."""
        made = next((file for file in self._own_files(built) if is_file(file)), built)
        ends = _SOURCE_ENDS[self._family]
        newer = first_newer_file([self._directory], made.stat().st_mtime, ends=ends)
        if newer is None:
            return CodeLocation(location=self._at(built))
        shown, source = (os.path.relpath(path, self._directory) for path in (built, newer))
        stale = Diagnostic(
            message=f"`{shown}` is older than `{source}`",
            place=self._handler.place,
            hint=f"build again, such as with `{PACKAGE_COMMAND}`",
        )
        return CodeLocation(location=self._at(built), diagnostics=(stale,))

    def _own_files(self, directory: Path) -> Iterator[Path]:
        return (directory / f"{self._module}{end}" for end in JAVASCRIPT)

    def _of_missing(self, module: str) -> CodeLocation:
        """Return the directory of the service: the runtime says what is missing, unless a build would make it."""
        handler = self._handler.text("`handler`")
        source = find_source(self._directory, module, self._family)
        if source is not None:
            raise CodeNotFoundError(
                f"`{self._key}` is not built: there is `{os.path.relpath(source, self._directory)}`, "
                f"but no `{module}.js`",
                place=self._handler.place,
                hint=f"run `{PACKAGE_COMMAND}`",
            )
        for plugin, adapter in _ADAPTERS.items():
            if handler.startswith(f"{adapter}.") and self._service.has_plugin(plugin):
                raise CodeNotFoundError(
                    f"the handler `{handler}` of `{self._key}` is not installed",
                    place=self._handler.place,
                    hint=f"run `serverless {plugin.rpartition('-')[2]} install`",
                )
        whole = split_at_last_dot(handler)
        if self._family == "nodejs" and has_module(self._directory, whole, self._family):
            message = (
                f"Lambda looks for `{module}.js`, because it splits `{handler}` at the first dot"
            )
            hint = "use no dots in the name of the file"
        else:
            message, hint = f"there is no file for the handler `{handler}`", None
            if self._family == "nodejs" and build_command(self._directory) == SCRIPT_COMMAND:
                hint = f"run `{SCRIPT_COMMAND}`, if that makes it"
        diagnostic = Diagnostic(message=message, place=self._handler.place, hint=hint)
        has_layers = self._service.functions.value(self._key, "layers") or self._service.value(
            "provider", "layers"
        )
        return CodeLocation(
            location=self._at(self._directory), diagnostics=() if has_layers else (diagnostic,)
        )
