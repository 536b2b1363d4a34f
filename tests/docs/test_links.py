"""Links lead somewhere, on GitHub and on the pages that `make docs` builds. None is followed on the network."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import (
    CHECKOUT,
    DOCS,
    all_pages,
    anchors_of,
    links_of,
    paths_in_code,
)

_PAGES = [pytest.param(page, id=str(page.relative_to(CHECKOUT))) for page in all_pages()]


@pytest.mark.parametrize("page", _PAGES)
def test_links_lead_to_files_and_anchors(page: Path) -> None:
    """A link to a file of the repository names one, and an anchor one of its headings."""
    for link in links_of(page):
        url = urlsplit(link)
        if url.scheme:
            continue
        target = (page.parent / url.path).resolve() if url.path else page
        assert target.exists(), link
        if url.fragment:
            assert url.fragment in anchors_of(target), link


@pytest.mark.parametrize("page", _PAGES)
def test_external_links_are_addresses(page: Path) -> None:
    """An external link has a host, and is encrypted."""
    for link in links_of(page):
        url = urlsplit(link)
        assert not url.scheme or (url.scheme == "https" and "." in url.netloc), link


@pytest.mark.parametrize("page", _PAGES)
def test_paths_in_code_exist(page: Path) -> None:
    """A file that a page names is there: pages move with the code."""
    missing = [path for path in paths_in_code(page) if not (CHECKOUT / path).exists()]

    assert missing == []


def test_every_page_is_linked_from_the_index() -> None:
    """Whoever reads on GitHub, without the site's navigation, finds every page."""
    index = DOCS / "index.md"
    linked = {(DOCS / link).resolve() for link in links_of(index)}

    assert {page for page in DOCS.rglob("*.md") if page != index} - linked == set()


def test_the_readme_is_short() -> None:
    """The README introduces; everything else is in `docs`."""
    assert (CHECKOUT / "README.md").stat().st_size <= 6_000
