"""Fills a corpus: every sample template for each of the targets that read one, and some words.

python tests/fuzz/corpus.py DIRECTORY
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECTS: Final = Path(__file__).parents[1] / "projects"
DOCUMENT, PROJECT, OVERRIDES, EXPRESSIONS = (bytes([target]) for target in range(4))
WORDS: Final = (
    b"Stage=dev Size=2",
    b'ParameterKey=A,ParameterValue=x ParameterKey=B, ParameterValue="y z"',
    b'A="x\\"y"\0B=\'z\'',
    b"- ParameterKey: a\n  ParameterValue: b",
    b"{{resolve:ssm:/a:1}}",
)
CHOICES: Final = 60


def inputs() -> Iterator[bytes]:
    for path in PROJECTS.rglob("*"):
        if path.name in {"template.yaml", "template.json"}:
            yield DOCUMENT + path.read_bytes()
            yield PROJECT + path.read_bytes()
    for word in WORDS:
        yield OVERRIDES + word
    random = Random(0)  # noqa: S311  # nothing secret
    for _ in range(CHOICES):
        yield EXPRESSIONS + random.randbytes(random.randrange(5, 400))


if __name__ == "__main__":
    for data in inputs():
        Path(sys.argv[1], hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
