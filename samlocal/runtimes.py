"""Lambda's runtimes, from `runtimes/*.yaml`: one file for each family, named like its runtimes.

`python3.11` is in `python.yaml`, so finding a runtime reads one file.
"""

from __future__ import annotations

import re
import sys
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, cast

import yaml

from samlocal.data import data_folder
from samlocal.errors import Place, RuntimeNotFoundError
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

OFFICIAL_REPOSITORY = "public.ecr.aws/lambda"

Architecture = Literal["x86_64", "arm64"]
_NEVER: Final = [sys.maxsize]
_EVERY_ARCHITECTURE: tuple[Architecture, ...] = ("x86_64", "arm64")


@frozen
class DebugRecipe:
    """How to start a runtime with a debugger.

    `arguments` follow the program that runs the function, or `before` precedes it; `separator` then comes
    before the program's own arguments. Both may contain `{host}` and `{port}` to listen on, `{package}`
    (the folder with samlocal's own copy of the Python package `package`) and `{tool}` (the path of that
    program in `--debugger-path`). The user's arguments replace `{arguments}`, or come first. If they match
    `own`, or are a script or a command (see `sandbox.debug_arguments`), they start another debugger and
    replace all of these.

    If a debugger does not listen, its client starts it in the sandbox. A debugger that `traces` another process
    needs that privilege. `language` is the language of the programs that it debugs. `install` is a shell
    command that puts the tool into a directory `DIR`.
    """

    debugger: str
    arguments: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    separator: tuple[str, ...] = ()
    package: str | None = None
    own: str | None = None
    tool: str | None = None
    install: str | None = None
    language: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    listens: bool = True
    traces: bool = False


@frozen
class Runtime:
    """One of Lambda's runtimes.

    `image` is the image's path below its repository: `python:3.11`. Its entry point takes the handler
    as its one argument, and `program`, in `/var/lang/bin`, runs the function; `handler` is an example.
    Lambda offers SnapStart for it if `has_snap_start`, and managed instances if `managed_concurrency` is not
    None: so many invocations run at once on each vCPU, if the function does not set a number. If `bootstraps`
    is not empty, the image contains no runtime: the first of these files that exists in the sandbox is the
    runtime.
    `deprecated` is the day on which AWS ends its support, None for a preview; `replacement` is the runtime
    to move to then. The first recipe whose debugger is available applies.
    """

    id: str
    family: str
    image: str
    program: str | None
    operating_system: str
    architectures: tuple[Architecture, ...]
    deprecated: date | None
    replacement: str | None
    handler: str | None
    bootstraps: tuple[str, ...]
    has_snap_start: bool = False
    managed_concurrency: int | None = None
    debug: tuple[DebugRecipe, ...] = field(default=(), repr=False)

    def image_uri(
        self, repository: str | None = None, architecture: Architecture | None = None
    ) -> str:
        """The image in `repository`, a registry's path without the tag, or in AWS's public repository.

        The name is for all architectures; an engine pulls the image for its own. Images for a certain
        architecture have their own tags, such as `3.11-arm64`.
        """
        image = f"{(repository or OFFICIAL_REPOSITORY).rstrip('/')}/{self.image}"
        return f"{image}-{architecture}" if architecture and len(self.architectures) > 1 else image


class _Retired(TypedDict, total=False):
    deprecated: date
    replacement: str


class _Entry(_Retired, total=False):
    tag: str
    operating_system: str
    architectures: list[Architecture]
    debug_environment: dict[str, str]


# `from` is the first version with managed instances, as numbers.
_ManagedInstances = TypedDict("_ManagedInstances", {"from": list[int], "concurrency": int})


class _Family(TypedDict, total=False):
    """The content of a file. `program`, in `/var/lang/bin`, runs the functions.

    `snap_start_from` is the first version with SnapStart, as numbers.

    `retired` are runtimes that can no longer run; `advice` is a further step besides the replacement.
    """

    image: str
    program: str
    handler: str
    snap_start_from: list[int]
    managed_instances: _ManagedInstances
    bootstraps: list[str]
    debug: list[dict[str, Any]]
    runtimes: dict[str, _Entry]
    retired: dict[str, _Retired]
    replacement: str
    advice: str


def find_runtime(runtime_id: str, *, place: Place | None = None) -> Runtime:
    """Return the runtime with an ID, such as `python3.11` or `provided.al2023`.

    `place` is the place of the ID, for the message of `RuntimeNotFoundError`.
    """
    family = re.match(r"[a-z]+", runtime_id)
    path = data_folder("runtimes") / f"{family[0] if family else ''}.yaml"
    if path.is_file():
        facts = _read(path)
        if runtime_id in facts.get("runtimes", {}):
            return _runtime(runtime_id, path.stem, facts)
        if runtime_id in facts.get("retired", {}):
            raise _retired_error(runtime_id, facts, place)
    raise RuntimeNotFoundError(
        f"unknown runtime `{runtime_id}`", place=place, hint=_suggestion(runtime_id)
    )


def family_runtimes(family: str) -> tuple[Runtime, ...]:
    """Every runtime of one family, the newest first."""
    facts = _read(data_folder("runtimes") / f"{family}.yaml")
    return tuple(_runtime(runtime_id, family, facts) for runtime_id in facts.get("runtimes", {}))


def all_runtimes() -> tuple[Runtime, ...]:
    """Every runtime, family by family, the newest first."""
    families = sorted(path.stem for path in data_folder("runtimes").glob("*.yaml"))
    return tuple(runtime for family in families for runtime in family_runtimes(family))


def newest_runtimes() -> tuple[Runtime, ...]:
    """Return the newest runtime of each family, without previews."""
    newest: dict[str, Runtime] = {}
    for runtime in all_runtimes():
        if runtime.deprecated:
            newest.setdefault(runtime.family, runtime)
    return tuple(newest.values())


@cache
def _read(path: Path) -> _Family:
    with path.open("rb") as file:
        return cast("_Family", yaml.load(file, Loader=yaml.CSafeLoader))


def _runtime(runtime_id: str, family: str, facts: _Family) -> Runtime:
    entry = facts["runtimes"][runtime_id]
    replacement = entry.get("replacement") or _newest(facts)
    return Runtime(
        id=runtime_id,
        family=family,
        image=f"{facts['image']}:{entry['tag']}",
        program=facts.get("program"),
        operating_system=entry["operating_system"],
        architectures=tuple(entry.get("architectures", _EVERY_ARCHITECTURE)),
        deprecated=entry.get("deprecated"),
        replacement=None if replacement == runtime_id else replacement,
        handler=facts.get("handler"),
        bootstraps=tuple(facts.get("bootstraps", ())),
        has_snap_start=_version(runtime_id) >= facts.get("snap_start_from", _NEVER),
        managed_concurrency=_managed_concurrency(runtime_id, facts.get("managed_instances")),
        debug=tuple(
            _recipe(each, entry.get("debug_environment", {})) for each in facts.get("debug", ())
        ),
    )


def _managed_concurrency(runtime_id: str, facts: _ManagedInstances | None) -> int | None:
    if facts is None or _version(runtime_id) < facts["from"]:
        return None
    return facts["concurrency"]


def _version(runtime_id: str) -> list[int]:
    """Return the version in a runtime's ID: `[3, 12]` for `python3.12`, `[17]` for `java17.al2023`."""
    found = re.match(r"[a-z.]+(\d+(?:\.\d+)*)", runtime_id)
    return [int(number) for number in found[1].split(".")] if found else []


def _recipe(written: Mapping[str, Any], environment: Mapping[str, str]) -> DebugRecipe:
    facts: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in written.items()
    }
    facts["environment"] = written.get("environment", {}) | environment
    return DebugRecipe(**facts)


def _newest(facts: _Family) -> str:
    """Return the newest runtime of a family, without previews, or the successor of the family."""
    finished = (each for each, entry in facts.get("runtimes", {}).items() if "deprecated" in entry)
    return facts.get("replacement") or next(finished)


def _retired_error(runtime_id: str, facts: _Family, place: Place | None) -> RuntimeNotFoundError:
    entry = facts["retired"][runtime_id]
    hint = f"use `{entry.get('replacement') or _newest(facts)}`"
    if "advice" in facts:
        hint += f", and {facts['advice']}"
    return RuntimeNotFoundError(
        f"the runtime `{runtime_id}` is retired: AWS ended its support on {entry['deprecated']}",
        place=place,
        hint=hint,
    )


def _suggestion(runtime_id: str) -> str:
    known = all_runtimes()
    finished = [runtime.id for runtime in known if runtime.deprecated]
    return did_you_mean(runtime_id, finished) or (
        f"samlocal knows {', '.join(runtime.id for runtime in known)}"
    )
