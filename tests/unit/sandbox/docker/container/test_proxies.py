from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.docker.container.proxies import proxy_variables

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = "unix:///var/run/docker.sock"
DEFAULT = {"httpProxy": "http://proxy:3128", "noProxy": "internal"}


def variables(folder: Path, config: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config))
    return proxy_variables(ENGINE, {"DOCKER_CONFIG": str(folder)})


def test_default_proxies(tmp_path: Path) -> None:
    """The proxies are set as variables in lower and upper case."""
    assert variables(tmp_path, {"proxies": {"default": DEFAULT}}) == {
        "http_proxy": "http://proxy:3128",
        "HTTP_PROXY": "http://proxy:3128",
        "no_proxy": "internal",
        "NO_PROXY": "internal",
    }


def test_proxies_of_one_engine(tmp_path: Path) -> None:
    """The proxies for one engine replace the default ones."""
    proxies = {"default": DEFAULT, ENGINE: {"ftpProxy": "ftp://proxy"}}
    found = variables(tmp_path, {"proxies": proxies})
    assert found == {"ftp_proxy": "ftp://proxy", "FTP_PROXY": "ftp://proxy"}


@pytest.mark.parametrize("config", [{}, [], {"proxies": 5}, {"proxies": {"default": []}}])
def test_no_proxies(config: object, tmp_path: Path) -> None:
    """A config.json without proxies, or an invalid one, sets no variables."""
    assert variables(tmp_path, config) == {}
    assert proxy_variables(ENGINE, {"DOCKER_CONFIG": "/nowhere"}) == {}
