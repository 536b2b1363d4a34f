"""The runtime interface clients of each language, which run functions on an interpreter.

AWS's own client is used where it is installed in the function's code, its layers or the interpreter; else there
are samlocal's in `clients/`. Paths below /var/task and /opt are those that the function sees.
"""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.data import data_folder
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.process.interpreter_versions import parse_version
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from samlocal.function import Function
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.process.installations import Interpreter

_CLIENTS: Final = Path(__file__).parent / "clients"
_NODEJS_CLIENT: Final = "aws-lambda-ric"
_RUBY_CLIENT: Final = "aws_lambda_ric"
# The first versions of Node.js with an option that Lambda turns off, by the family of versions.
_REQUIRE_MODULE: Final = {20: (20, 17), 22: (22, 0)}
_DETECT_MODULE: Final = {20: (20, 10), 22: (22, 0)}


@frozen
class ClientRequest:
    """What a client is for. `folders` are the directories of code and layers by their path in the sandbox.

    `environment` is the function's; `home` is the user's.
    """

    function: Function
    runtime: Runtime
    interpreter: Interpreter
    environment: Mapping[str, str]
    folders: Mapping[str, Path]
    home: Path

    @property
    def layers(self) -> Path | None:
        return self.folders.get(LAYER_ROOT)


@frozen
class Client:
    """The arguments with which an interpreter runs a client, the variables that it needs, and the files that it reads."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def make_client(request: ClientRequest) -> Client:
    """Return the client for a function.

    Raises:
        InterpreterNotFoundError: There is none for its language.
    """
    return _CLIENT_MAKERS[request.runtime.family](request)


def _python(request: ClientRequest) -> Client:
    """The bootstrap looks for AWS's client itself, with the search path of the function.

    The packages of a user's home are not in Lambda: https://docs.python.org/3/library/site.html
    """
    client = _CLIENTS / "python"
    layers = (f"{LAYER_ROOT}/python",) if request.layers else ()
    return Client(
        arguments=(str(client / "bootstrap.py"), *layers),
        variables={"PYTHONNOUSERSITE": "1"},
        files=(client,),
    )


def _nodejs(request: ClientRequest) -> Client:
    """https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html has the search path of layers."""
    version = parse_version(request.runtime.id)[0]
    folders = (
        f"{LAYER_ROOT}/nodejs/node{version}/node_modules",
        f"{LAYER_ROOT}/nodejs/node_modules",
    )
    official = _official_nodejs(request, folders)
    own = _CLIENTS / "nodejs"
    client = (
        (official, request.function.handler or "") if official else (str(own / "bootstrap.cjs"),)
    )
    search = (*(folders if request.layers else ()), TASK_ROOT)
    return Client(
        arguments=(*_nodejs_options(request), *client),
        variables={"NODE_PATH": ":".join(search)},
        files=() if official else (own,),
    )


def _official_nodejs(request: ClientRequest, in_layers: tuple[str, ...]) -> str | None:
    """Return the program of AWS's client, whose native part must be built, which is possible on Linux only."""
    if os.uname().sysname != "Linux":
        return None
    for folder in (f"{TASK_ROOT}/node_modules", *in_layers):
        if (path := _real(folder, request.folders)) and (found := _nodejs_program(path)):
            return f"{folder}/{_NODEJS_CLIENT}/{found}"
    installed = request.interpreter.path.resolve().parent.parent / "lib" / "node_modules"
    found = _nodejs_program(installed)
    return str(installed / _NODEJS_CLIENT / found) if found else None


def _nodejs_program(modules: Path) -> str | None:
    """Return the program of version 4 or 3 of the client in a directory of modules."""
    client = modules / _NODEJS_CLIENT
    if not client.is_dir():
        return None
    for program, native in (
        ("index.mjs", "rapid-client.node"),
        ("bin/index.mjs", "dist/rapid-client.node"),
    ):
        if (client / program).is_file() and (client / native).is_file():
            return program
    return None


def _nodejs_options(request: ClientRequest) -> Iterator[str]:
    """Yield the options that Lambda starts Node.js with.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-experimental-features
    Nine tenths of the memory are for old objects and one for young ones, unless NODE_OPTIONS says otherwise.
    """
    given = request.environment.get("NODE_OPTIONS", "").replace("_", "-")
    yield "--expose-gc"
    yield "--max-http-header-size=81920"
    young = request.function.memory_mb // 10
    if "--max-semi-space-size" not in given and "--max-old-space-size" not in given:
        yield f"--max-semi-space-size={young // 2}"
        yield f"--max-old-space-size={request.function.memory_mb - young}"
    version = request.interpreter.version
    features = {"require-module": _REQUIRE_MODULE}
    if parse_version(request.runtime.id)[0] == 22:  # noqa: PLR2004  # only there
        features["detect-module"] = _DETECT_MODULE
    for feature, first in features.items():
        known = version >= first.get(version[0], (22,))
        if known and f"--experimental-{feature}" not in given:
            yield f"--no-experimental-{feature}"


def _ruby(request: ClientRequest) -> Client:
    """Without AWS's client, it is that of the stand-in image. The empty end of GEM_PATH stands for Ruby's own gems.

    https://docs.aws.amazon.com/lambda/latest/dg/ruby-package.html
    """
    version = ".".join(map(str, parse_version(request.runtime.id)))
    gems = [f"{TASK_ROOT}/vendor/bundle/ruby/{version}.0"]
    variables: dict[str, str] = {}
    if request.layers:
        gems.append(f"{LAYER_ROOT}/ruby/gems/{version}.0")
        variables["RUBYLIB"] = f"{LAYER_ROOT}/ruby/lib"
    variables["GEM_PATH"] = ":".join((*gems, ""))
    if official := _official_ruby(request, gems):
        handler = request.function.handler or ""
        start = ("-r", official, "-e", "Bootstrap.start", "--", handler)
        return Client(arguments=("-I", TASK_ROOT, *start), variables=variables)
    client = data_folder("runtimes") / "images" / "ruby" / "client.rb"
    return Client(arguments=("-I", TASK_ROOT, str(client)), variables=variables, files=(client,))


def _official_ruby(request: ClientRequest, gems: Sequence[str]) -> str | None:
    """Return the bootstrap of AWS's client: of the code, a layer or the interpreter."""
    below = f"gems/{_RUBY_CLIENT}-*/lib/{_RUBY_CLIENT}/bootstrap.rb"
    for folder in gems:
        real = _real(folder, request.folders)
        if real and (found := next(real.glob(below), None)):
            return f"{folder}/{found.relative_to(real)}"
    installed = request.interpreter.path.resolve().parent.parent / "lib" / "ruby" / "gems"
    found = next(installed.glob(f"*/{below}"), None)
    return str(found) if found else None


def _java(request: ClientRequest) -> Client:
    """The client loads the function's classes itself, from the code and /opt/java/lib."""
    from samlocal.sandbox.process.java_client import find_java_client  # noqa: PLC0415  # for Java only

    classpath, jars = find_java_client(request.function, request.folders, request.home)
    flags = data_folder("runtimes") / "images" / "java" / "java.flags"
    return Client(
        arguments=(
            f"-XX:MaxRAM={request.function.memory_mb}m",
            f"-XX:Flags={flags}",
            "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac",
            "-classpath",
            classpath,
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
            request.function.handler or "",
        ),
        files=(flags, *jars),
    )


def _real(path: str, folders: Mapping[str, Path]) -> Path | None:
    """Return the directory of this machine that is a path in the sandbox; None if there is none."""
    for root, folder in folders.items():
        if path.startswith(f"{root}/"):
            return folder / path.removeprefix(f"{root}/")
    return None


_CLIENT_MAKERS: Final[Mapping[str, Callable[[ClientRequest], Client]]] = {
    "python": _python,
    "nodejs": _nodejs,
    "ruby": _ruby,
    "java": _java,
}
