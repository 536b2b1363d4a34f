from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, as `make docs` builds them."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "-f", ".mkdocs.yml", "-d", str(folder)]
    subprocess.run(command, check=True, cwd=CHECKOUT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    return folder


def test_the_pages_build(site: Path) -> None:
    """MkDocs finds every link and anchor, and every page in the navigation; else it fails."""
    assert (site / "reference" / "local-invoke.html").is_file()


def test_the_pages_load_nothing_from_other_hosts(site: Path) -> None:
    """The documentation can be read offline, and tells nobody who reads it."""
    loaded = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^>]*>")
    pages = [*site.rglob("*.html")]
    assert pages
    assert [found for page in pages for found in loaded.findall(page.read_text())] == []
