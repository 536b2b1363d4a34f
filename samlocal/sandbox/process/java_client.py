"""AWS's runtime interface client for Java, from a function's code or from the Maven repository of its user.

https://github.com/aws/aws-lambda-java-libs/tree/main/aws-lambda-java-runtime-interface-client
https://maven.apache.org/repositories/layout.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import InterpreterNotFoundError
from samlocal.sandbox.process.interpreter_versions import parse_version
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from samlocal.function import Function

_GROUP: Final = "com.amazonaws"
_CLIENT: Final = "aws-lambda-java-runtime-interface-client"
_TESTED_VERSION: Final = "2.10.1"
_POM: Final = "{http://maven.apache.org/POM/4.0.0}"


def find_java_client(
    function: Function, folders: Mapping[str, Path], home: Path
) -> tuple[str, tuple[Path, ...]]:
    """Return the class path of the client, and the files of this machine in it.

    `folders` are the directories of code and layers by their path in the sandbox; `home` is the user's.

    Raises:
        InterpreterNotFoundError: Neither the function nor the repository has it.
    """
    for root, below in ((TASK_ROOT, "lib"), (LAYER_ROOT, "java/lib")):
        if root in folders and any((folders[root] / below).glob(f"{_CLIENT}-[0-9]*.jar")):
            return f"{root}/{below}/*", ()
    repository = home / ".m2" / "repository"
    client = _newest(repository, _GROUP, _CLIENT)
    if client is None:
        raise InterpreterNotFoundError(
            f"`{function.logical_id}` needs AWS's runtime interface client for Java, and neither its code nor"
            f" `{repository}` has it",
            place=function.place,
            hint=f"run `{_fetch(_TESTED_VERSION)}`, or use a container: `--sandbox docker`",
        )
    jars = [client]
    for group, artifact, version in _dependencies(client.with_suffix(".pom")):
        jar = _artifact(repository, group, artifact) / version / f"{artifact}-{version}.jar"
        found = jar if jar.is_file() else _newest(repository, group, artifact)
        if found is None:
            raise InterpreterNotFoundError(
                f"`{artifact}`, which AWS's runtime interface client for Java needs, is not in `{repository}`",
                place=function.place,
                hint=f"run `{_fetch(client.parent.name)}`",
            )
        jars.append(found)
    return ":".join(map(str, jars)), tuple(jars)


def _fetch(version: str) -> str:
    return f"mvn dependency:get -Dartifact={_GROUP}:{_CLIENT}:{version}"


def _artifact(repository: Path, group: str, artifact: str) -> Path:
    return repository / group.replace(".", "/") / artifact


def _newest(repository: Path, group: str, artifact: str) -> Path | None:
    jars = [
        folder / f"{artifact}-{folder.name}.jar"
        for folder in _artifact(repository, group, artifact).glob("*")
    ]
    present = [jar for jar in jars if jar.is_file()]
    return max(present, key=lambda jar: parse_version(jar.parent.name), default=None)


def _dependencies(pom: Path) -> Iterator[tuple[str, str, str]]:
    """Yield group, artifact and version of what a project needs when it runs, as its POM says.

    https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html
    """
    from xml.etree import ElementTree as ET  # noqa: PLC0415  # of the user's own repository

    try:
        project = ET.parse(pom).getroot()  # noqa: S314  # of the user's own repository
    except (OSError, ET.ParseError):
        return
    for each in project.iterfind(f"{_POM}dependencies/{_POM}dependency"):
        group, artifact, version, scope = (
            each.findtext(f"{_POM}{name}", "")
            for name in ("groupId", "artifactId", "version", "scope")
        )
        if scope in {"", "compile", "runtime"}:
            yield group, artifact, version
