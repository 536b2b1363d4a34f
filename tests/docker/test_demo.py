from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CHECKOUT = Path(__file__).parents[2]


def test_the_demo_ends_with_the_result_and_nothing_else(built_image: Callable[[str], str]) -> None:
    """The demo reports on stderr, and only the function's result is on stdout."""
    built_image("python:3.11")
    demo = subprocess.run([_CHECKOUT / ".ci" / "demo"], check=False, capture_output=True, text=True)
    assert demo.returncode == 0, demo.stderr
    result = json.loads(demo.stdout)
    assert (result["message"], result["stars"]) == ("Great tea, thanks!", 5)
    assert f"\nexport PATH={_CHECKOUT}/.venv/bin:$PATH\n" in demo.stderr
    assert "\nsamlocal local invoke Ratings -e event.json --no-credentials\n" in demo.stderr
