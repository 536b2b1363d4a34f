"""Builds the stand-in images that are missing or older than their recipe.

    python -m runtimes.images.build [NAME…]     such as python:3.11; all of them without a name

What can't be fetched is skipped, with the reason in one line; that is a failure where a named image isn't there at
all.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import docker.errors

from runtimes.images import ingredients
from runtimes.images.engine import BuildError, Engine
from runtimes.images.recipe import Image, Recipes, read_recipes
from runtimes.images.store import IngredientError, Store, cache_folder

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_LINES_OF_OUTPUT = 30


@dataclass(kw_only=True)
class Build:
    """One run: every stale image gets a thread, which waits for the parent's."""

    recipes: Recipes
    engine: Engine
    store: Store
    strict: bool
    _building: dict[str, Future[None]] = field(default_factory=dict)

    def stale(self, wanted: Collection[Image]) -> list[Image]:
        """Those of the wanted images, and of their parents, that are to be built; parents first."""
        there = self.engine.digests()
        lineage = {image.name for image in wanted} | {
            image.parent.name for image in wanted if image.parent
        }
        return [
            image
            for name, image in self.recipes.images.items()
            if name in lineage and there.get(self.recipes.tag(image)) != image.digest()
        ]

    def run(self, images: Collection[Image]) -> bool:
        """Builds these, parents first; whether none of them failed."""
        with ThreadPoolExecutor(max_workers=max(len(images), 1)) as threads:
            for image in images:
                self._building[image.name] = threads.submit(self._build, image)
        return self._report(images)

    def _build(self, image: Image) -> None:
        tag = self.recipes.tag(image)
        start = time.monotonic()
        with self.store.scratch() as scratch:
            context = scratch / "context"
            shutil.copytree(image.folder, context)
            self._lay_out(image, context)
            if image.parent and image.parent.name in self._building:
                self._building[image.parent.name].result()
            print_status(f"Building {tag}")
            arguments = {"version": image.version}
            if image.parent:
                arguments["parent"] = self.recipes.tag(image.parent)
            self.engine.build(context, tag=tag, digest=image.digest(), arguments=arguments)
        print_status(f"{tag}: built in {time.monotonic() - start:.0f} s")

    def _lay_out(self, image: Image, context: Path) -> None:
        """Puts what the recipe's Dockerfile adds beside it."""
        if not image.parent or image.packages != image.parent.packages:
            os.link(ingredients.rootfs(self.store, image), context / "rootfs.tar")
        if image.python:
            packages = ingredients.python_packages(self.store, image.python)
            shutil.copytree(packages, context / "packages", copy_function=os.link)
        if image.nodejs:
            client = ingredients.nodejs_client(
                self.store, image.nodejs.client, suite=image.suite, recipe=image.folder
            )
            shutil.copytree(client, context / "nodejs", copy_function=os.link)
            node = ingredients.nodejs(self.store, image.nodejs.version)
            os.link(node / "bin" / "node", context / "nodejs" / "node")
        if image.java:
            jars = ingredients.java_client(self.store, image.folder / image.java.pom)
            shutil.copytree(jars, context / "jars", copy_function=os.link)

    def _report(self, images: Collection[Image]) -> bool:
        """Says why images were not built; whether that is no failure."""
        failed = False
        for image in images:
            try:
                self._building[image.name].result()
            except IngredientError as reason:
                print_status(f"{self.recipes.tag(image)}: skipped: {reason}")
                failed |= self.strict and not self.engine.has(self.recipes.tag(image))
            except BuildError as problem:
                print_status("".join(problem.output.splitlines(keepends=True)[-_LINES_OF_OUTPUT:]))
                print_status(f"error: {self.recipes.tag(image)}: {problem}")
                failed = True
        return not failed


def print_status(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> int:
    recipes = read_recipes()
    parser = argparse.ArgumentParser(description="Build samlocal's stand-in images.")
    parser.add_argument("images", nargs="*", metavar="NAME", help=", ".join(recipes.images))
    names: list[str] = parser.parse_args().images
    if unknown := [name for name in names if name not in recipes.images]:
        parser.error(f"no recipe for {', '.join(unknown)}; there are {', '.join(recipes.images)}")
    wanted = [recipes.images[name] for name in names or recipes.images]
    try:
        store = Store(cache_folder())
        build = Build(recipes=recipes, engine=Engine(), store=store, strict=bool(names))
        if build.stale(wanted):
            with build.store.alone():
                return 0 if build.run(build.stale(wanted)) else 1
    except docker.errors.DockerException as problem:
        print_status(
            f"error: the container engine does not answer: {problem}\n\nhint: .ci/engine starts one"
        )
        return 1
    print_status(f"The stand-in images are up to date: {', '.join(map(recipes.tag, wanted))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
