"""Says on stdout which repository this machine gets an image from: none for AWS's own, else the stand-ins'.

    python -m runtimes.images.choose python:3.11

The official image is preferred. A stand-in is for machines that can't pull that; once it is built, the
registry is not asked again.
"""

from __future__ import annotations

import sys

from runtimes.images.engine import Engine
from runtimes.images.recipe import read_recipes
from samlocal.runtimes import OFFICIAL_REPOSITORY


def main() -> int:
    (name,) = sys.argv[1:]
    recipes = read_recipes()
    tag = recipes.tag(recipes.images[name])
    official = f"{OFFICIAL_REPOSITORY}/{name}"
    engine = Engine()
    if engine.has(official):
        return 0
    if not engine.has(tag):
        sys.stderr.write(f"Asking the registry for {official}\n")
        reason = engine.why_not_pullable(official)
        if reason is None:
            return 0
        sys.stderr.write(f"It cannot be pulled: {reason}\n")
    sys.stderr.write(f"Using the stand-in {tag}\n")
    sys.stdout.write(f"{recipes.repository}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
