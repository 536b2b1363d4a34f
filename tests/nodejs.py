"""Node.js for tests that run it on this machine."""

from __future__ import annotations

import os
import shutil

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store, cache_folder


def add_to_path() -> None:
    """Make sure that `node` is on the PATH: the machine's own, else the one of the stand-in images.

    Raises:
        IngredientError: It cannot be downloaded.
    """
    if shutil.which("node"):
        return
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    store = Store(cache_folder())
    with store.alone():
        folder = ingredients.nodejs(store, client.version)
    os.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{folder / 'bin'}"
