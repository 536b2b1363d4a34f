"""Node.js for tests that run it on this machine."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store, cache_folder

if TYPE_CHECKING:
    from pathlib import Path


def add_to_path() -> None:
    """Make sure that `node` is on the PATH: the machine's own, else the one of the stand-in images.

    Raises:
        IngredientError: It cannot be downloaded.
    """
    if not shutil.which("node"):
        os.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{folder()}"


def folder() -> Path:
    """Return the folder of the `node` that the stand-in images have, which reads TypeScript.

    Raises:
        IngredientError: It cannot be downloaded.
    """
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    store = Store(cache_folder())
    with store.alone():
        return ingredients.nodejs(store, client.version) / "bin"
