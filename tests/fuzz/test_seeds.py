"""Every input that was ever worth keeping, and every sample template, through every target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, fuzz_one

HERE = Path(__file__).parent
SEEDS = sorted(path for path in (HERE / "seeds").iterdir() if path.is_file())
TEMPLATES = sorted(
    path
    for name in ("template.yaml", "template.json", "*.template.json")
    for path in (HERE.parent / "projects").rglob(name)
)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_a_seed_ends_well(path: Path) -> None:
    """What once broke something, or came close to it, is read again."""
    fuzz_one(path.read_bytes())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_a_template_cut_anywhere_ends_well(path: Path) -> None:
    """A template that an editor is just writing is an error or a template, nothing else."""
    data = path.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        for target in TARGETS:
            target(data[:end])
