"""What is to be built: `images.yaml` and the recipes' folders, as frozen data with one digest an image."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent

# The parts of the build program that decide what is in an image.
_PROGRAMS = ("build.py", "ingredients.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonPackages:
    """Wheels, each with its version, for one version of Python."""

    version: str
    wheels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NodejsClient:
    """The runtime interface client for Node.js and what compiles its native part."""

    package: str
    headers: str
    built_with: str
    compiler: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Nodejs:
    version: str
    client: NodejsClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Java:
    """A Maven project in the recipe's folder, whose dependencies are the runtime interface client."""

    pom: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One image to build. `packages` are all Debian packages in it, its parent's too."""

    name: str
    recipe: str
    suite: str
    parent: Image | None
    packages: tuple[str, ...]
    python: PythonPackages | None
    nodejs: Nodejs | None
    java: Java | None

    @property
    def folder(self) -> Path:
        return HERE / self.recipe

    @property
    def version(self) -> str:
        return self.name.partition(":")[2]

    def digest(self) -> str:
        """A hash of all that decides what is in the image: the data, the recipe, the build program."""
        facts = asdict(self) | {"machine": platform.machine()}
        total = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        lineage = [image.folder for image in (self, self.parent) if image]
        recipes = (path for folder in lineage for path in sorted(folder.iterdir()))
        for path in (*recipes, *(HERE / program for program in _PROGRAMS)):
            total.update(f"\0{path.name}\0{path.stat().st_mode:o}\0".encode())
            total.update(path.read_bytes())
        return total.hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipes:
    """Every image by its name, `python:3.11`, parents first, and the repository they are tagged in."""

    repository: str
    images: dict[str, Image]

    def tag(self, image: Image) -> str:
        return f"{self.repository}/{image.name}"


def read_recipes() -> Recipes:
    facts = yaml.safe_load((HERE / "images.yaml").read_bytes())
    images: dict[str, Image] = {}
    for name, entry in facts["images"].items():
        images[name] = _image(name, entry, images)
    return Recipes(repository=facts["repository"], images=images)


def _image(name: str, entry: dict[str, Any], known: dict[str, Image]) -> Image:
    parent = known[entry["parent"]] if "parent" in entry else None
    return Image(
        name=name,
        recipe=entry["recipe"],
        suite=parent.suite if parent else entry["suite"],
        parent=parent,
        packages=(*(parent.packages if parent else ()), *entry.get("packages", ())),
        python=_python(entry["python"]) if "python" in entry else None,
        nodejs=_nodejs(entry["nodejs"]) if "nodejs" in entry else None,
        java=Java(**entry["java"]) if "java" in entry else None,
    )


def _python(entry: dict[str, Any]) -> PythonPackages:
    return PythonPackages(version=entry["version"], wheels=tuple(entry["wheels"]))


def _nodejs(entry: dict[str, Any]) -> Nodejs:
    client = entry["client"]
    return Nodejs(
        version=entry["version"],
        client=NodejsClient(**client | {"compiler": tuple(client["compiler"])}),
    )
