"""Calls of a sandbox's APIs: every input that was ever worth keeping, and some by chance."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.api_world import fuzz_apis

SEEDS = sorted((Path(__file__).parent / "api_seeds").iterdir())


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_a_seed_ends_well(path: Path) -> None:
    """What once broke something is done again."""
    fuzz_apis(path.read_bytes())


@pytest.mark.parametrize("seed", range(10))
def test_calls_by_chance(seed: int) -> None:
    """Right and wrong calls of several processes leave an environment that goes on."""
    random = Random(seed)  # noqa: S311  # nothing secret
    requests = sum(fuzz_apis(random.randbytes(random.randrange(20, 4000))) for _ in range(5))
    assert requests > 100
