"""`samlocal prune`: removes leftover containers and unused cache entries."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samlocal.cli.console import show_output, show_warning
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.container import EngineOption
from samlocal.cli.options.general import GeneralOptions, OutputOption

if TYPE_CHECKING:
    from samlocal.cache.pruning import StaleEntry
    from samlocal.engine.leftovers import Leftover

OlderThan = Annotated[
    int,
    typer.Option(
        "--older-than",
        metavar="DAYS",
        min=1,
        help="Remove cache entries not used for this many days.",
    ),
]
LayerCacheBasedir = Annotated[
    Path | None,
    typer.Option(
        "--layer-cache-basedir",
        metavar="DIR",
        help="Layer cache to clean besides the platform's cache.",
        show_default=False,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be removed, without removing it.")
]


@dataclass(kw_only=True, slots=True)
class Pruned:
    """What was or would be removed; `problem` is why containers were skipped."""

    containers: list[Leftover]
    entries: list[StaleEntry]
    problem: str | None = None

    @property
    def freed_bytes(self) -> int:
        return sum(each.size_bytes for each in self.containers) + sum(
            each.size_bytes for each in self.entries
        )


@group_options
def prune(
    *,
    older_than: OlderThan = 30,
    dry_run: DryRun = False,
    layer_cache_basedir: LayerCacheBasedir = None,
    engine: EngineOption = None,
    output: OutputOption = "text",
    general: GeneralOptions,
) -> None:
    """Remove leftover containers and unused cache entries.

    A command that is killed outright leaves its container behind. The cache holds unpacked archives,
    merged layers and downloads. Whatever a running function uses is kept.
    """
    general.apply()
    from samlocal.cli.signals import DeferredSignals
    from samlocal.data import cache_folder, temporary_cache_folder

    caches = {
        cache_folder(),
        temporary_cache_folder(),
        *((layer_cache_basedir,) if layer_cache_basedir else ()),
    }
    with DeferredSignals() as signals:  # complete each removal
        pruned = Pruned(containers=[], entries=[])
        in_use = _prune_containers(pruned, engine, dry_run=dry_run)
        for each in sorted(caches):
            _prune_cache(pruned, each.absolute(), older_than, in_use, dry_run=dry_run)
        signals.raise_if_any()
    if pruned.problem:
        show_warning(f"skipped leftover containers: {pruned.problem}")
    if output == "json":
        text = json.dumps(_as_json(pruned, dry_run=dry_run), indent=2, ensure_ascii=False)
    else:
        text = _as_text(pruned, dry_run=dry_run)
    show_output(text)


def _prune_containers(pruned: Pruned, name: str | None, *, dry_run: bool) -> list[Path]:
    """Remove leftover containers, and return the paths mounted in containers of running commands."""
    from samlocal.engine.engine import Engine
    from samlocal.engine.leftovers import find_leftovers, mounted_paths, remove_container
    from samlocal.errors import SandboxError

    try:
        with Engine(name) as engine:
            for each in find_leftovers(engine, with_sizes=True):
                if dry_run or remove_container(engine, each.id):
                    pruned.containers.append(each)
            return [Path(path) for path in mounted_paths(engine)]
    except SandboxError as error:
        pruned.problem = error.message
        return []


def _prune_cache(
    pruned: Pruned, cache: Path, days: int, in_use: list[Path], *, dry_run: bool
) -> None:
    from samlocal.cache.pruning import DAY_SECONDS, find_stale_entries, remove

    now = time.time()
    for each in find_stale_entries(cache, before=now - days * DAY_SECONDS, now=now, in_use=in_use):
        if dry_run or remove(each):
            pruned.entries.append(each)
        elif each.path.exists():
            show_warning(f"`{each.path}` cannot be removed")


def _as_text(pruned: Pruned, *, dry_run: bool) -> str:
    verb, total = ("would remove", "would free") if dry_run else ("removed", "freed")
    lines = [
        f"{verb} container {each.id[:12]} of {each.function}, {_megabytes(each.size_bytes)}"
        for each in pruned.containers
    ]
    now = time.time()
    lines += [
        f"{verb} {each.path}, {_megabytes(each.size_bytes)}, unused for {_days(each, now)} days"
        for each in pruned.entries
    ]
    if not lines:
        return "nothing to remove"
    return "\n".join([*lines, f"{total} {_megabytes(pruned.freed_bytes)}"])


def _as_json(pruned: Pruned, *, dry_run: bool) -> dict[str, object]:
    now = time.time()
    return {
        "dry_run": dry_run,
        "freed_bytes": pruned.freed_bytes,
        "containers": [
            {
                "id": each.id,
                "function": each.function,
                "project": each.project,
                "bytes": each.size_bytes,
            }
            for each in pruned.containers
        ],
        "cached": [
            {
                "path": str(each.path),
                "bytes": each.size_bytes,
                "unused_days": _days(each, now),
            }
            for each in pruned.entries
        ],
        "problem": pruned.problem,
    }


def _days(entry: StaleEntry, now: float) -> int:
    from samlocal.cache.pruning import DAY_SECONDS

    return int((now - entry.last_used) / DAY_SECONDS)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
