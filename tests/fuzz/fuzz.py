"""The fuzzer: atheris over `targets.py`, with samlocal's own code and its YAML instrumented.

    python tests/fuzz/fuzz.py [libFuzzer's options] [CORPUS …]

It ends with the first input that ends in anything but a value or one of our errors; that input is then
kept in `seeds/`, where `test_seeds.py` runs it for ever.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["samlocal", "tests.fuzz"]):
    from tests.fuzz.targets import fuzz_one

if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
